import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hintsOf } from '../../src/inference/model-hints.js';
import { type Argument, type Call, type Graph, type KerasModel, TensorReference } from '../../src/keras/index.js';
import { frontModel, frontOf } from '../../src/onnx/front.js';

const x = new TensorReference('x:0');
const tensor = (output: string) => new TensorReference(`${output}:0`);

/** A call of a layer of this class, or of a nested model, named as its output. */
const call = (
  className: string,
  output: string,
  args: Argument[],
  { config = {}, graph }: { config?: Call['layer']['config']; graph?: Graph } = {},
): Call => ({
  layer: { name: output, className, module: 'keras.layers', config, weights: new Map(), layers: {}, graph },
  args,
  kwargs: {},
  output,
});

const graph = (calls: Call[], output = calls.at(-1)!.output): Graph => ({
  inputs: [{ name: 'x', id: 'x:0', shape: [null, 8, 8, 3], dtype: 'float32' }],
  calls,
  outputs: tensor(output),
});

const model = (calls: Call[]): KerasModel => ({
  name: 'model',
  container: 'keras',
  kerasVersion: '3.9.0',
  className: 'Functional',
  graph: graph(calls),
});

const found = (calls: Call[]) => {
  const { scaling, models } = frontOf(model(calls));
  return { scaling: scaling.map(({ layer }) => layer.name), models: [...models.values()] };
};

describe('the front of a model', () => {
  it('ends where something is made of the pixels', () => {
    const calls = [
      call('RandomFlip', 'flip', [x]),
      call('Rescaling', 'first', [tensor('flip')]),
      call('Conv2D', 'convolution', [tensor('first')]),
      call('Rescaling', 'later', [tensor('convolution')]),
    ];
    assert.deepEqual(found(calls), { scaling: ['first'], models: ['model'] });
  });

  it('goes into nested models and out of them', () => {
    const augmentation = graph([call('RandomFlip', 'flip', [x]), call('Dropout', 'dropout', [tensor('flip')])]);
    const backbone = graph([call('Conv2D', 'convolution', [x])]);
    const calls = [
      call('Sequential', 'augmentation', [x], { graph: augmentation }),
      call('Rescaling', 'rescaling', [tensor('augmentation')]),
      call('Functional', 'backbone', [tensor('rescaling')], { graph: backbone }),
    ];
    assert.deepEqual(found(calls), { scaling: ['rescaling'], models: ['backbone', 'model'] });
  });

  it('does not go past a model that makes something of the pixels', () => {
    const calls = [
      call('Functional', 'backbone', [x], { graph: graph([call('Conv2D', 'convolution', [x])]) }),
      call('Rescaling', 'later', [tensor('backbone')]),
    ];
    assert.deepEqual(found(calls), { scaling: [], models: ['backbone', 'model'] });
  });

  it('may take channels apart and put them together', () => {
    const calls = [
      call('ops.GetItem', 'blue', [x, 2]),
      call('ops.GetItem', 'red', [x, 0]),
      call('ops.Stack', 'stack', [[tensor('blue'), tensor('red')]]),
      call('ops.Add', 'add', [tensor('stack'), [-100, -120]]),
      call('Conv2D', 'convolution', [tensor('add')]),
    ];
    assert.deepEqual(found(calls).scaling, ['add']);
  });

  it('is not arithmetic with what was made of the pixels', () => {
    const calls = [
      call('Conv2D', 'convolution', [x]),
      call('ops.Add', 'residual', [x, tensor('convolution')]),
      call('Multiply', 'gate', [[x, tensor('convolution')]]),
    ];
    assert.deepEqual(found(calls), { scaling: [], models: ['model'] });
  });

  it('has all of the model where nothing is made of the pixels, or nothing takes them', () => {
    assert.deepEqual(found([call('Rescaling', 'rescaling', [x])]), { scaling: ['rescaling'], models: [] });
    assert.deepEqual(found([call('Rescaling', 'rescaling', [tensor('other')])]), { scaling: [], models: [] });
  });

  it('is a model of its own', () => {
    const calls = [
      call('ops.TrueDivide', 'divide', [x, 127.5]),
      call('Resizing', 'resizing', [tensor('divide')]),
      call('ops.Subtract', 'subtract', [tensor('resizing'), 1]),
      call('Conv2D', 'convolution', [tensor('subtract')]),
    ];
    const whole = model(calls);
    const { graph } = frontModel(whole, frontOf(whole));
    assert.deepEqual(graph.inputs[0]!.shape, [null, 1, 1, 3]);
    assert.deepEqual(
      graph.calls.map(({ layer, args }) => [layer.name, args]),
      [
        ['divide', [tensor('pixels'), 127.5]],
        ['subtract', [tensor('front_0'), 1]],
      ],
    );
  });

  it('is run to see what it is for', async () => {
    const scale = async (...calls: Call[]) => (await hintsOf(model(calls))).scaling;
    const divide = call('ops.TrueDivide', 'divide', [x, 127.5]);
    const subtract = call('ops.Subtract', 'subtract', [tensor('divide'), 1]);
    assert.deepEqual(await scale(divide, subtract), { className: 'ops.TrueDivide', name: 'divide', range: [-1, 1] });
    const broken = call('ops.TrueDivide', 'divide', [x, 'a']);
    assert.deepEqual(await scale(broken), { className: 'ops.TrueDivide', name: 'divide' });
    const infinite = call('ops.TrueDivide', '\u001b[2Jdivide', [x, 0]);
    assert.deepEqual(await scale(infinite), { className: 'ops.TrueDivide', name: '?[2Jdivide' });
  });
});

