import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Call, type Config, type KerasModel, TensorReference, type Weight } from '../../src/keras/index.js';
import { type FirstNormalization, firstNormalizationOf } from '../../src/onnx/first-normalization.js';
import { frontOf } from '../../src/onnx/front.js';

const weight = (shape: number[], from = 1): Weight => {
  const length = shape.reduce((product, size) => product * size, 1);
  return { dtype: 'float32', shape, data: Float32Array.from({ length }, (_, index) => from + index) };
};

type Given = [className: string, weights?: Record<string, Weight>, config?: Config];

/** What is found in a chain of layers. */
function found(...layers: Given[]): FirstNormalization | undefined {
  const calls = layers.map(
    ([className, weights = {}, config = {}], index): Call => ({
      layer: {
        name: `${className}_${index}`,
        className,
        module: 'keras.layers',
        config,
        weights: new Map(Object.entries(weights)),
        layers: {},
      },
      args: [new TensorReference(index === 0 ? 'x:0' : `${index - 1}:0`)],
      kwargs: {},
      output: `${index}`,
    }),
  );
  const inputs = [{ name: 'x', id: 'x:0', shape: [null, 8, 8, 3], dtype: 'float32' as const }];
  const graph: KerasModel['graph'] = { inputs, calls, outputs: new TensorReference(`${calls.length - 1}:0`) };
  return firstNormalizationOf(frontOf({ name: 'model', graph }));
}

const convolution: Given = ['Conv2D', { kernel: weight([2, 2, 3, 2]), bias: weight([2], 5) }, { activation: 'linear' }];
const normalization: Given = ['BatchNormalization', { moving_mean: weight([2], 7), moving_variance: weight([2], 9) }];

describe('the first convolution with batch normalization', () => {
  it('is found, with what its statistics are', () => {
    const { name, shape, bias, activation, mean, variance } = found(convolution, normalization)!;
    assert.deepEqual({ name, shape, activation }, { name: 'Conv2D_0', shape: [2, 2, 3, 2], activation: 'linear' });
    assert.deepEqual(
      [bias, mean, variance],
      [
        [5, 6],
        [7, 8],
        [9, 10],
      ].map((values) => Float32Array.from(values)),
    );
  });

  it('is found behind padding and what only moves pixels', () =>
    assert.equal(found(['RandomFlip'], ['ZeroPadding2D'], convolution, normalization)?.name, 'Conv2D_2'));

  it('has the activation that is between the two', () => {
    const [className, weights] = convolution;
    assert.equal(found([className, weights, { activation: 'relu' }], normalization)?.activation, 'relu');
    assert.equal(found(convolution, ['Activation', {}, { activation: 'elu' }], normalization)?.activation, 'elu');
    assert.equal(found(convolution, ['ReLU'], normalization)?.activation, 'relu');
    assert.equal(found(convolution, ['ReLU', {}, { max_value: 6 }], normalization)?.activation, '?');
    assert.equal(found([className, weights, { activation: { name: 'mine' } }], normalization)?.activation, '?');
  });

  it('may be without a bias', () =>
    assert.deepEqual(
      found(['Conv2D', { kernel: weight([1, 1, 3, 2]) }, { activation: 'linear' }], normalization)?.bias,
      new Float32Array(2),
    ));

  it('may be of two parts, which are one kernel', () => {
    const parts = { depthwise_kernel: weight([1, 1, 3, 2]), pointwise_kernel: weight([1, 1, 6, 2]) };
    const { kernel, shape } = found(['SeparableConv2D', parts, { activation: 'linear' }], normalization)!;
    assert.deepEqual(shape, [1, 1, 3, 2]);
    // Channel 1: 1 · (1, 2) + 2 · (3, 4), and so on.
    assert.deepEqual([...kernel], [7, 10, 43, 50, 111, 122]);
  });

  const none: Record<string, Given[]> = {
    'no batch normalization': [convolution, ['Activation', {}, { activation: 'relu' }]],
    'pooling between': [convolution, ['MaxPooling2D'], normalization],
    'no convolution': [['Dense', { kernel: weight([3, 2]) }, { activation: 'linear' }], normalization],
    'several groups': [['Conv2D', convolution[1], { activation: 'linear', groups: 2 }], normalization],
    'other channels': [['Conv2D', { kernel: weight([2, 2, 4, 2]) }, { activation: 'linear' }], normalization],
    'statistics of another length': [
      convolution,
      ['BatchNormalization', { moving_mean: weight([3]), moving_variance: weight([3]) }],
    ],
    'no weights': [['Conv2D', {}, { activation: 'linear' }], normalization],
    'parts that don’t belong together': [
      [
        'SeparableConv2D',
        { depthwise_kernel: weight([1, 1, 3, 2]), pointwise_kernel: weight([1, 1, 5, 2]) },
        { activation: 'linear' },
      ],
      normalization,
    ],
    'a kernel of too many pixels': [
      ['Conv2D', { kernel: weight([12, 1, 3, 2]) }, { activation: 'linear' }],
      normalization,
    ],
    'a kernel that is too large': [
      ['Conv2D', { kernel: weight([30, 30, 3, 100]) }, { activation: 'linear' }],
      normalization,
    ],
  };
  for (const [name, layers] of Object.entries(none))
    it(`is not found with ${name}`, () => assert.equal(found(...layers), undefined));
});
