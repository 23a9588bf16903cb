/** Inputs that are given raw and prepared in the inference process, several in one model. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { InferencePool } from '../../src/inference/inference-pool.js';
import type { ModelRunner } from '../../src/inference/model-runner.js';
import type { Preparation } from '../../src/support/preparation.js';
import type { Tensor, Tensors } from '../../src/support/tensor.js';
import { passingModel } from '../helpers/onnx-models.js';

const path = passingModel();
const pool = new InferencePool(1);
let runner: ModelRunner;
const batches: number[] = [];
before(async () => {
  const image: Preparation = {
    type: 'uint8',
    mean: [10, 20, 30],
    std: [1, 2, 4],
    reverseChannels: true,
    channelsFirst: true,
  };
  const table: Preparation = { type: 'float32', mean: [1, 2], std: [0.5, 0.25] };
  const model = { path, threads: 1, optimized: false, prepare: { image, table } };
  runner = await pool.load(model, { maxBatch: 8, maxQueue: 100, deadline: 20_000 });
  runner.events.on('batch', (rows) => batches.push(rows));
});
after(async () => {
  await pool.close();
  rmSync(dirname(path), { recursive: true });
});

const float32 = (shape: number[], ...data: number[]): Tensor => ({
  type: 'float32',
  shape,
  data: Float32Array.from(data),
});
/** Four pixels (red, green, blue), and what the model takes of them: blue, green, red. */
const pixels: Tensor = {
  type: 'uint8',
  shape: [1, 2, 2, 3],
  data: Uint8Array.of(30, 20, 10, 34, 22, 11, 38, 24, 12, 42, 26, 13),
};
const planes = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3];
const columns = float32([1, 2], 2, 3);
const scaled = [2, 4];

const run = async (inputs: Tensors, raw: string[]) => {
  const { outputs } = await runner.predict(inputs, { raw });
  return ['pixels', 'numbers'].map((name) => Array.from(outputs[name]!.data as Float32Array));
};

describe('inputs that are given raw', () => {
  it('are prepared, each in its way', async () => {
    assert.deepEqual(await run({ image: pixels, table: columns }, ['image', 'table']), [planes, scaled]);
  });

  it('are prepared alone, beside others that are as the model takes them', async () => {
    const ready = float32([1, 3, 2, 2], ...planes);
    assert.deepEqual(await run({ image: pixels, table: columns }, ['image']), [planes, [2, 3]]);
    assert.deepEqual(await run({ image: ready, table: columns }, ['table']), [planes, scaled]);
    assert.deepEqual(await run({ image: ready, table: columns }, []), [planes, [2, 3]]);
  });

  it('run together with those that are raw in the same places, and with no others', async () => {
    batches.length = 0;
    const both = () => run({ image: pixels, table: columns }, ['image', 'table']);
    const one = () => run({ image: pixels, table: columns }, ['image']);
    const answers = await Promise.all([both(), one(), both(), one(), both()]);
    assert.deepEqual(
      answers.map(([, numbers]) => numbers),
      [scaled, [2, 3], scaled, [2, 3], scaled],
    );
    assert.deepEqual(batches.toSorted(), [2, 3]);
  });

  it('are refused where they are not what is prepared, before the engine sees them', async () => {
    const refused = (inputs: Tensors, raw: string[], message: RegExp) =>
      assert.rejects(run(inputs, raw), { code: 'inputs_invalid', message });
    const tall: Tensor = { type: 'uint8', shape: [1, 4, 1, 3], data: pixels.data };
    await refused({ image: tall, table: columns }, ['image'], /"image" should have the shape \(any, 2, 2, 3\)/);
    await refused({ image: pixels, table: columns }, [], /"image" should be float32, but is uint8/);
    const wide = float32([1, 3], 1, 2, 3);
    await refused({ image: pixels, table: wide }, ['image', 'table'], /"table" should have the shape \(any, 2\)/);
    const unprepared = await pool.load({ path, threads: 1, optimized: false }, runner.options);
    await assert.rejects(unprepared.predict({ image: pixels, table: columns }, { raw: ['image'] }), {
      code: 'inputs_invalid',
      message: /"image" can't be given raw/,
    });
  });
});
