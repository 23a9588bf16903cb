import type { ImageDecoder } from '../../images/decoder.js';
import type { Example } from './examples.js';
import { geometryHypotheses, type Hypothesis, valueHypotheses } from './hypotheses.js';
import { bestAssignment, chanceOf, type Share, shareOf, strict } from './statistics.js';
import { type Classifier, type Trial, tryOut } from './trial.js';

/** Examples that all hypotheses about the values of pixels are tried on first. */
const fewExamples = 64;
/** Hypotheses that go on from there, and those of which the geometry is looked at. */
const [kept, framed] = [4, 2];

/** How many images the model looks at, at most. */
export function imagesOf({ spec, taken }: Classifier, examples: number): number {
  const values = valueHypotheses(spec.settings, taken).length;
  const geometry = geometryHypotheses(spec.settings).length;
  return values * Math.min(fewExamples, examples) + (kept + 1) * examples + framed * (geometry - 1) * examples;
}

/**
 * Tries how images may have been prepared: first the values of their pixels, on a few examples, then of the best the ways to bring pictures to
 * the model's size, on all.
 * @returns what was tried on all examples, the best first; of those that are as good, what is served now, then the usual
 */
export async function search(
  model: Classifier,
  decoder: ImageDecoder,
  examples: readonly Example[],
  onImage: () => void,
): Promise<Trial[]> {
  const { settings } = model.spec;
  const few = examples.slice(0, fewExamples);
  const [now, ...others] = await tryOut(model, decoder, few, valueHypotheses(settings, model.taken), onImage);
  const going = [now!, ...best(others).slice(0, kept)].map(({ hypothesis }) => hypothesis);
  const trials = await tryOut(model, decoder, examples, going, onImage);
  for (const { hypothesis } of best(trials).slice(0, framed)) {
    const [, ...more] = geometryHypotheses(hypothesis);
    trials.push(...(await tryOut(model, decoder, examples, more, onImage)));
  }
  return best(trials);
}

/** Sorting keeps the order of what is equal. */
const best = (trials: readonly Trial[]): Trial[] =>
  trials.toSorted((one, other) => other.accuracy.share - one.accuracy.share);

/** What examples tell of how images are prepared. */
export interface Verdict {
  best: Trial;
  /** What is served without it. */
  now: Trial;
  /** Whether the best is so much better than what is served that it is hardly by chance. */
  isBetter: boolean;
  /** Whether it is better than guessing. */
  isGood: boolean;
  /** By the model's number the class that it stands for, and how many are right so, where the labels seem to be in another order. */
  order?: { classes: number[]; accuracy: Share };
}

/** How improbable something has to be by chance. */
const least = 0.05;
/** Classes up to which another order of theirs is looked for. */
const mostOrdered = 200;

/** What the trials of a search tell. @param now how it is served */
export function verdictOf(
  trials: readonly Trial[],
  examples: readonly Example[],
  { classes, now: isNow }: { classes: number; now: (hypothesis: Hypothesis) => boolean },
): Verdict {
  const best = trials[0]!;
  const now = trials.find(({ hypothesis }) => isNow(hypothesis))!;
  const isBetter = best !== now && differs(best.right, now.right, trials.length);
  const isGood = best.accuracy.least > 1 / classes;
  const orders = classes <= mostOrdered ? trials.map((trial) => orderOf(trial, examples, classes)) : [];
  const order = orders.toSorted((one, other) => other.accuracy.share - one.accuracy.share)[0];
  const isOther = order && order.least > 1 / classes && differs(order.right, best.right, trials.length);
  return { best, now, isBetter, isGood, ...(isOther && { order }) };
}

/** Whether what is right by one way but not by another is hardly so by chance. @param ways that there were to choose from */
function differs(one: readonly boolean[], other: readonly boolean[], ways: number): boolean {
  const better = one.filter((right, index) => right && !other[index]).length;
  const worse = other.filter((right, index) => right && !one[index]).length;
  return chanceOf(better, worse) * ways < least;
}

/** The order of classes that fits best, judged on examples that it was not found by: each half by that of the other. */
function orderOf({ given }: Trial, examples: readonly Example[], classes: number) {
  const seen = new Map<number, number>();
  const halves = examples.map(({ class: number }) => {
    const count = seen.get(number) ?? 0;
    seen.set(number, count + 1);
    return count % 2;
  });
  const fitted = (half?: number): number[] => {
    const counts = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
    for (const [index, number] of given.entries())
      if (halves[index] !== half) counts[examples[index]!.class]![number]!++;
    return bestAssignment(counts);
  };
  const orders = [fitted(0), fitted(1)];
  const right = given.map((number, index) => orders[halves[index]!]![number] === examples[index]!.class);
  const count = right.filter(Boolean).length;
  return {
    classes: fitted(),
    right,
    accuracy: shareOf(count, right.length),
    least: shareOf(count, right.length, strict).least,
  };
}
