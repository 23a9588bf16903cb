import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import {
  type Argument,
  type Call,
  type Config,
  type Graph,
  type Layer,
  readKerasModel,
  TensorReference,
} from '../../src/keras/index.js';
import { inputLayersOf } from '../../src/onnx/input-layers.js';
import { activationsOf } from '../../src/onnx/output-activations.js';
import { unpackFamily } from '../helpers/fixtures.js';

const x = new TensorReference('x:0');
const tensor = (output: string, index = 0) => new TensorReference(`${output}:${index}`);

const layer = (className: string, config: Config = {}, more: Partial<Layer> = {}): Layer => ({
  name: className,
  className,
  module: 'keras.layers',
  config,
  weights: new Map(),
  layers: {},
  ...more,
});

const call = (output: string, layer: Layer, args: Argument[] = [x]): Call => ({ layer, args, kwargs: {}, output });

const graph = (calls: Call[], outputs: TensorReference[] = [tensor(calls.at(-1)!.output)]): Graph => ({
  inputs: ['x', 'y'].map((name) => ({ name, id: `${name}:0`, shape: [null, 4], dtype: 'float32' })),
  calls,
  outputs,
});

const model = (inner: Graph): Layer =>
  layer('Functional', {}, { graph: { ...inner, inputs: inner.inputs.slice(0, 1) } });

/** The activation of a model that ends with these layers, each called with what the one before gives. */
const endOf = (...layers: Layer[]) =>
  activationsOf(
    graph(layers.map((one, index) => call(`${index}`, one, [index === 0 ? x : tensor(`${index - 1}`)]))),
  )[0];

/** The names of the layers that take each input. */
const namesIn = (graph: Graph) => inputLayersOf(graph).map((layers) => [...layers.keys()]);
const dense = (activation: Config[string]) => layer('Dense', { units: 2, activation });
const softmax = dense('softmax');

