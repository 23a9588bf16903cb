/** Weights and configs of other times and other systems, where no file of that time is among the fixtures. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Layer, readKerasModel, type Weight } from '../../src/keras/index.js';
import { convertLegacyWeights } from '../../src/keras/legacy-layout.js';
import { temporaryFolder, writeHdf5 } from './files.js';

const folder = temporaryFolder();

const layer = (className: string, config: Layer['config'], weights: Record<string, Weight>): Layer => ({
  name: 'layer',
  className,
  module: '',
  config,
  weights: new Map(Object.entries(weights)),
  layers: {},
});
const counting = (...shape: number[]): Weight => {
  const length = shape.reduce((product, axis) => product * axis, 1);
  return { dtype: 'float32', shape, data: Float32Array.from({ length }, (_, i) => i) };
};
const values = (weight: Weight | undefined) => ({ shape: weight?.shape, data: [...(weight!.data as Float32Array)] });
const tensorflow = { keras1: false, backend: 'tensorflow' };

describe("CuDNN's layout", () => {
  it('of an LSTM becomes that of Keras', () => {
    const lstm = layer('LSTM', {}, { kernel: counting(3, 8), recurrent_kernel: counting(2, 8), bias: counting(16) });
    convertLegacyWeights(lstm, tensorflow);
    // numpy: hstack([k.T.reshape(k.shape, order='F') for k in hsplit(kernel, 4)]), hstack([k.T for k in hsplit(recurrent, 4)])
    assert.deepEqual(values(lstm.weights.get('kernel')), {
      shape: [3, 8],
      data: [0, 9, 2, 11, 4, 13, 6, 15, 1, 16, 3, 18, 5, 20, 7, 22, 8, 17, 10, 19, 12, 21, 14, 23],
    });
    assert.deepEqual(values(lstm.weights.get('recurrent_kernel')), {
      shape: [2, 8],
      data: [0, 8, 2, 10, 4, 12, 6, 14, 1, 9, 3, 11, 5, 13, 7, 15],
    });
    assert.deepEqual(values(lstm.weights.get('bias')), { shape: [8], data: [8, 10, 12, 14, 16, 18, 20, 22] });
  });

  it('of a GRU becomes that of Keras, with two biases', () => {
    const gru = layer('GRU', {}, { kernel: counting(1, 3), recurrent_kernel: counting(1, 3), bias: counting(6) });
    convertLegacyWeights(gru, tensorflow);
    assert.deepEqual(values(gru.weights.get('bias')), { shape: [2, 3], data: [0, 1, 2, 3, 4, 5] });
  });

  it('is told by its bias: that of Keras stays as it is', () => {
    const lstm = layer('LSTM', {}, { kernel: counting(3, 8), recurrent_kernel: counting(2, 8), bias: counting(8) });
    convertLegacyWeights(lstm, tensorflow);
    assert.deepEqual(values(lstm.weights.get('kernel')), values(counting(3, 8)));
  });
});

describe("Theano's kernels", () => {
  it('are turned around', () => {
    const conv = layer('Conv2D', { data_format: 'channels_last' }, { kernel: counting(2, 2, 1, 2) });
    convertLegacyWeights(conv, { keras1: false, backend: 'theano' });
    assert.deepEqual(values(conv.weights.get('kernel')), { shape: [2, 2, 1, 2], data: [6, 7, 4, 5, 2, 3, 0, 1] });
  });

  it('of Keras 1 have their axes in another order', () => {
    const conv = layer('Conv2D', { data_format: 'channels_first' }, { kernel: counting(2, 3, 1, 1) });
    convertLegacyWeights(conv, { keras1: true, backend: 'tensorflow' });
    assert.deepEqual(values(conv.weights.get('kernel')), { shape: [1, 1, 3, 2], data: [0, 3, 1, 4, 2, 5] });
  });
});

describe('an .h5 file', () => {
  const config = (...layers: object[]) => JSON.stringify({ class_name: 'Sequential', config: layers });
  const dense = (name: string, more: object = {}) => ({
    class_name: 'Dense',
    config: { name, units: 1, use_bias: true, ...more },
  });

  it('may split a list of names that is too long for one attribute', async () => {
    const path = await writeHdf5(join(folder, 'split.h5'), (file) => {
      file.create_attribute('model_config', config(dense('a', { batch_input_shape: [null, 1] }), dense('b')));
      file.create_attribute('keras_version', '2.2.4');
      const weights = file.create_group('model_weights');
      weights.create_attribute('layer_names0', ['a'], [1], 'S1');
      weights.create_attribute('layer_names1', ['b'], [1], 'S1');
      for (const [index, name] of ['a', 'b'].entries()) {
        const group = weights.create_group(name);
        group.create_attribute('weight_names0', [`${name}/kernel:0`], [1], 'S10');
        group.create_attribute('weight_names1', [`${name}/bias:0`], [1], 'S8');
        const inner = group.create_group(name);
        inner.create_dataset({ name: 'kernel:0', data: Float32Array.of(index), shape: [1, 1] });
        inner.create_dataset({ name: 'bias:0', data: Float32Array.of(-index) });
      }
    });
    const { graph, className, kerasVersion } = await readKerasModel(path);
    assert.deepEqual([className, kerasVersion], ['Sequential', '2.2.4']);
    assert.deepEqual(
      graph.calls.map((call) => [...call.layer.weights].map(([name, { data }]) => [name, data[0]])),
      [
        [
          ['kernel', 0],
          ['bias', -0],
        ],
        [
          ['kernel', 1],
          ['bias', -1],
        ],
      ],
    );
  });

  it('says which layer has too many weights', async () => {
    const path = await writeHdf5(join(folder, 'many.h5'), (file) => {
      file.create_attribute('model_config', config(dense('a', { batch_input_shape: [null, 1], use_bias: false })));
      const weights = file.create_group('model_weights');
      weights.create_attribute('layer_names', ['a'], [1], 'S1');
      const group = weights.create_group('a');
      group.create_attribute('weight_names', ['kernel:0', 'bias:0'], [2], 'S8');
      for (const name of ['kernel:0', 'bias:0'])
        group.create_dataset({ name, data: Float32Array.of(1), shape: [1, 1] });
    });
    await assert.rejects(readKerasModel(path), {
      code: 'model_damaged',
      message: /"a" should have 1 weight \(kernel\), but the file has 2 weights: "kernel:0" float32 \(1, 1\), "bias:0"/,
    });
  });
});

describe('a TensorFlow.js model', () => {
  it('may be quantised, and its weights may run over the ends of shards', async () => {
    const layers = [
      { class_name: 'Dense', config: { name: 'dense', units: 2, use_bias: true, batch_input_shape: [null, 2] } },
      { class_name: 'PReLU', config: { name: 'slopes' } },
      { class_name: 'LayerNormalization', config: { name: 'norm' } },
    ];
    const weights = [
      { name: 'dense/kernel', shape: [2, 2], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
      { name: 'dense/bias', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
      { name: 'slopes/alpha', shape: [2], dtype: 'float32', quantization: { dtype: 'uint16', scale: 0.25, min: 2 } },
      { name: 'norm/gamma', shape: [2], dtype: 'float32' },
      { name: 'norm/beta', shape: [2], dtype: 'float32' },
    ];
    const bytes = Buffer.concat(
      [
        Uint8Array.of(0, 1, 2, 255),
        Uint16Array.of(0x3c00, 0xc000),
        Uint16Array.of(4, 65535),
        Float32Array.of(1, 2, 3, 4),
      ].map(({ buffer }) => Buffer.from(buffer)),
    );
    writeFileSync(join(folder, 'group1-shard1of2.bin'), bytes.subarray(0, 7));
    writeFileSync(join(folder, 'group1-shard2of2.bin'), bytes.subarray(7));
    const path = join(folder, 'model.json');
    const modelTopology = {
      keras_version: '2.4.0',
      model_config: { class_name: 'Sequential', config: { name: 'm', layers } },
    };
    const paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];
    writeFileSync(
      path,
      JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest: [{ paths, weights }] }),
    );
    const { graph, container, kerasVersion } = await readKerasModel(path);
    assert.deepEqual([container, kerasVersion], ['tensorflowjs', '2.4.0']);
    const read = graph.calls.flatMap((call) =>
      [...call.layer.weights].map(([name, { data }]) => [name, ...(data as Float32Array)]),
    );
    assert.deepEqual(read, [
      ['kernel', -1, -0.5, 0, 126.5],
      ['bias', 1, -2],
      ['alpha', 3, 16385.75],
      ['gamma', 1, 2],
      ['beta', 3, 4],
    ]);
  });
});
