import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Distinct } from '../../src/monitoring/distinct.js';
import { mostElements, Sample } from '../../src/monitoring/sample.js';
import { tensorOfTexts } from '../../src/support/strings.js';
import type { Tensor } from '../../src/support/tensor.js';

const tensorOf = (shape: number[], value: (index: number) => number): Tensor => ({
  type: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => value(index)),
});
const hashOf = (tensor: Tensor, row: number): number => {
  const sample = new Sample();
  sample.take(tensor, row);
  return sample.hash(0);
};

describe('a sample of a row', () => {
  it('has elements of that row alone, each at its place, as many of each column', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 2 }),
        (rows, sizes) => {
          const tensor = tensorOf([rows, ...sizes], (index) => index);
          const sample = new Sample();
          sample.take(tensor, rows - 1);
          const length = tensor.data.length / rows;
          const width = sizes.at(-1) ?? 1;
          const { values, places, columns, length: count } = sample;
          assert.ok(count > 0 && count <= Math.min(length, mostElements));
          // Nothing is left out where there is room for all.
          if (length <= mostElements) assert.equal(count, length);
          assert.equal(new Set(places).size, count);
          const perColumn = new Map<number, number>();
          for (let index = 0; index < count; index++) {
            assert.equal(values[index], (rows - 1) * length + places[index]!);
            assert.equal(columns[index], places[index]! % width);
            perColumn.set(columns[index]!, (perColumn.get(columns[index]!) ?? 0) + 1);
          }
          if (width <= mostElements) assert.deepEqual([...new Set(perColumn.values())], [sample.steps]);
        },
      ),
    ));

  it('has another hash where an element is another', () =>
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.nat(),
        fc.float({ noNaN: true }),
        (row, place, other) => {
          const changed = [...row];
          changed[place % row.length] = other;
          const tensor = tensorOf([2, row.length], (index) => [...row, ...changed][index]!);
          const isSame = changed.every((value, index) => Object.is(value, row[index]));
          assert.equal(hashOf(tensor, 0) === hashOf(tensor, 1), isSame);
        },
      ),
    ));

  it('of texts has another hash where a text is another, or ends elsewhere', () => {
    const rows = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['ab', 'd'],
      ['ab', 'c'],
    ];
    const hashes = rows.map((_, row) => hashOf(tensorOfTexts(rows.flat(), [4, 2]), row));
    assert.equal(new Set(hashes).size, 3);
    assert.equal(hashes[0], hashes[3]);
  });
});

describe('datapoints that differ', () => {
  it('are those that were not there before, as long as what comes again is remembered', () => {
    const distinct = new Distinct();
    assert.deepEqual(
      [1, 2, 1, 1, 2].map((hash) => distinct.isNew(hash)),
      [true, true, false, false, false],
    );
    // Something that comes between all others stays known, however many those are.
    for (let other = 10; other < 5000; other++) {
      assert.equal(distinct.isNew(other), true);
      assert.equal(distinct.isNew(1), false);
    }
    assert.equal(distinct.isNew(2), true, 'what came long ago is forgotten');
  });
});
