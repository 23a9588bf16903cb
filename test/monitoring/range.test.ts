import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Range } from '../../src/monitoring/range.js';

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

const rangeOf = (values: readonly number[]): Range => {
  const range = new Range();
  for (const value of values) range.add(value);
  return range;
};

describe('a range', () => {
  it('is what two passes over all numbers find', () =>
    fc.assert(
      fc.property(numbers, (values) => {
        const { count, least, greatest, mean, variance } = rangeOf(values);
        const expected = values.reduce((sum, value) => sum + value, 0) / values.length;
        const spread = values.reduce((sum, value) => sum + (value - expected) ** 2, 0) / values.length;
        assert.deepEqual([count, least, greatest], [values.length, Math.min(...values), Math.max(...values)]);
        const size = Math.max(1, ...values.map(Math.abs));
        assert.ok(Math.abs(mean - expected) <= 1e-9 * size, `${mean} is not ${expected}`);
        assert.ok(Math.abs(variance - spread) <= 1e-9 * size ** 2, `${variance} is not ${spread}`);
      }),
    ));

  it('keeps a small variance around a large mean', () =>
    assert.equal(rangeOf([1e9 + 1, 1e9 + 2, 1e9 + 3]).variance, 2 / 3));

  it('of nothing has no ends', () => {
    const { count, least, greatest, mean, variance } = new Range();
    assert.deepEqual(
      [count, least, greatest, mean, variance],
      [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0],
    );
  });
});
