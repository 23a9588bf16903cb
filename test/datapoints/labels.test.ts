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
