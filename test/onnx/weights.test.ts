import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Weight } from '../../src/keras/index.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { permute, weightConstant } from '../../src/onnx/weights.js';

/** The plainest way to do it: the place of every element, worked out from its indices. */
function permuteSlowly(data: Float32Array, shape: readonly number[], perm: readonly number[]): number[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const indices = perm.reduce<number[]>(
    (offsets, axis) =>
      offsets.flatMap((offset) => Array.from({ length: shape[axis]! }, (_, i) => offset + i * strides[axis]!)),
    [0],
  );
  return indices.map((index) => data[index]!);
}

const counted = (shape: readonly number[]) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);

describe('permute', () => {
  it('moves axes as transposing element by element does', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
    const cases = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
    );
    fc.assert(
      fc.property(cases, ([shape, perm]) => {
        const data = counted(shape);
        assert.deepEqual([...permute(data, shape, perm)], permuteSlowly(data, shape, perm));
      }),
    );
  });

  for (const [shape, perm] of [
    [
      [3, 3, 70, 65],
      [3, 2, 0, 1],
    ],
    [
      [1, 1, 64, 100],
      [3, 2, 0, 1],
    ],
    [
      [7, 7, 3, 64],
      [3, 2, 0, 1],
    ],
    [
      [33, 97],
      [1, 0],
    ],
    [
      [5, 1, 40, 33],
      [2, 0, 3, 1],
    ],
  ] as const) {
    it(`moves the axes of ${shape.join('×')}, which is larger than a square that is transposed at once`, () => {
      const data = counted(shape);
      assert.deepEqual([...permute(data, shape, perm)], permuteSlowly(data, shape, perm));
    });
  }

  it('copies nothing where nothing moves', () => {
    const data = counted([2, 3]);
    assert.equal(permute(data, [2, 3], [0, 1]), data);
    assert.equal(permute(data, [1, 2, 1, 3], [2, 1, 0, 3]), data);
    assert.equal(permute(new Float32Array(0), [0, 3], [1, 0]).length, 0);
  });
});

describe('weightConstant', () => {
  const weight = (dtype: Weight['dtype'], data: Weight['data'], shape: number[]): Weight => ({ dtype, data, shape });

  it('makes float32 of every float', () => {
    const graph = new GraphBuilder();
    for (const dtype of ['float16', 'bfloat16', 'float32', 'float64'] as const) {
      const data = dtype === 'float64' ? Float64Array.of(0.5, 2) : Float32Array.of(0.5, 2);
      const value = weightConstant(graph, 'kernel', weight(dtype, data, [2]));
      assert.equal(value.type, 'float32');
      assert.deepEqual(value.data, Float32Array.of(0.5, 2));
    }
  });

  it('keeps integers, and moves and reshapes floats', () => {
    const graph = new GraphBuilder();
    assert.equal(weightConstant(graph, 'count', weight('int64', BigInt64Array.of(7n), [1])).type, 'int64');
    const value = weightConstant(graph, 'kernel', weight('float32', counted([2, 3]), [2, 3]), [1, 0], [6, 1]);
    assert.deepEqual(value.shape, [6, 1]);
    assert.deepEqual([...value.data!], [0, 3, 1, 4, 2, 5]);
  });
});
