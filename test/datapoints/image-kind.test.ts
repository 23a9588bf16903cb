/** Which inputs are images, how they are prepared and what speaks for it, and what is one of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KindCard } from '../../src/datapoints/kind.js';
import { type ImageSpec, image, pixelCount, pixelTensor } from '../../src/datapoints/kinds/image.js';
import { kindsOf } from '../../src/datapoints/kinds.js';
import type { ModelHints } from '../../src/inference/model-hints.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

const input = (shape: (number | null)[], type: TensorType = 'float32', name = 'x'): TensorInfo => ({
  name,
  type,
  shape,
});
const place = (key: string) => `image.${key}`;
const claim = (taken: TensorInfo, card?: KindCard, hints: ModelHints | null = {}) =>
  image.claim(taken, { signature: { inputs: [taken], outputs: [] }, hints }, card, place);
const feeds = (...layers: string[]): ModelHints => ({ inputs: [{ feeds: layers }] });

describe('an image', () => {
  const pictures: Record<
    string,
    [taken: TensorInfo, size: number[], channels: number, card?: KindCard, hints?: ModelHints]
  > = {
    'its channels last': [input([null, 8, 9, 3]), [8, 9], 3],
    'its channels first': [input([null, 4, 8, 9]), [8, 9], 4],
    'either, the last': [input([null, 3, 9, 1]), [3, 9], 1],
    'any size': [input([null, null, null, 3]), [224, 224], 3],
    'any height': [input([null, null, 9, 3]), [224, 9], 3],
    'any size, channels first': [input([null, 3, null, null]), [224, 224], 3],
    'the size of the card': [input([null, null, null, 3]), [50, 60], 3, { size: [50, 60] }],
    bytes: [input([null, 8, 9, 3], 'uint8'), [8, 9], 3],
    'a size and no channels': [input([null, 8, 8]), [8, 8], 1, undefined, feeds('Reshape', 'Dense')],
    'no channels, the size of the card': [input([null, 8, 9]), [8, 9], 1, { size: [8, 9] }],
    'as many numbers as MNIST': [input([null, 784]), [28, 28], 1],
    'as many numbers as CIFAR': [input([null, 3072]), [32, 32], 3],
    'as many numbers as the card’s size has': [input([null, 30]), [2, 5], 3, { size: [2, 5] }],
  };
  for (const [name, [taken, size, channels, card, hints]] of Object.entries(pictures))
    it(`is an input with ${name}`, () => {
      const { settings, options } = claim(taken, card, hints)!.spec;
      assert.deepEqual([settings.size, options.size, options.channels], [size, size, channels]);
    });

  const others: Record<string, [taken: TensorInfo, card?: KindCard, hints?: ModelHints]> = {
    'two channels': [input([null, 8, 9, 2])],
    'five channels': [input([null, 5, 9, 5])],
    'any number of channels': [input([null, null, 9, null])],
    'five axes': [input([null, 8, 9, 3, 3])],
    booleans: [input([null, 8, 9, 3], 'bool')],
    'three axes that are a sequence': [input([null, 8, 8]), undefined, feeds('LSTM')],
    'three axes of two lengths': [input([null, 8, 9]), undefined, feeds('Reshape')],
    'three axes that are small': [input([null, 7, 7]), undefined, feeds('Flatten')],
    'as many numbers as no picture': [input([null, 783])],
    'numbers that aren’t of the card’s size': [input([null, 31]), { size: [2, 5] }],
    'one axis': [input([null]), { size: [1, 1] }],
  };
  for (const [name, [taken, card, hints]] of Object.entries(others))
    it(`is no input with ${name}`, () => assert.equal(claim(taken, card, hints), undefined));

  it('is as likely as its shape is a picture’s', () => {
    const sure = (taken: TensorInfo, card?: KindCard) => claim(taken, card)!.certainty;
    assert.equal(sure(input([null, 8, 9, 3])), 'likely');
    assert.equal(sure(input([null, 784])), 'guess');
    assert.equal(sure(input([null, 784]), { scaling: 'unit' }), 'likely');
    // A table has as many columns where the card says so.
    const columns = Array.from({ length: 784 }, (_, index) => ({ name: `c${index}` }));
    const signature = { inputs: [input([null, 784])], outputs: [] };
    assert.equal(kindsOf({ signature, hints: {} }, { inputs: { x: { columns } } }).kinds.inputs.x!.kind, 'table');
  });

  it('is each of several', () => {
    const inputs = [
      input([null, 8, 9, 3], 'float32', 'a'),
      input([null, 2], 'float32', 'n'),
      input([null, 4, 4, 1], 'float32', 'b'),
    ];
    const scaling = { className: 'Rescaling', name: 'rescaling', range: [0, 1] as [number, number] };
    const { kinds, assumptions } = kindsOf({ signature: { inputs, outputs: [] }, hints: { scaling } });
    assert.deepEqual(
      Object.values(kinds.inputs).map(({ kind }) => kind),
      ['image', 'tensor', 'image'],
    );
    const scalings = assumptions.filter(({ key }) => key.endsWith('.scaling'));
    // What the model begins with is known of its first input alone.
    assert.deepEqual(
      scalings.map(({ key, value, certainty }) => [key, value, certainty]),
      [
        ['inputs.a.scaling', 'none', 'certain'],
        ['inputs.b.scaling', 'unit', 'guess'],
      ],
    );
  });

  it('is assumed to be prepared in some way, but for what the card says', () => {
    const keys = (card?: KindCard, shape: (number | null)[] = [null, 8, 9, 3]) =>
      claim(input(shape), card)!.assumptions!.map(({ key, value, certainty }) => [key, value, certainty]);
    assert.deepEqual(keys(), [
      ['scaling', 'unit', 'guess'],
      ['resize', 'stretch', 'guess'],
      ['interpolation', 'bicubic', 'guess'],
    ]);
    assert.deepEqual(keys({ scaling: 'tf', interpolation: 'nearest' }), [['resize', 'stretch', 'guess']]);
    assert.deepEqual(keys(undefined, [null, null, null, 3])[1], ['size', [224, 224], 'guess']);
    assert.deepEqual(keys({ scaling: 'tf', interpolation: 'nearest', resize: 'pad' }), []);
  });

  const refused: Record<string, [taken: TensorInfo, card: KindCard, message: RegExp]> = {
    'another size than the model’s': [
      input([null, 8, 9, 3]),
      { size: [9, 8] },
      /image\.size is \[9, 8\] where the model takes \[8, 9\]\.$/,
    ],
    'a fraction of no crop': [
      input([null, 8, 9, 3]),
      { crop_fraction: 0.5 },
      /image\.crop_fraction needs image\.resize to be "crop"\.$/,
    ],
    'a scaling of other channels': [
      input([null, 8, 9, 1]),
      { scaling: 'torch' },
      /image\.scaling is for 3 channels where the model takes 1\.$/,
    ],
  };
  for (const [name, [taken, card, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => assert.throws(() => claim(taken, card), message));

  it('is one where it isn’t a list, or has as many axes as the model has for one', () => {
    const taken = input([null, 1, 2, 1]);
    const { spec } = claim(taken)!;
    const pixels = [[[1], [2]]];
    for (const value of ['AA==', { b64: 'AA==' }, 5, null, pixels]) assert.ok(image.isOne(value, taken, spec));
    for (const value of [['AA=='], [pixels], [{ b64: '' }], []]) assert.ok(!image.isOne(value, taken, spec));
  });
});

describe('pixels', () => {
  const taken = input([null, 784]);
  const { spec } = claim(taken, { size: [28, 28] })!;

  it('that are bytes are prepared where the model runs', () => {
    assert.equal(pixelCount(spec), 784);
    const { tensor, raw } = pixelTensor(new Uint8Array(2 * 784), spec, taken);
    assert.deepEqual([tensor.type, tensor.shape, raw], ['uint8', [2, 28, 28, 1], true]);
    assert.deepEqual(spec.preparation.rawShape, [28, 28, 1]);
  });

  it('that have kept their depth are prepared at once', () => {
    const { tensor, raw } = pixelTensor(new Float32Array(784).fill(255), spec, taken);
    assert.deepEqual([tensor.type, tensor.shape, raw], ['float32', [1, 784], false]);
    assert.deepEqual(tensor.data, new Float32Array(784).fill(1));
  });

  it('keep their depth where the model’s type holds it', () => {
    const keeps = (type: TensorType) => (claim(input([null, 8, 9, 1], type))!.spec as ImageSpec).options.keepDepth;
    assert.deepEqual(
      ['float32', 'int32', 'int16', 'uint8'].map((type) => keeps(type as TensorType)),
      [true, true, false, false],
    );
  });
});
