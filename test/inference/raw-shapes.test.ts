/** Images that are prepared for inputs of other axes than height, width and channels. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { InferencePool } from '../../src/inference/inference-pool.js';
import { type Preparation, preparedRow, prepareTensor, rawInfo } from '../../src/support/preparation.js';
import type { Tensor, TensorInfo } from '../../src/support/tensor.js';
import { flatModel } from '../helpers/onnx-models.js';
import { preparationModel } from '../helpers/preparation-model.js';

const { InferenceSession, Tensor: OrtTensor } = await import('../../src/inference/onnxruntime.js');

const uint8 = (shape: number[], ...data: number[]): Tensor => ({ type: 'uint8', shape, data: Uint8Array.from(data) });
const input = (...shape: (number | null)[]): TensorInfo => ({ name: 'image', type: 'float32', shape });
const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

describe('the shape of a prepared row', () => {
  const cases: [own: (number | null)[], raw: number[], channelsFirst: boolean, expected: number[]][] = [
    [[28, 28], [28, 28, 1], false, [28, 28]],
    [[784], [28, 28, 1], false, [784]],
    [[null], [28, 28, 1], false, [784]],
    [[null], [2, 5, 3], true, [30]],
    [[null, null], [28, 20, 1], false, [28, 20]],
    [[null, 84], [20, 28, 3], false, [20, 84]],
    [[28, null], [28, 20, 3], false, [28, 60]],
    [[null, null, null], [5, 7, 3], false, [5, 7, 3]],
    [[null, null, null], [5, 7, 3], true, [3, 5, 7]],
    [[1, null, null], [5, 7, 1], true, [1, 5, 7]],
    [[null, null, null, null], [5, 7, 3], false, [5, 7, 3, 1]],
  ];
  for (const [own, raw, channelsFirst, expected] of cases)
    it(`(${raw}) for (batch, ${own.map((size) => size ?? 'any')})${channelsFirst ? ', channels first' : ''}`, () =>
      assert.deepEqual(preparedRow(input(null, ...own), { channelsFirst }, raw), expected));

  const raw = [28, 28, 1];
  for (const own of [[783], [27, 28], [29, null], [null, null, null, null, null]])
    it(`(${raw}) is none for (batch, ${own.map((size) => size ?? 'any')})`, () => {
      const refused = { name: 'RangeError', message: /^Rows of the shape \(28, 28, 1\) aren't those of "image"/ };
      assert.throws(() => preparedRow(input(null, ...own), {}, raw), refused);
      const preparation: Preparation = { type: 'uint8', mean: [0], std: [1], rawShape: raw };
      assert.throws(
        () => prepareTensor(uint8([1, ...raw], ...Array(784).fill(0)), preparation, input(1, ...own)),
        refused,
      );
    });
});

describe('images for inputs without channels', () => {
  const length = fc.integer({ min: 1, max: 5 });
  const cases = fc.record({
    batch: length,
    size: fc.tuple(length, length),
    channels: fc.constantFrom(1, 3, 4),
    reverseChannels: fc.boolean(),
    channelsFirst: fc.boolean(),
    axes: fc.constantFrom('flat', 'rows', 'own'),
    open: fc.boolean(),
    seed: fc.integer({ min: 1, max: 255 }),
  });

  it('are as operators of ONNX Runtime make them, to the bit, and values keep their order', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ batch, size, channels, axes, open, seed, ...order }) => {
        const rawShape = [...size, channels];
        const all: number[] = order.channelsFirst ? [channels, ...size] : rawShape;
        const own = { flat: [product(all)], rows: [all[0]!, all[1]! * all[2]!], own: all }[axes];
        const info = input(null, ...own.map((each) => (open ? null : each)));
        const mean = Array.from({ length: channels }, (_, index) => index * 11 + 5);
        const std = mean.map((value) => value / 3);
        const preparation: Preparation = { type: 'uint8', mean, std, ...order, rawShape };
        const values = Uint8Array.from({ length: batch * product(all) }, (_, index) => ((index + 3) * seed) & 255);
        const raw: Tensor = { type: 'uint8', shape: [batch, ...rawShape], data: values };
        assert.deepEqual(rawInfo(info, preparation).shape, [null, ...rawShape]);

        const session = await InferenceSession.create(preparationModel(preparation, info));
        const { prepared } = await session.run({ raw: new OrtTensor('uint8', values, raw.shape) });
        await session.release();
        const ours = prepareTensor(raw, preparation, info);
        assert.deepEqual(ours.shape, [batch, ...own]);
        assert.deepEqual([...prepared!.dims], ours.shape);
        assert.deepEqual(ours.data, prepared!.data);

        const whole = { ...preparation, rawShape: undefined };
        const apart = prepareTensor(raw, whole, input(null, ...all));
        assert.deepEqual(ours.data, apart.data);
      }),
      { numRuns: 60 },
    );
  });

  it('are prepared in the inference process, and refused before it where they have another shape', async () => {
    const path = flatModel();
    const pool = new InferencePool(1);
    after(async () => {
      await pool.close();
      rmSync(dirname(path), { recursive: true });
    });
    const prepare: Record<string, Preparation> = {
      flat: { type: 'uint8', mean: [0, 0, 0], std: [2, 2, 2], rawShape: [2, 2, 3], reverseChannels: true },
      grey: { type: 'uint8', mean: [1], std: [1], rawShape: [2, 3, 1] },
    };
    const model = { path, threads: 1, optimized: false, prepare };
    const runner = await pool.load(model, { maxBatch: 8, maxQueue: 100, deadline: 20_000 });
    const flat = uint8([1, 2, 2, 3], 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22);
    const grey = uint8([1, 2, 3, 1], 1, 2, 3, 4, 5, 6);
    const raw = ['flat', 'grey'];
    const { outputs } = await runner.predict({ flat, grey }, { raw });
    assert.deepEqual(outputs.numbers, {
      type: 'float32',
      shape: [1, 12],
      data: Float32Array.of(2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9),
    });
    assert.deepEqual(outputs.pixels, { type: 'float32', shape: [1, 2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) });
    await assert.rejects(runner.predict({ flat, grey: uint8([1, 2, 3], 1, 2, 3, 4, 5, 6) }, { raw }), {
      code: 'inputs_invalid',
      message: /"grey" should have the shape \(any, 2, 3, 1\), but has \(1, 2, 3\)/,
    });
  });
});
