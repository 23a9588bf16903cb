/** Configs of every Keras become one kind of graph. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Call, type KerasModel, readKerasModel, TensorReference } from '../../src/keras/index.js';
import { input, sequential, temporaryFolder, writeArchive } from './files.js';

const folder = temporaryFolder();
let files = 0;
const read = async (config: unknown, version?: string): Promise<KerasModel> =>
  readKerasModel(await writeArchive(join(folder, `${files++}.keras`), config, () => undefined, { version }));

const model = (layers: object[], inputs: unknown, outputs: unknown) => ({
  module: 'keras',
  class_name: 'Functional',
  config: { name: 'model', layers, input_layers: inputs, output_layers: outputs },
});
const inputLayer = (name: string, shape: (number | null)[] = [null, 2]) => ({
  class_name: 'InputLayer',
  config: { name, batch_shape: shape, dtype: 'float32' },
  name,
  inbound_nodes: [],
});
const tensor = (layer: string, node = 0, index = 0) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 2], dtype: 'float32', keras_history: [layer, node, index] },
});
const layer = (className: string, name: string, nodes: unknown[], config: object = {}, module = 'keras.layers') => ({
  module,
  class_name: className,
  config: { name, trainable: true, ...config },
  name,
  inbound_nodes: nodes,
});
const legacy = (className: string, name: string, nodes: unknown[], config: object = {}) => ({
  class_name: className,
  config: { name, ...config },
  name,
  inbound_nodes: nodes,
});
const ids = (calls: Call[]) =>
  calls.map(({ layer: called, args, output }) => [called.className, JSON.stringify(args), output]);
const reference = (id: string) => new TensorReference(id);

describe('a functional model of Keras 3', () => {
  it('keeps arguments as deep as they are, with tensors in the place of their references', async () => {
    const { graph } = await read(
      model(
        [
          inputLayer('x'),
          layer(
            'Where',
            'where',
            [
              {
                args: [{ nested: [tensor('x'), 1] }, null],
                kwargs: { mask: tensor('x'), slice: { class_name: '__ellipsis__', config: {} } },
              },
            ],
            {},
            'keras.src.ops.numpy',
          ),
        ],
        [['x', 0, 0]],
        { out: ['where', 0, 1] },
      ),
    );
    const [call] = graph.calls;
    assert.equal(call!.layer.className, 'ops.Where');
    assert.deepEqual(call!.args, [{ nested: [reference('x/0:0'), 1] }, null]);
    assert.deepEqual(call!.kwargs, { mask: reference('x/0:0'), slice: { class_name: '__ellipsis__', config: {} } });
    assert.deepEqual(graph.outputs, { out: reference('where/0:1') });
  });

  it('puts calls in an order in which they can be made', async () => {
    const { graph } = await read(
      model(
        [
          layer('ReLU', 'last', [{ args: [tensor('shared', 1)], kwargs: {} }]),
          layer('ReLU', 'shared', [
            { args: [tensor('x')], kwargs: {} },
            { args: [tensor('between')], kwargs: {} },
          ]),
          layer('ReLU', 'between', [{ args: [tensor('shared')], kwargs: {} }]),
          inputLayer('x'),
        ],
        [['x', 0, 0]],
        [['last', 0, 0]],
      ),
    );
    assert.deepEqual(
      graph.calls.map(({ output }) => output),
      ['shared/0', 'between/0', 'shared/1', 'last/0'],
    );
    assert.equal(graph.calls[0]!.layer, graph.calls[2]!.layer);
  });

  it('has dicts of inputs in the order in which Keras flattens them', async () => {
    const { graph } = await read(
      model(
        [
          inputLayer('first'),
          inputLayer('second'),
          layer('Add', 'add', [{ args: [[tensor('first'), tensor('second')]], kwargs: {} }]),
        ],
        { b: ['first', 0, 0], a: ['second', 0, 0] },
        ['add', 0, 0],
      ),
    );
    assert.deepEqual(
      graph.inputs.map(({ name, id }) => [name, id]),
      [
        ['a', 'second/0:0'],
        ['b', 'first/0:0'],
      ],
    );
    assert.deepEqual(graph.outputs, reference('add/0:0'));
  });

  it('numbers calls of nested models from one in its outputs alone', async () => {
    const inner = (nodes: unknown[]) => ({
      ...layer('Functional', 'inner', nodes),
      config: { name: 'inner', layers: [inputLayer('i')], input_layers: [['i', 0, 0]], output_layers: [['i', 0, 0]] },
    });
    const nodes = [
      { args: [tensor('x')], kwargs: {} },
      { args: [tensor('inner', 0)], kwargs: {} },
    ];
    const { graph } = await read(model([inputLayer('x'), inner(nodes)], [['x', 0, 0]], [['inner', 2, 0]]));
    assert.deepEqual(ids(graph.calls), [
      ['Functional', '[{"id":"x/0:0"}]', 'inner/0'],
      ['Functional', '[{"id":"inner/0:0"}]', 'inner/1'],
    ]);
    assert.deepEqual(graph.outputs, [reference('inner/1:0')]);
  });
});

describe('a functional model of Keras 2', () => {
  it('has tensors in keyword arguments, and constants in the place of tensors', async () => {
    const { graph } = await read(
      model(
        [
          inputLayer('x'),
          legacy('TFOpLambda', 'divide', [['_CONSTANT_VALUE', -1, 2, { y: ['x', 0, 0], name: null }]], {
            function: 'math.divide',
          }),
          legacy('Concatenate', 'concatenate', [
            [
              ['x', 0, 0, {}],
              ['divide', 0, 0, {}],
            ],
          ]),
          legacy('ReLU', 'relu', [[['concatenate', 0, 0]]]),
        ],
        [['x', 0, 0]],
        [['relu', 0, 0]],
      ),
      '2.15.0',
    );
    assert.deepEqual(
      graph.calls.map(({ args, kwargs }) => [args, kwargs]),
      [
        [[2], { y: reference('x/0:0'), name: null }],
        [[[reference('x/0:0'), reference('divide/0:0')]], {}],
        [[reference('concatenate/0:0')], {}],
      ],
    );
  });

  it('numbers calls of nested models from one', async () => {
    const inner = (nodes: unknown[]) => ({
      ...legacy('Model', 'inner', nodes),
      config: { name: 'inner', layers: [inputLayer('i')], input_layers: [['i', 0, 0]], output_layers: [['i', 0, 0]] },
    });
    const { graph } = await read(
      model(
        [
          inputLayer('x'),
          inner([[['x', 0, 0, {}]], [['relu', 0, 0, {}]]]),
          legacy('ReLU', 'relu', [[['inner', 1, 0, {}]]]),
        ],
        [['x', 0, 0]],
        [['inner', 2, 0]],
      ),
      '2.15.0',
    );
    assert.deepEqual(ids(graph.calls), [
      ['Functional', '[{"id":"x/0:0"}]', 'inner/0'],
      ['ReLU', '[{"id":"inner/0:0"}]', 'relu/0'],
      ['Functional', '[{"id":"relu/0:0"}]', 'inner/1'],
    ]);
    assert.deepEqual(graph.outputs, [reference('inner/1:0')]);
  });
});

describe('a Sequential', () => {
  it('hands on all that a layer returns', async () => {
    const lstm = { name: 'lstm', units: 2, return_state: true, use_bias: true };
    const wrapped = { module: 'keras.layers', class_name: 'LSTM', config: lstm };
    const config = { name: 'both', merge_mode: null, layer: wrapped };
    const path = join(folder, 'both.keras');
    const layers = [input([null, 3, 4]), { module: 'keras.layers', class_name: 'Bidirectional', config }];
    await writeArchive(path, sequential(...layers), (file) => {
      const bidirectional = file.create_group('layers').create_group('bidirectional');
      for (const direction of ['forward_layer', 'backward_layer']) {
        const group = bidirectional.create_group(direction).create_group('cell').create_group('vars');
        for (const name of ['0', '1', '2']) group.create_dataset({ name, data: Float32Array.of(1) });
      }
    });
    const { graph } = await readKerasModel(path);
    assert.equal((graph.outputs as TensorReference[]).length, 6);
    const { forward_layer: forward, backward_layer: backward } = graph.calls[0]!.layer.layers;
    assert.deepEqual([forward!.name, forward!.config.go_backwards], ['forward_lstm', undefined]);
    assert.deepEqual([backward!.name, backward!.config.go_backwards], ['backward_lstm', true]);
    assert.deepEqual([...backward!.weights.keys()], ['kernel', 'recurrent_kernel', 'bias']);
  });

  it('takes its input from its first layer, its own record or the model that it begins with', async () => {
    const relu = (config: object = {}) => ({
      module: 'keras.layers',
      class_name: 'ReLU',
      config: { name: 'relu', ...config },
    });
    const shapes = await Promise.all(
      [
        sequential(relu({ batch_input_shape: [null, 5] })),
        sequential(relu({ batch_shape: [null, 5] })),
        { ...sequential(relu()), build_config: { input_shape: [7, 5] } },
        sequential({
          ...sequential(input([null, 5]), relu()),
          config: { name: 'inner', layers: [input([null, 5]), relu()] },
        }),
      ].map(async (config) => (await read(config)).graph.inputs[0]!.shape),
    );
    assert.deepEqual(
      shapes,
      Array.from({ length: 4 }, () => [null, 5]),
    );
  });

  it('refuses inputs of numbers that there are none of here', async () => {
    const relu = { module: 'keras.layers', class_name: 'ReLU', config: { name: 'relu' } };
    for (const dtype of ['float8_e5m2', 'complex64', 'int4'])
      await assert.rejects(read(sequential(input([null, 5], dtype), relu)), {
        code: 'model_format_unsupported',
        message: new RegExp(`of the dtype ${dtype}`),
      });
    const { graph } = await read(sequential(input([null, 5], 'mixed_float16'), relu));
    assert.equal(graph.inputs[0]!.dtype, 'float32');
  });
});
