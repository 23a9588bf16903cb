/** Of which kind an output is by what a model tells of it, what speaks for it, and what stays a guess. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FoundLabels, KindCard } from '../../src/datapoints/kind.js';
import { kindsOf, labelCounts } from '../../src/datapoints/kinds.js';
import type { LabelledSpec } from '../../src/datapoints/labels.js';
import type { ModelHints, OutputHints } from '../../src/inference/model-hints.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

const info = (name: string, shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({
  name,
  type,
  shape,
});
const picture = info('picture', [null, 8, 9, 3]);
const numbers = info('numbers', [null, 2]);
const kindsFor = (input: TensorInfo, outputs: TensorInfo[], hints: ModelHints | null) =>
  kindsOf({ signature: { inputs: [input], outputs }, hints });

describe('what an output is', () => {
  const names = ['a', 'b', 'c', 'd'];
  interface Given extends OutputHints {
    width: number;
    /** So many labels beside the model. */
    found?: number;
    card?: KindCard;
    /** What is given: numbers where it isn't said. */
    input?: TensorInfo;
    isOnnx?: true;
  }
  const outputOf = ({ width, found, card, input = numbers, isOnnx, ...hints }: Given) => {
    const labels: FoundLabels | undefined =
      found === undefined
        ? undefined
        : {
            labels: names.slice(0, found),
            file: 'labels.txt',
            source: 'file',
            basis: 'it lies beside the model',
            certainty: 'likely',
            numbered: false,
          };
    const known = { hints: isOnnx ? null : { outputs: [hints] }, found: labels };
    const signature = { inputs: [input], outputs: [info('y', [null, width])] };
    const { kinds, assumptions } = kindsOf({ signature, ...known }, { outputs: card && { y: card } });
    const ofOutput = assumptions.filter(({ key }) => key.startsWith('outputs.y.'));
    return {
      kind: kinds.outputs.y!.kind,
      spec: kinds.outputs.y!.spec as LabelledSpec,
      of: (key: string) => ofOutput.find((one) => one.key === `outputs.y.${key}`),
    };
  };
  const loss = (name: string, fromLogits?: true) =>
    ({ name, ...(fromLogits && { fromLogits }) }) as OutputHints['loss'];

  /** Undefined where the model can't be otherwise, or says nothing: then no word of it is needed. */
  type Why = [certainty: string, basis: string] | undefined;
  const cases: Record<string, [given: Given, kind: string, why?: Why]> = {
    softmax: [{ width: 3, activation: 'softmax' }, 'classes', ['certain', 'its activation is softmax']],
    'softmax of two': [{ width: 2, activation: 'softmax' }, 'classes', ['certain', 'its activation is softmax']],
    'softmax with a loss for numbers': [
      { width: 3, activation: 'softmax', loss: loss('MeanSquaredError') },
      'classes',
      ['certain', 'its activation is softmax'],
    ],
    ...Object.fromEntries(
      ['CategoricalCrossentropy', 'SparseCategoricalCrossentropy', 'CategoricalFocalCrossentropy'].map((name) => [
        name,
        [{ width: 3, activation: 'linear', loss: loss(name) }, 'classes', ['certain', `it was trained with ${name}`]],
      ]),
    ),
    'sigmoids with a loss for classes': [
      { width: 3, activation: 'sigmoid', loss: loss('CategoricalCrossentropy') },
      'classes',
      ['certain', 'it was trained with CategoricalCrossentropy'],
    ],
    sigmoid: [{ width: 1, activation: 'sigmoid' }, 'binary', ['likely', 'its one number comes out of a sigmoid']],
    'binary cross-entropy': [
      { width: 1, activation: 'sigmoid', loss: loss('BinaryCrossentropy') },
      'binary',
      ['certain', 'it was trained with BinaryCrossentropy'],
    ],
    'binary cross-entropy without an activation': [
      { width: 1, activation: 'linear', loss: loss('BinaryFocalCrossentropy') },
      'binary',
      ['certain', 'it was trained with BinaryFocalCrossentropy'],
    ],
    'one number and two labels': [
      { width: 1, activation: 'linear', found: 2 },
      'binary',
      ['likely', 'there are two labels for its one number'],
    ],
    'one number and two labels of the card': [
      { width: 1, card: { labels: ['no', 'yes'] } },
      'binary',
      ['likely', 'there are two labels for its one number'],
    ],
    'a sigmoid that was trained on quantities, with labels of the card': [
      { width: 1, activation: 'sigmoid', loss: loss('MeanSquaredError'), card: { labels: ['no', 'yes'] } },
      'binary',
      ['likely', 'its one number comes out of a sigmoid'],
    ],
    'one number and one label': [{ width: 1, activation: 'linear', found: 1 }, 'tensor'],
    'several sigmoids': [
      { width: 4, activation: 'sigmoid' },
      'multi-label',
      ['guess', 'its numbers come out of sigmoids'],
    ],
    'several sigmoids with labels': [
      { width: 4, activation: 'sigmoid', found: 4 },
      'multi-label',
      ['guess', 'its numbers come out of sigmoids'],
    ],
    'several sigmoids with labels of the card': [
      { width: 4, activation: 'sigmoid', card: { labels: names } },
      'multi-label',
      ['guess', 'its numbers come out of sigmoids'],
    ],
    'several sigmoids with binary cross-entropy': [
      { width: 4, activation: 'sigmoid', loss: loss('BinaryCrossentropy') },
      'multi-label',
      ['certain', 'it was trained with BinaryCrossentropy'],
    ],
    'several logits with binary cross-entropy': [
      { width: 4, activation: 'linear', loss: loss('BinaryCrossentropy', true) },
      'multi-label',
      ['certain', 'it was trained with BinaryCrossentropy'],
    ],
    'a threshold': [
      { width: 4, card: { threshold: 0.7 } },
      'multi-label',
      ['likely', 'the card has a threshold for its labels'],
    ],
    ...Object.fromEntries(
      ['MeanSquaredError', 'MeanAbsoluteError', 'Huber', 'LogCosh', 'Poisson'].map((name) => [
        name,
        [{ width: 1, activation: 'linear', loss: loss(name) }, 'number', ['likely', `it was trained with ${name}`]],
      ]),
    ),
    'a sigmoid that was trained on quantities': [
      { width: 1, activation: 'sigmoid', loss: loss('MeanSquaredError') },
      'number',
      ['likely', 'it was trained with MeanSquaredError'],
    ],
    'several quantities': [
      { width: 64, activation: 'linear', loss: loss('MeanSquaredError') },
      'number',
      ['likely', 'it was trained with MeanSquaredError'],
    ],
    'too many quantities to be told one by one': [
      { width: 65, activation: 'linear', loss: loss('MeanSquaredError') },
      'tensor',
    ],
    'too many quantities, but with a unit': [{ width: 65, card: { unit: 'm' } }, 'number'],
    'a name': [{ width: 1, card: { name: 'price' } }, 'number'],
    'numbers with labels': [
      { width: 4, activation: 'linear', found: 4 },
      'classes',
      ['likely', 'there is a label for each of its numbers'],
    ],
    'quantities with labels': [
      { width: 4, activation: 'linear', loss: loss('MeanSquaredError'), found: 4 },
      'number',
      ['likely', 'it was trained with MeanSquaredError'],
    ],
    'quantities with labels of the card': [
      { width: 4, activation: 'linear', loss: loss('MeanSquaredError'), card: { labels: names } },
      'classes',
    ],
    'numbers of an ONNX model for an image': [
      { width: 4, isOnnx: true, input: picture },
      'classes',
      ['guess', 'it gives some numbers for an image'],
    ],
    'one number of an ONNX model for an image': [{ width: 1, isOnnx: true, input: picture }, 'tensor'],
    'numbers for an image, without an activation': [{ width: 4, activation: 'linear', input: picture }, 'tensor'],
    'numbers of an ONNX model': [{ width: 4, isOnnx: true }, 'tensor'],
    'one number': [{ width: 1, activation: 'linear' }, 'tensor'],
    'numbers that a loss of the model’s own was for': [
      { width: 4, activation: 'linear', loss: loss('Mine') },
      'tensor',
    ],
    'several numbers with binary cross-entropy, whatever makes them': [
      { width: 4, activation: 'relu', loss: loss('BinaryCrossentropy') },
      'tensor',
    ],
    'what the card says, though the model says otherwise': [
      { width: 4, activation: 'softmax', card: { kind: 'tensor' } },
      'tensor',
    ],
    'two numbers that the card calls binary': [{ width: 2, activation: 'softmax', card: { kind: 'binary' } }, 'binary'],
    'one number that the card calls multi-label': [{ width: 1, card: { kind: 'multi-label' } }, 'multi-label'],
    'numbers that the card calls so': [{ width: 2, activation: 'softmax', card: { kind: 'number' } }, 'number'],
  };
  for (const [name, [given, kind, why]] of Object.entries(cases))
    it(`is ${kind} for ${name}`, () => {
      const found = outputOf(given);
      const said = found.of('kind');
      assert.deepEqual([found.kind, said && [said.certainty, said.basis]], [kind, why]);
    });

  it('has labels of the card, of a file, or none', () => {
    const softmax = { width: 3, activation: 'softmax' };
    const { spec, of } = outputOf({ ...softmax, card: { labels: names.slice(1) }, found: 3 });
    assert.deepEqual([spec.labels, of('labels')], [['b', 'c', 'd'], undefined]);
    const found = outputOf({ ...softmax, found: 3 });
    assert.deepEqual(found.spec.labels, ['a', 'b', 'c']);
    assert.deepEqual(found.of('labels'), {
      key: 'outputs.y.labels',
      value: ['a', 'b', 'c'],
      basis: 'it lies beside the model',
      certainty: 'likely',
      text: 'the 3 of labels.txt',
    });
    // Of a file with another number of labels none is meant.
    const none = outputOf({ ...softmax, found: 2 });
    assert.deepEqual([none.spec.labels, none.of('labels')?.value], [[], null]);
    assert.deepEqual(none.of('labels')?.certainty, 'guess');
    assert.deepEqual(outputOf({ width: 1, activation: 'sigmoid' }).spec.labels, ['0', '1']);
  });

  const logits: Record<string, [given: Given, logits: boolean, assumed?: [value: boolean, certainty: string]]> = {
    'are probabilities after softmax': [{ width: 3, activation: 'softmax' }, false],
    'are probabilities after softmax, whatever the loss was told': [
      { width: 3, activation: 'softmax', loss: loss('CategoricalCrossentropy', true) },
      false,
    ],
    'are logits where the loss was told so': [
      { width: 3, activation: 'linear', loss: loss('CategoricalCrossentropy', true) },
      true,
      [true, 'certain'],
    ],
    'are logits of one where the loss was told so': [
      { width: 1, activation: 'linear', loss: loss('BinaryCrossentropy', true) },
      true,
      [true, 'certain'],
    ],
    'stay as they are where nothing says what they are': [
      { width: 3, activation: 'linear', loss: loss('CategoricalCrossentropy') },
      false,
      [false, 'guess'],
    ],
    'are not known to be where nothing tells what made them': [
      { width: 3, isOnnx: true, card: { labels: ['a', 'b', 'c'] } },
      false,
      [false, 'guess'],
    ],
    'are logits where the card says so': [
      { width: 3, activation: 'linear', loss: loss('CategoricalCrossentropy'), card: { logits: true } },
      true,
    ],
    'are no logits where the card says so': [
      { width: 3, activation: 'linear', loss: loss('CategoricalCrossentropy', true), card: { logits: false } },
      false,
    ],
  };
  for (const [name, [given, expected, assumed]] of Object.entries(logits))
    it(`has numbers that ${name}`, () => {
      const { spec, of } = outputOf(given);
      const said = of('logits');
      assert.deepEqual([spec.logits ?? false, said && [said.value, said.certainty]], [expected, assumed]);
      // What is not applied is named with what applies it.
      if (said?.certainty === 'guess') assert.match(said.basis, /"logits": true makes them so by softmax$/);
    });

  it('has a threshold of a half where the card has no other', () => {
    for (const width of [1, 4]) {
      const { spec, of } = outputOf({ width, activation: 'sigmoid' });
      assert.deepEqual([spec, of('threshold')?.value], [{ ...spec, threshold: 0.5 }, 0.5]);
      const other = outputOf({ width, activation: 'sigmoid', card: { threshold: 0.9 } });
      assert.deepEqual([other.spec, other.of('threshold')], [{ ...other.spec, threshold: 0.9 }, undefined]);
    }
  });

  const shapes: Record<string, TensorInfo> = {
    'five axes': info('y', [null, 3, 3, 3, 3]),
    'any number of them': info('y', [null, null]),
    integers: info('y', [null, 3], 'int64'),
    'no axes': info('y', []),
  };
  for (const [name, output] of Object.entries(shapes))
    it(`is a tensor with ${name}`, () => {
      const hints = { outputs: [{ activation: 'softmax' }] };
      assert.deepEqual(kindsFor(numbers, [output], hints).kinds.outputs, { y: { kind: 'tensor', spec: null } });
      const cards = { outputs: { y: { labels: ['a', 'b', 'c'] } } };
      assert.throws(
        () => kindsOf({ signature: { inputs: [numbers], outputs: [output] }, hints }, cards),
        /outputs\.y\.labels means nothing here: y is (float32|int64) of the shape \(.*\)\.$/,
      );
    });

  it('is told of each by itself', () => {
    const outputs = [info('a', [null, 3]), info('b', [null, 1]), info('c', [null])];
    const hints = { outputs: [{ activation: 'softmax' }, { loss: loss('Huber') }, { activation: 'sigmoid' }] };
    const { kinds } = kindsFor(numbers, outputs, hints);
    assert.deepEqual(
      Object.values(kinds.outputs).map(({ kind }) => kind),
      ['classes', 'number', 'binary'],
    );
    assert.deepEqual(labelCounts(kinds), [3, 2]);
  });
});
