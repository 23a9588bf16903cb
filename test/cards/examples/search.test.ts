import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../../../scripts/fuzz/random.js';
import { verdictOf } from '../../../src/cards/examples/search.js';
import { shareOf } from '../../../src/cards/examples/statistics.js';
import type { Trial } from '../../../src/cards/examples/trial.js';

const examplesOf = (classes: number, each: number) =>
  Array.from({ length: classes * each }, (_, index) => ({ path: '', class: index % classes }));

/** A trial in which the model gives these classes. */
function trialOf(given: number[], classes: number): Trial {
  const right = given.map((number, index) => number === index % classes);
  const hypothesis = { size: [8, 8], resize: 'stretch', interpolation: 'bicubic', scaling: 'unit' } as const;
  return {
    hypothesis: { ...hypothesis, size: [8, 8] },
    given,
    right,
    accuracy: shareOf(right.filter(Boolean).length, right.length),
  };
}

const verdict = (given: number[][], classes: number) => {
  const [now, ...others] = given.map((one) => trialOf(one, classes));
  const trials = [now!, ...others].toSorted((one, other) => other.accuracy.share - one.accuracy.share);
  return verdictOf(trials, examplesOf(classes, given[0]!.length / classes), {
    classes,
    now: (hypothesis) => hypothesis === now!.hypothesis,
  });
};

describe('what trials tell', () => {
  it('is no other order of labels where the model answers anything', () => {
    let better = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const [classes, each] = seed % 2 ? [30, 2] : [5, 20];
      const anything = () => Array.from({ length: classes * each }, () => random.below(classes));
      const { order, isBetter } = verdict(Array.from({ length: 20 }, anything), classes);
      assert.equal(order, undefined, `seed ${seed}`);
      if (isBetter) better++;
    }
    // By chance in a twentieth of such searches at most.
    assert.ok(better <= 10, `${better} of 200`);
  });

  it('is the order that most examples are in', () => {
    const classes = 5;
    const turned = examplesOf(classes, 10).map(({ class: number }, index) =>
      index % 11 === 0 ? 0 : (number + 2) % classes,
    );
    const { order, isGood } = verdict([turned], classes);
    assert.deepEqual(order?.classes, [3, 4, 0, 1, 2]);
    assert.equal(isGood, false);
  });
});
