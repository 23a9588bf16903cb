/** Arrays of numbers come from the parser in one piece: what is made of them is what JSON.parse's lists give. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tensorsOf } from '../../src/datapoints/instances.js';
import { parseJson } from '../../src/json/parse.js';
import type { TensorType } from '../../src/support/tensor.js';

const shapes: (number | null)[][] = [
  [null],
  [null, 1],
  [null, 2],
  [null, null],
  [null, 1, 1],
  [null, 2, 2],
  [null, null, 2],
  [2, 2],
];
const rows: unknown[] = [
  [1, 2],
  [1, 300, 2],
  [[1], [2]],
  [[1, 2]],
  [
    [1, 2],
    [3, 4],
  ],
  [
    [1, 2],
    [3, 300],
  ],
  [[1, 2], [3]],
  [[]],
  [[[1]], [[2]]],
  [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ],
  [
    [
      [1, 2],
      [3, 4],
    ],
    [[5, 6]],
  ],
  [[[1, 2]], [[3, 300]]],
  [[1, 2], 'a'],
  // Longer than what the parser unpacks again where elements are no longer alike.
  [...Array(5000).fill(1), 'a'],
  [...Array(5000).fill(1), 300],
  [...Array(5000).fill([1, 2]), [3]],
  [[...Array(5000).fill(1), true]],
  [...Array(5000).fill(1), [2], 3],
];

describe('numbers in one piece', () => {
  const outcome = (json: unknown, shape: (number | null)[], type: TensorType) => {
    const outputs = [{ name: 'y', type, shape: [shape[0] ?? null] }];
    try {
      return tensorsOf(json, { inputs: [{ name: 'x', type, shape }], outputs }).x;
    } catch (error) {
      return { message: (error as Error).message, place: (error as { place?: string }).place };
    }
  };
  for (const shape of shapes)
    it(`become what lists of them do, for an input of shape (${shape.join(', ')})`, () => {
      for (const type of ['uint8', 'float32', 'bool', 'int64'] as const)
        for (const list of rows)
          for (const json of [list, { x: list }, { instances: list }]) {
            const packed = parseJson(Buffer.from(JSON.stringify(json)));
            assert.deepEqual(
              outcome(packed, shape, type),
              outcome(json, shape, type),
              JSON.stringify(json).slice(0, 80),
            );
          }
    });
});
