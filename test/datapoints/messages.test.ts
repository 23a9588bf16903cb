/** The whole words in which JSON is refused: clients see them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InstancesError, tensorsOf } from '../../src/datapoints/instances.js';
import { isObject, show } from '../../src/datapoints/json-tensor.js';
import { parseJson } from '../../src/json/parse.js';
import type { Signature, TensorInfo, TensorType } from '../../src/support/tensor.js';

const info = (name: string, shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({
  name,
  type,
  shape,
});
const takes = (...inputs: TensorInfo[]): Signature => ({ inputs, outputs: [info('y', [inputs[0]!.shape[0] ?? null])] });
const pair = takes(info('x', [null, 2]));
const ab = takes(info('a', [null]), info('b', [null]));
const many = takes(...Array.from({ length: 21 }, (_, index) => info(`i${index}`, [null])));
const twenty = Array.from({ length: 20 }, (_, index) => `"i${index}"`).join(', ');

describe('a refusal of JSON', () => {
  const cases: [json: unknown, signature: Signature, message: string][] = [
    [null, pair, 'There should be an array or an object, but there is null.'],
    [[], pair, 'the array should have one element or more, but is empty.'],
    [{ instances: [] }, pair, 'instances should have one element or more, but is empty.'],
    [{ instances: 'a' }, pair, 'instances should be an array, but is "a".'],
    [{ instances: [[1, 2]], n: 1 }, pair, 'n is not known beside instances.'],
    [[[1, 2], [1]], pair, '[1] should be an array of 2 numbers, but is an array of 1 element.'],
    [[[1, 2, 3]], pair, '[0] should be an array of 2 numbers, but is an array of 3 elements.'],
    [[{ x: { a: 1 } }], pair, '[0].x should be an array of 2 numbers, but is an object.'],
    [{ x: [] }, pair, 'x should be an array of arrays of 2 numbers, but is an array of 0 elements.'],
    [{ x: 1 }, takes(info('x', [3, 2])), 'x should be an array of 3 arrays of 2 numbers, but is 1.'],
    [{ x: 1 }, takes(info('x', [null, 1])), 'x should be an array of arrays of 1 number, but is 1.'],
    [[[2]], takes(info('x', [null, 1], 'bool')), '[0][0] should be true or false, but is 2.'],
    [['a'], takes(info('x', [null], 'float64')), '[0] should be a number, but is "a".'],
    [[1.5], takes(info('x', [null], 'int8')), '[0] should be a whole number from -128 to 127, but is 1.5.'],
    [
      [[[1, 2]], [[1]]],
      takes(info('x', [null, null, null])),
      '[1][0] should be an array of 2 numbers, like those before it, but is an array of 1 element.',
    ],
    [
      [[[1, 2]], [[1]]],
      takes(info('x', [null, null, 2])),
      '[1][0] should be an array of 2 numbers, but is an array of 1 element.',
    ],
    [[{ a: 1 }], ab, '[0].b is missing. The inputs are "a", "b".'],
    [[{ a: 1, b: 1, c: 1 }], ab, '[0].c is no input. The inputs are "a", "b".'],
    [[1], ab, '[0] should be an object with the inputs "a", "b", but is 1.'],
    [{ a: [1], c: [1] }, ab, 'c is no input. The inputs are "a", "b".'],
    [{ a: [1] }, ab, 'b is missing. The inputs are "a", "b".'],
    [{ a: [1, 2], b: [1] }, ab, 'b should have as many rows as a, which has 2, but has 1.'],
    [[{}], many, `[0].i0 is missing. The inputs are ${twenty}, ….`],
    [[{}], takes(...many.inputs.slice(0, 20)), `[0].i0 is missing. The inputs are ${twenty}.`],
    [[1, 2, 3], { inputs: [info('x', [1])], outputs: [info('y', [5])] }, 'the array should have 1 row, but has 3.'],
    [{ x: [1, 2, 3] }, { inputs: [info('x', [2])], outputs: [info('y', [5])] }, 'x should have 2 rows, but has 3.'],
    [
      [{ x: 1, s: 1 }],
      { inputs: [info('x', [null]), info('s', [], 'int8')], outputs: [] },
      'The input "s" has no rows: give it beside the others, as {"s": a whole number from -128 to 127}.',
    ],
    [
      [1],
      { inputs: [info('x', [null], 'complex64' as TensorType)], outputs: [] },
      'The input "x" takes complex64, which JSON can\'t give.',
    ],
  ];
  for (const [json, signature, message] of cases)
    it(message, () => {
      for (const given of [json, parseJson(Buffer.from(JSON.stringify(json)))])
        assert.throws(
          () => tensorsOf(given, signature),
          (error: Error) => {
            assert.ok(error instanceof InstancesError);
            assert.equal(error.message, message);
            return true;
          },
        );
    });

  it('shows what there is, cut short', () => {
    const shown: [value: unknown, text: string][] = [
      [undefined, 'missing'],
      [[1], 'an array of 1 element'],
      [[], 'an array of 0 elements'],
      [parseJson(Buffer.from('[1, 2]')), 'an array of 2 elements'],
      [{}, 'an object'],
      ['a'.repeat(41), `"${'a'.repeat(40)}…"`],
      [true, 'true'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
    ];
    for (const [value, text] of shown) assert.equal(show(value), text);
    assert.deepEqual([null, [], 'a', {}].map(isObject), [false, false, false, true]);
  });
});
