import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bestAssignment, chanceOf, shareOf } from '../../../src/cards/examples/statistics.js';

const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-4, `${actual}`);

describe('a share', () => {
  it('has Wilson’s interval', () => {
    // As statsmodels' proportion_confint(count, total, method="wilson") has them.
    const known: [count: number, total: number, least: number, most: number][] = [
      [0, 10, 0, 0.27753],
      [30, 30, 0.88649, 1],
      [10, 30, 0.19231, 0.5122],
      [1, 1, 0.20654, 1],
    ];
    for (const [count, total, least, most] of known) {
      const share = shareOf(count, total);
      near(share.least, least);
      near(share.most, most);
    }
  });
});

describe('the chance of doing better', () => {
  it('is that of as many heads', () => {
    near(chanceOf(10, 0), 2 ** -10);
    near(chanceOf(0, 0), 1);
    near(chanceOf(3, 3), 42 / 64);
    near(chanceOf(8, 2), (45 + 10 + 1) / 1024);
    near(chanceOf(0, 7), 1);
    assert.ok(chanceOf(200, 200) > 0.5 && chanceOf(250, 150) < 1e-6);
  });
});

/** All orders of so many. */
const orders = (size: number): number[][] =>
  size === 0
    ? [[]]
    : orders(size - 1).flatMap((order) => order.concat(size - 1).map((_, at) => order.toSpliced(at, 0, size - 1)));

describe('the best assignment', () => {
  it('is as good as the best of all', () => {
    const square = fc.integer({ min: 1, max: 5 }).chain((size) => {
      const row = fc.array(fc.nat(9), { minLength: size, maxLength: size });
      return fc.array(row, { minLength: size, maxLength: size });
    });
    fc.assert(
      fc.property(square, (counts) => {
        const right = (order: readonly number[]) => order.reduce((sum, of, number) => sum + counts[of]![number]!, 0);
        const order = bestAssignment(counts);
        assert.equal(new Set(order).size, counts.length);
        assert.equal(right(order), Math.max(...orders(counts.length).map(right)));
      }),
    );
  });
});
