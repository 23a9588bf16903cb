/** Quantized layers whose variables don't fit each other, and the numbers of small floats. What Keras answers is in the fixtures. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { computeDType } from '../../src/keras/config.js';
import { type KerasModel, type Layer, readKerasModel, type Weight } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { bfloat16, float8 } from '../../src/onnx/layers/narrow-floats.js';
import { summarize } from '../../src/onnx/summary.js';
import { planLayers } from '../../src/tensorflow/layers-plan.js';
import { unpackFamily } from '../helpers/fixtures.js';

const { folder, cases } = unpackFamily('quantized');
after(() => rmSync(folder, { recursive: true }));

async function read(name: string): Promise<{ model: KerasModel; layer: Layer }> {
  const { model: path, weights } = cases.find((one) => one.name === name)!;
  const model = await readKerasModel(path, { weights });
  const { layer } = model.graph.calls.find((call) => call.layer.name === 'one')!;
  return { model, layer };
}

const weight = (dtype: 'int8' | 'uint8' | 'float32', shape: number[], value = 0): Weight => {
  const values = Array<number>(shape.reduce((a, b) => a * b, 1)).fill(value);
  return { dtype, shape, data: new { int8: Int8Array, uint8: Uint8Array, float32: Float32Array }[dtype](values) };
};

describe('variables of a quantized layer', () => {
  for (const [name, variable, other, message] of [
    ['dense_int8', 'kernel', weight('int8', [7, 4]), /its kernel should have the shape \(7, 5\), not \(7, 4\)/],
    ['dense_int8', 'kernel', weight('float32', [7, 5]), /its kernel should be integers of a byte, not float32/],
    ['dense_int8', 'kernel_scale', weight('float32', [4]), /its kernel_scale should have the shape \(5\), not \(4\)/],
    ['dense_int4', 'kernel', weight('int8', [7, 2]), /its kernel should have the shape \(7, 3\), not \(7, 2\)/],
    ['dense_int4_groups', 'kernel_scale', weight('float32', [2, 5]), /kernel_zero should have the shape \(2, 5\)/],
    ['dense_int4_groups', 'g_idx', weight('float32', [6]), /g_idx should have the shape \(7\), not \(6\)/],
    ['dense_int4_groups', 'g_idx', weight('float32', [7], 3), /its g_idx names a group 3 where there are 3/],
    ['dense_int4_groups', 'g_idx', weight('float32', [7], Number.NaN), /its g_idx names a group NaN/],
    ['dense_float8', 'inputs_scale', weight('float32', [2]), /inputs_scale should have the shape \(\), not \(2\)/],
    ['dense_float8', 'kernel', weight('int8', [7, 5]), /its kernel should be floats, not int8/],
    ['dense_gptq', 'quantized_kernel', weight('uint8', [2, 7]), /quantized kernel should have the shape \(3, 7\)/],
    ['dense_gptq', 'kernel_zero', weight('uint8', [5, 1]), /kernel_zero should have the shape \(5, 3\)/],
    ['dense_awq', 'awq_scales', weight('float32', [5]), /awq_scales should have the shape \(7\), not \(5\)/],
    ['einsum_dense_int8', 'kernel', weight('int8', [7, 5, 2]), /its kernel should have the shape \(7, 2, 5\)/],
    ['einsum_dense_int8', 'kernel_scale', weight('float32', [2, 5]), /should have the shape \(1, 1, 2, 5\)/],
    ['einsum_dense_int4', 'kernel', weight('int8', [7, 4]), /its kernel should have the shape \(7, 5\)/],
    ['embedding_int8', 'embeddings_scale', weight('float32', [5]), /embeddings_scale should have the shape \(9\)/],
    ['embedding_int4_groups', 'embeddings_zero', weight('int8', [9, 1]), /embeddings_zero should have the shape/],
    [
      'reversible_embedding_int8_untied',
      'reverse_embeddings',
      weight('int8', [9, 5]),
      /reverse_embeddings should have the shape \(5, 9\)/,
    ],
  ] as const) {
    it(`${name}: ${variable} ${other.dtype} (${other.shape.join(', ')})`, async () => {
      const { model, layer } = await read(name);
      assert.ok(layer.weights.has(variable));
      layer.weights.set(variable, other);
      assert.throws(() => compile(model), { code: 'model_damaged', message });
    });
  }

  for (const name of ['dense_int4', 'einsum_dense_int4']) {
    it(`${name}: packed as older versions of Keras did`, async () => {
      const { model, layer } = await read(name);
      layer.weights.set('kernel', weight('int8', [4, name === 'dense_int4' ? 5 : 10]));
      assert.throws(() => compile(model), {
        code: 'model_unsupported_layers',
        message: /packed as older versions of Keras did; quantize the model again with Keras 3\.15/,
      });
    });
  }

  it('LoRA whose factor Keras forgets', async () => {
    const { model } = await read('dense_int8_lora_alpha_h5');
    assert.throws(() => compile(model), { code: 'model_unsupported_layers', message: /Keras forgets its lora_alpha/ });
  });

  it('a quantized layer of integers', async () => {
    const { model } = await read('dense_int8');
    model.graph.inputs[0]!.dtype = 'int32';
    assert.throws(() => compile(model), { message: /one \(Dense\): it is quantized, and its input is int32/ });
  });
});

describe('quantized models elsewhere', () => {
  for (const name of [
    'dense_int8',
    'einsum_dense_int8_heads',
    'einsum_dense_int8_turned',
    'dense_float8',
    'dense_awq',
  ]) {
    it(`${name}: rows can go together`, async () => {
      assert.equal(compile((await read(name)).model).batchDependent, false);
    });
  }

  it('einsum_dense_int4: its input may be open', async () => {
    const { model, layer } = await read('einsum_dense_int4');
    model.graph.inputs[0]!.shape = [null, null, null];
    assert.equal(compile(model).outputs[0]!.shape.length, 4);
    layer.builtShape = undefined;
    assert.throws(() => compile(model), { message: /how long the axis c of its kernel is is nowhere/ });
  });

  it('compute in the type of their policy', () => {
    const of = (dtype: string) => computeDType({ config: { dtype } });
    assert.deepEqual(['int4/128_from_mixed_bfloat16', 'gptq/4/-1_from_float32', 'int8_from_float64'].map(of), [
      'bfloat16',
      'float32',
      'float64',
    ]);
  });

  it('have a summary', async () => {
    const { model } = await read('dense_int4_groups');
    const { layers, problem, unsupported } = summarize(model);
    assert.deepEqual([problem, unsupported], [null, []]);
    const { className, parameters } = layers.find(({ name }) => name === 'one')!;
    assert.deepEqual([className, parameters], ['Dense', 7 * 3 + 5 + 2 * 3 * 5 + 7]);
  });

  it('are refused by TensorFlow.js', async () => {
    for (const { name, refused } of cases) {
      if (refused) continue;
      const { model } = await read(name).catch(async () => ({
        model: await readKerasModel(cases.find((one) => one.name === name)!.model),
      }));
      assert.throws(() => planLayers(model), { code: 'model_unsupported_layers' }, name);
    }
  });
});

describe('small floats', () => {
  const floats = (...values: number[]): Weight => ({
    dtype: 'float32',
    shape: [values.length],
    data: Float32Array.from(values),
  });

  it('of float8 are the nearest, of two the even one, and 448 at most', () => {
    const values = [0, 1, 17, 18, 19, 21, 22, 1.0625, -1.1875, 447, 448, 1e30, -1e30, 2 ** -9, 2 ** -10, 3 * 2 ** -10];
    const expected = [0, 1, 16, 18, 20, 20, 22, 1, -1.25, 448, 448, 448, -448, 2 ** -9, 0, 2 ** -8];
    assert.deepEqual([...float8(floats(...values), 1, undefined)], expected);
    assert.deepEqual(
      [...float8(floats(17, 18, Number.NaN, Number.POSITIVE_INFINITY), 0.5, undefined)],
      [16, 18, Number.NaN, 224],
    );
  });

  it('of bfloat16 are the nearest, of two the even one', () => {
    const values = [1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -3.1405, Number.NaN, 3.4e38];
    const expected = [1, 1, 1 + 2 ** -6, 1 + 2 ** -7, -3.140625, Number.NaN, Number.POSITIVE_INFINITY];
    assert.deepEqual([...bfloat16(floats(...values))], expected);
  });
});
