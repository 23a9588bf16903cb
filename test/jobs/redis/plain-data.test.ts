import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fromJson, toJson } from '../../../src/jobs/redis/plain-data.js';

const through = (value: unknown) => fromJson(JSON.parse(JSON.stringify(toJson(value))));

describe('plain data in JSON', () => {
  it('comes back as it was', () => {
    const values: unknown[] = [
      undefined,
      Number.NaN,
      -0,
      Number.NEGATIVE_INFINITY,
      [1, undefined, null],
      2n ** 70n,
      new Map<unknown, unknown>([['a', new Map([[1, Number.POSITIVE_INFINITY]])]]),
      new Set([1n, 'a']),
      Float64Array.of(1, Number.NaN, -0),
      new Float32Array([1, 2, 3]).subarray(1),
      BigInt64Array.of(-1n),
      new Uint8Array(),
      { $: 'Map', value: [] },
      { a: { $: 1 } },
      JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}'),
    ];
    for (const value of values) assert.deepStrictEqual(through(value), value);
    assert.deepStrictEqual(through({ a: undefined, b: 1 }), { b: 1 });
  });

  it('comes back as it was, whatever JSON has', () => {
    const anything = fc.jsonValue({ maxDepth: 4 });
    fc.assert(fc.property(anything, (value) => assert.deepStrictEqual(through(value), value)));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('$', 'value', 'a'), anything), (value) => {
        const plain = { ...value };
        assert.deepStrictEqual(through(plain), plain);
      }),
    );
  });

  it('that nobody has written is refused', () => {
    for (const value of [
      { $: 'Date', value: 1 },
      { $: 'toString' },
      { $: 'bigint', value: 'x' },
      { $: 'Map', value: 1 },
    ])
      assert.throws(() => fromJson(value), Error);
  });
});
