import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { topPredictions } from '../../src/datapoints/labels.js';

describe('topPredictions', () => {
  it('gives the greatest scores first, the first of equals first, and NaN last', () => {
    const top = topPredictions(Float32Array.of(0.25, Number.NaN, 0.5, 0.25, -1), ['a', 'b', ['n3', 'c']], 5);
    assert.deepEqual(top, [
      { label: 'c', wordnetId: 'n3', probability: 0.5 },
      { label: 'a', probability: 0.25 },
      { label: '3', probability: 0.25 },
      { label: '4', probability: -1 },
      { label: 'b', probability: Number.NaN },
    ]);
  });

  it('gives the greatest of many scores, though some are equal or NaN', () => {
    const scores = Float32Array.from({ length: 20 }, (_, index) => (index % 7) / 8);
    scores[0] = Number.NaN;
    scores[19] = 0.75;
    const labels = (topK: number) => topPredictions(scores, [], topK).map(({ label }) => Number(label));
    assert.deepEqual(labels(0), []);
    assert.deepEqual(labels(1), [6]);
    assert.deepEqual(labels(4), [6, 13, 19, 5]);
    assert.deepEqual(labels(5), [6, 13, 19, 5, 12]);
    assert.equal(labels(20).length, 20);
    assert.equal(labels(20).at(-1), 0);
    assert.equal(labels(99).length, 20);
  });

  it('gives the start of all classes in order, however many are asked for', () => {
    const score = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.float({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(fc.array(score, { maxLength: 40 }), fc.nat(45), (scores, topK) => {
        const inOrder = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, topK);
        const top = topPredictions(scores, [], topK);
        assert.deepEqual(
          top.map(({ label }) => Number(label)),
          inOrder,
        );
      }),
    );
  });
});
