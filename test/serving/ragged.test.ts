/** Rows of several lengths: run in groups of one shape, and answered in the order of the request. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesIn, type ModelInput, rowsIn } from '../../src/serving/model-input.js';
import { groupsOf, rowsInOrder } from '../../src/serving/ragged.js';
import type { RaggedTensor, Tensor, TensorInfo } from '../../src/support/tensor.js';
import { computedModel, requestContext, servingOf } from '../helpers/computed-model.js';

const float = (shape: number[], ...data: number[]): Tensor => ({
  type: 'float32',
  shape,
  data: Float32Array.from(data),
});
const ragged = (...rows: number[][]): RaggedTensor => ({
  type: 'float32',
  rows: rows.map((row) => float([row.length], ...row)),
});
const info = (name: string, ...shape: (number | null)[]): TensorInfo => ({ name, type: 'float32', shape });

describe('rows of several lengths', () => {
  it('are in one group where they are alike in every input', () => {
    const groups = groupsOf(
      { n: float([4, 1], 1, 2, 3, 4) },
      { x: ragged([1], [2, 3], [4], [5]), z: ragged([1], [1], [2], [1, 2]) },
    );
    assert.deepEqual(groups, [
      { rows: [0, 2], tensors: { n: float([2, 1], 1, 3), x: float([2, 1], 1, 4), z: float([2, 1], 1, 2) } },
      { rows: [1], tensors: { n: float([1, 1], 2), x: float([1, 2], 2, 3), z: float([1, 1], 1) } },
      { rows: [3], tensors: { n: float([1, 1], 4), x: float([1, 1], 5), z: float([1, 2], 1, 2) } },
    ]);
  });

  it('are in order again behind the model, in one tensor where they have one shape', () => {
    const groups = [
      { rows: [0, 2], tensors: { sum: float([2, 1], 10, 30), all: float([2, 1], 1, 3) } },
      { rows: [1], tensors: { sum: float([1, 1], 20), all: float([1, 2], 2, 2) } },
    ];
    assert.deepEqual(rowsInOrder(groups), {
      sum: float([3, 1], 10, 20, 30),
      all: { type: 'float32', rows: [float([1], 1), float([2], 2, 2), float([1], 3)] },
    });
  });

  it('are counted, with their bytes', () => {
    const input: ModelInput = {
      x: { ragged: ragged([1], [2, 3]) },
      n: { tensor: float([2, 1], 1, 2) },
      photo: { files: [Buffer.of(1)] },
    };
    assert.deepEqual(Object.values(input).map(rowsIn), [2, 2, 1]);
    assert.equal(bytesIn(input), 4 + 8 + 8);
  });
});

describe('a request of several lengths', () => {
  const shapes: unknown[] = [];
  const model = (given = {}) =>
    computedModel(
      ({ x }) => {
        shapes.push(x!.shape);
        return { y: { ...x!, data: (x!.data as Float32Array).map((value) => 2 * value) } };
      },
      { inputs: [info('x', null, null)], outputs: [info('y', null, null)], ...given },
    );
  const run = (input: ModelInput, given = {}) => {
    const serving = servingOf(model(given));
    const { context } = requestContext();
    return { result: serving.run(serving.lease(), input, [], context), context };
  };

  it('runs once for each length, and takes the time of all', async () => {
    const { result, context } = run({ x: { ragged: ragged([1], [2, 3], [4]) } });
    assert.deepEqual(await result, { y: { type: 'float32', rows: [float([1], 2), float([2], 4, 6), float([1], 8)] } });
    assert.deepEqual(shapes, [
      [2, 1],
      [1, 2],
    ]);
    assert.deepEqual(context.timings, { queue: 2, inference: 4 });
  });

  it('is refused where rows depend on each other', async () => {
    const { result } = run({ x: { ragged: ragged([1], [2, 3]) } }, { batchDependent: true });
    await assert.rejects(result, {
      code: 'instances_invalid',
      message:
        'There are lists of different lengths, and the model’s answer to one datapoint depends on the others. Send lists of one length.',
    });
  });

  it('is refused where inputs have different numbers of rows', async () => {
    const inputs = [info('x', null, null), info('n', null, 1)];
    const { result } = run({ x: { ragged: ragged([1], [2, 3]) }, n: { tensor: float([3, 1], 1, 2, 3) } }, { inputs });
    await assert.rejects(result, { code: 'instances_invalid', message: 'There are 2 of "x" and 3 of "n".' });
  });
});
