import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearestName } from '../../src/support/nearest-name.js';
import { runs } from '../helpers/runs.js';

describe('the distance of two texts', () => {
  /** The same by its definition: the least of all ways. */
  const distance = (from: string, to: string): number => {
    if (from === '' || to === '') return from.length + to.length;
    const swaps = from.length > 1 && to.length > 1 && from[0] === to[1] && from[1] === to[0];
    return Math.min(
      distance(from.slice(1), to) + 1,
      distance(from, to.slice(1)) + 1,
      distance(from.slice(1), to.slice(1)) + (from[0] === to[0] ? 0 : 1),
      swaps ? distance(from.slice(2), to.slice(2)) + 1 : Number.POSITIVE_INFINITY,
    );
  };
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });

  it('is the least number of changes, and is told up to a bound', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0, max: 7 }), (from, to, most) => {
        const expected = distance(from, to);
        assert.equal(editDistance(from, to), expected);
        const found = editDistance(from, to, most);
        if (expected <= most) assert.equal(found, expected);
        else assert.ok(found > most);
      }),
      runs(3),
    );
  });
});

describe('the nearest name', () => {
  it('differs in a few letters, capitals and what parts words aside', () => {
    const known = ['age', 'income', 'driver_age', 'größe'];
    for (const [name, nearest] of [
      ['agee', 'age'],
      ['aeg', 'age'],
      ['Driver Age', 'driver_age'],
      ['driverag', 'driver_age'],
      ['incmoe', 'income'],
      ['größ', 'größe'],
      ['ab', undefined],
      ['price', undefined],
    ] as const)
      assert.equal(nearestName(name, known), nearest, name);
    assert.equal(nearestName('colum', ['columns', 'column']), 'column');
    assert.equal(nearestName('x', []), undefined);
  });
});