describe('the activation of an output', () => {
  const cases: [what: string, layers: Layer[], expected: string | undefined][] = [
    ['of a layer', [softmax], 'softmax'],
    ['of a layer without one', [dense(null)], 'linear'],
    ['of a layer that says so', [softmax, dense('linear')], 'linear'],
    ['that is a layer in a layer', [dense({ class_name: 'LeakyReLU', config: { negative_slope: 0.1 } })], 'leaky_relu'],
    ["of the model's own", [dense('my>squash')], 'my>squash'],
    ["of the model's own, serialized", [dense({ class_name: 'my>Squash', config: {} })], 'my>Squash'],
    ['that is nothing known', [dense([1, 2])], undefined],
    ["that is Keras 2's", [dense('hard_sigmoid_keras2')], 'hard_sigmoid'],
    ['that is a layer', [dense('linear'), layer('Softmax', { axis: -1 })], 'softmax'],
    ['ReLU', [layer('ReLU', { negative_slope: 0 })], 'relu'],
    ['ReLU with a slope', [layer('ReLU', { negative_slope: 0.1 })], 'leaky_relu'],
    ['PReLU', [layer('PReLU')], 'prelu'],
    ['of Activation', [dense('linear'), layer('Activation', { activation: 'sigmoid' })], 'sigmoid'],
    ['behind a linear Activation', [softmax, layer('Activation', { activation: 'linear' })], 'softmax'],
    ['that is an operation', [dense('linear'), layer('ops.LogSoftmax')], 'log_softmax'],
    ['that is a function', [layer('TFOpLambda', { function: 'nn.softmax' })], 'softmax'],
    ['that is a function of math', [layer('TFOpLambda', { function: 'math.sigmoid' })], 'sigmoid'],
    ['that is a function of no module', [layer('TFOpLambda', { function: 'exp' })], 'exponential'],
    ['that is no activation, but as good', [dense('linear'), layer('UnitNormalization')], 'l2_normalize'],
    ['that is a function which is as good', [layer('TFOpLambda', { function: 'math.l2_normalize' })], 'l2_normalize'],
    ['that a function changes', [softmax, layer('TFOpLambda', { function: 'math.log' })], undefined],
    ['that a layer changes', [softmax, layer('GlobalAveragePooling1D')], undefined],
    ["that a class of the model's own may change", [softmax, layer('my>Softmax')], undefined],
    [
      'that is only arranged',
      [
        softmax,
        ...['Reshape', 'Flatten', 'Permute', 'Dropout', 'Identity', 'Cropping1D', 'ops.GetItem', 'ops.Squeeze'].map(
          (one) => layer(one),
        ),
      ],
      'softmax',
    ],
    ['that is sliced', [softmax, layer('SlicingOpLambda', { function: '__operators__.getitem' })], 'softmax'],
    ['in TimeDistributed', [layer('TimeDistributed', {}, { layers: { layer: softmax } })], 'softmax'],
    [
      'behind TimeDistributed',
      [softmax, layer('TimeDistributed', {}, { layers: { layer: layer('Flatten') } })],
      'softmax',
    ],
    ['of a cell', [layer('RNN', {}, { layers: { cell: layer('GRUCell', { activation: 'relu' }) } })], 'relu'],
    ['in a model', [model(graph([call('a', softmax)]))], 'softmax'],
    [
      'in a model in TimeDistributed',
      [layer('TimeDistributed', {}, { layers: { layer: model(graph([call('a', softmax)])) } })],
      'softmax',
    ],
    ['behind a model that only arranges', [softmax, model(graph([call('a', layer('Reshape'))]))], 'softmax'],
    ['of a Highway, which mixes it with its input', [layer('Highway', { activation: 'relu' })], undefined],
  ];
  for (const [what, layers, expected] of cases)
    it(`${what} is ${expected}`, () => assert.equal(endOf(...layers), expected));

  it('is what the function of a Lambda gives', async () => {
    const { folder, cases } = unpackFamily('lambdas');
    after(() => rmSync(folder, { recursive: true }));
    for (const name of ['keras_keras_l2_normalize', 'keras_keras_normalized', 'tf_keras_keras_normalized']) {
      const { graph } = await readKerasModel(cases.find((one) => one.name === name)!.model);
      assert.deepEqual(activationsOf(graph), ['l2_normalize'], name);
    }
  });

  it('in both directions is that of one, unless they are added up', () => {
    const both = (merge_mode: string | null) =>
      layer('Bidirectional', { merge_mode }, { layers: { forward_layer: layer('LSTM', { activation: 'tanh' }) } });
    assert.deepEqual(
      ['concat', null, 'ave', 'sum', 'mul'].map((mode) => endOf(both(mode))),
      ['tanh', 'tanh', 'tanh', undefined, undefined],
    );
  });

  it('is told of each output in order', () => {
    const two = graph([call('a', softmax), call('b', dense('sigmoid'))], [tensor('b'), tensor('a')]);
    const calls = [call('inner', model(two)), call('lstm', layer('LSTM', { activation: 'tanh' }))];
    const outputs = [tensor('inner', 1), tensor('inner', 0), x, tensor('lstm'), tensor('lstm', 1), tensor('nowhere')];
    assert.deepEqual(activationsOf(graph(calls, outputs)), [
      'softmax',
      'sigmoid',
      undefined,
      'tanh',
      undefined,
      undefined,
    ]);
  });

  it('is not told of what joins several tensors', () => {
    const calls = [
      call('a', softmax),
      call('b', softmax),
      call('all', layer('ops.Reshape'), [[tensor('a'), tensor('b')]]),
    ];
    assert.deepEqual(activationsOf(graph(calls)), [undefined]);
  });

  it('is found in little time, however many outputs there are, and whatever they go around in', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) =>
      call(`${index}`, layer('Dropout'), [index === 0 ? x : tensor(`${index - 1}`)]),
    );
    const all = activationsOf(
      graph(
        chain,
        chain.map(({ output }) => tensor(output)),
      ),
    );
    assert.equal(all.length, 20_000);
    const circle = [call('a', layer('Dropout'), [tensor('b')]), call('b', layer('Dropout'), [tensor('a')])];
    assert.deepEqual(activationsOf(graph(circle)), [undefined]);
  });
});

describe('the layers that take an input first', () => {
  it('are named once each, in nested models too, input by input', () => {
    const inner = graph([
      call('a', layer('Masking')),
      call('b', layer('Dense'), [tensor('a')]),
      call('c', layer('Dense')),
    ]);
    const forward = { forward_layer: layer('LSTM') };
    const calls = [
      call('inner', model(inner)),
      call('embedding', layer('Embedding')),
      call('both', layer('Bidirectional', {}, { layers: forward }), [tensor('y')]),
      call('operation', layer('ops.Add'), [tensor('both'), tensor('y')]),
      call('function', layer('TFOpLambda', { function: 'cast' }), [{ values: [tensor('y')] }]),
    ];
    assert.deepEqual(namesIn(graph(calls)), [
      ['Masking', 'Dense', 'Embedding'],
      ['LSTM', 'ops.Add', 'TFOpLambda(tf.cast)'],
    ]);
  });

  it('go by the place at which a nested model takes it', () => {
    const inner = graph([call('a', layer('Embedding')), call('b', layer('Conv1D'), [tensor('y')])]);
    const swapped = call('inner', layer('Functional', {}, { graph: inner }), [[tensor('y'), x]]);
    assert.deepEqual(namesIn(graph([swapped])), [['Conv1D'], ['Embedding']]);
  });

  it('are eight at most', () => {
    const calls = Array.from({ length: 20 }, (_, index) => call(`${index}`, layer(`Layer${index}`)));
    assert.deepEqual(
      namesIn(graph([...calls.slice(0, 5), call('model', model(graph(calls.slice(5))))]))[0],
      calls.slice(0, 8).map(({ layer }) => layer.className),
    );
  });
});
