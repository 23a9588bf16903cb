/** Sizes that a model leaves open, ids and numbers, given data that don't fit: an error, and no answer. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { Tensor } from '../../src/support/tensor.js';
import { sessionOf } from '../helpers/compiled-session.js';
import { unpackFamily } from '../helpers/fixtures.js';

const floats = (...shape: number[]): Tensor => ({
  type: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, index) => index + 1),
});
const ids = (...values: number[]): Tensor => ({ type: 'int32', shape: [values.length], data: Int32Array.from(values) });
/** A batch of one such row. */
const row = (...values: number[]): Tensor => ({ ...ids(...values), shape: [1, values.length] });

const small = row(2, 2);
const unfit: Record<string, [name: string, right: Tensor[], wrong: Tensor[]][]> = {
  'more-operations': [
    ['batch_normalization_open_axis_-1', [floats(2, 3, 4)], [floats(2, 3, 1)]],
    ['batch_normalization_open_axis_1', [floats(2, 6, 4)], [floats(2, 1, 4)]],
    ['group_normalization_open_axis_-1', [floats(2, 3, 4)], [floats(2, 3, 8)]],
    ['layer_normalization_open_axis_last', [floats(2, 3, 4)], [floats(2, 3, 1)]],
    ['layer_normalization_open_axis_first', [floats(2, 6, 3)], [floats(2, 1, 3)]],
    ['ops_split_open', [floats(2, 9)], [floats(2, 7)]],
    ['ops_split_open_at_indices', [floats(2, 4)], [floats(2, 3)]],
    ['ops_unstack_open', [floats(2, 6)], [floats(2, 7)]],
    ['ops_segment_sum', [floats(2, 2), ids(5, -7)], [floats(2, 2), ids(5, 6)]],
    ['ops_unique_in_order', [floats(5)], [{ type: 'float32', shape: [3], data: Float32Array.of(1, Number.NaN, 2) }]],
    // From here on what is as large as numbers in a request say: more than there is memory for.
    ['ops_segment_min_counted', [floats(2, 2), ids(0, 1)], [floats(2, 2), ids(0, 2 ** 31 - 1)]],
    ['ops_segment_prod_counted', [floats(2, 2), ids(0, 1)], [floats(2, 2), ids(0, 2 ** 24)]],
    ['ops_segment_max', [floats(2, 2), ids(5, 0)], [floats(2, 2), ids(0, 7)]],
  ],
  functions: [['function_bincount', [row(3, 0, 3, 1, 1, 1)], [row(3, 0, 3, 1, 1, 2 ** 30)]]],
  tensorflow: [
    ['tf_sized_range', [small], [row(2 ** 25, 2)]],
    ['tf_sized_sequence_mask', [small], [row(2, 2 ** 24)]],
    ['tf_sized_sequence_mask_of', [small], [row(2, 2 ** 24)]],
    ['tf_sized_zeros', [small], [row(2 ** 13, 2 ** 13)]],
    ['tf_sized_ones', [small], [row(2, 2 ** 24)]],
    ['tf_sized_fill', [small], [row(2 ** 23, 2)]],
    ['tf_sized_tile', [small], [row(2 ** 24, 2)]],
    ['tf_sized_broadcast_to', [small], [row(2 ** 13, 2 ** 6)]],
    ['tf_sized_eye', [small], [row(2 ** 13, 2 ** 13)]],
  ],
};

for (const [family, models] of Object.entries(unfit))
  describe(`what a model of ${family} leaves open`, () => {
    const { folder, cases } = unpackFamily(family);
    after(() => rmSync(folder, { recursive: true }));

    async function run(name: string, tensors: readonly Tensor[]) {
      const fixture = cases.find((one) => one.name === name)!;
      const model = compile(await readKerasModel(fixture.model, {}));
      const session = await sessionOf(model);
      try {
        return await session.run(
          Object.fromEntries(model.inputs.map((input, index) => [input.name, tensors[index]!])),
          [],
        );
      } finally {
        await session.close();
      }
    }

    for (const [name, right, wrong] of models)
      it(`fails where ${name} is given others`, async () => {
        await run(name, right);
        await assert.rejects(run(name, wrong));
      });
  });