/** As they are once they are sent and kept. */
const hintsIn = async (calls: Call[]) => JSON.parse(JSON.stringify(await hintsOf(model(calls))));

describe('a hostile model', () => {
  it('has a front in little time, however many layers take its input', async () => {
    const calls = Array.from({ length: 20_000 }, (_, index) =>
      call(index % 2 ? 'Conv2D' : 'Dropout', `layer_${index}`, [x]),
    );
    const inputs = [{ feeds: ['Dropout', 'Conv2D'] }];
    assert.deepEqual(await hintsIn(calls), { inputs, outputs: [{}] });
  });

  it('has a front in little time, however often models call each other', async () => {
    let inner = graph([call('Dropout', 'dropout', [x])]);
    for (let level = 0; level < 60; level++)
      inner = graph([
        call('Functional', 'left', [x], { graph: inner }),
        call('Functional', 'right', [tensor('left')], { graph: inner }),
      ]);
    assert.deepEqual(await hintsIn([call('Functional', 'outermost', [x], { graph: inner })]), {
      inputs: [{ feeds: ['Dropout'] }],
      outputs: [{}],
    });
  });

  it('is not run in however many steps it scales', async () => {
    let inner = graph([call('Rescaling', 'rescaling', [x])]);
    for (let level = 0; level < 60; level++)
      inner = graph([
        call('Functional', 'left', [x], { graph: inner }),
        call('Functional', 'right', [tensor('left')], { graph: inner }),
      ]);
    assert.deepEqual(await hintsIn([call('Functional', 'outermost', [x], { graph: inner })]), {
      inputs: [{ feeds: ['Rescaling'] }],
      outputs: [{}],
      scaling: { className: 'Rescaling', name: 'rescaling' },
    });
  });

  it('has no hints where it is nested too deeply to follow', async () => {
    let inner = graph([call('Dropout', 'dropout', [x])]);
    for (let level = 0; level < 50_000; level++) inner = graph([call('Functional', 'model', [x], { graph: inner })]);
    assert.deepEqual(await hintsIn([call('Functional', 'outermost', [x], { graph: inner })]), {});
  });
});
