import { Type } from 'typebox';
import { Labels } from '../../schemas/card.js';
import { CardError } from '../support/card-error.js';
import { type Evidence, isLinear } from './evidence.js';
import type { Assumption, Facts, FoundLabels, KindCard, Place } from './kind.js';
import type { Label, Prediction } from './label.js';

/** What is known of an output with labels. */
export interface LabelledSpec {
  /** Names of the classes; those without one go by their number. */
  labels: readonly Label[];
  /** How many classes there are. */
  count: number;
  /** Whether the numbers are logits, of which probabilities are made; undefined where they can't be. */
  logits?: boolean;
}

/** The keys that a card may have of an output with labels. */
export const labelledCard = {
  labels: Labels,
  logits: Type.Boolean({
    description: 'true where the output are logits, of which probabilities are made, else false',
  }),
};

/** How sure a label has to be to hold. */
export const Threshold = Type.Number({ minimum: 0, maximum: 1, description: 'a number from 0 to 1' });

const usualThreshold = 0.5;

/** How sure a label has to be: what the card says, what is found with the labels, else half. */
export function thresholdOf(
  card: KindCard | undefined,
  found?: FoundLabels,
): { threshold: number; assumptions: Assumption[] } {
  if (card?.threshold !== undefined) return { threshold: card.threshold as number, assumptions: [] };
  const { threshold = usualThreshold, file } = found ?? {};
  const assumed: Pick<Assumption, 'basis' | 'certainty'> =
    threshold === usualThreshold
      ? { basis: 'that is usual', certainty: 'likely' }
      : { basis: `${file} compares the probability with it`, certainty: 'guess' };
  return { threshold, assumptions: [{ key: 'threshold', value: threshold, ...assumed }] };
}

/** An output's labels with the threshold that decides whether they hold. */
export function labelsWithThreshold(...of: Parameters<typeof labelsOf>): {
  spec: LabelledSpec & { threshold: number };
  assumptions: Assumption[];
} {
  const { spec, assumptions } = labelsOf(...of);
  const [{ found }, card] = of;
  const { threshold, assumptions: ofThreshold } = thresholdOf(card, found?.labels === spec.labels ? found : undefined);
  return { spec: { ...spec, threshold }, assumptions: [...assumptions, ...ofThreshold] };
}

/** The name of a class. */
export const nameOfLabel = (label: Label | undefined, index: number): string =>
  label === undefined ? String(index) : typeof label === 'string' ? label : label[1];

/** Whether a file beside the model says that it has so many classes. */
export const isNamed = ({ found }: Facts, count: number): boolean =>
  found?.source === 'file' && found.labels.length === count;

/**
 * Labels and logits of an output: what the card says, else what was found beside the model or in it.
 * @param count of classes
 * @param unnamed what the labels are called where nothing names them
 * @param maker of probabilities from logits, for messages
 * @throws CardError where the card has another number of labels
 */
export function labelsOf(
  facts: Facts,
  card: KindCard | undefined,
  place: Place,
  evidence: Evidence,
  { count, unnamed, maker }: { count: number; unnamed: readonly string[]; maker: string },
): { spec: LabelledSpec; assumptions: Assumption[] } {
  const assumptions: Assumption[] = [];
  const given = (card?.labels === null ? unnamed : card?.labels) as readonly Label[] | undefined;
  const found = facts.found?.labels.length === count ? facts.found : undefined;
  if (given && given !== unnamed && given.length !== count)
    throw new CardError(`${place('labels')} ${wrongCount(given.length, count)}.`);
  if (!given && found) {
    const { labels, file, basis, certainty } = found;
    assumptions.push({
      key: 'labels',
      value: labels.map(nameOfLabel),
      basis,
      certainty,
      text: `the ${count} of ${file}`,
    });
  }
  const labels = given ?? found?.labels ?? unnamed;
  if (!given && !found)
    assumptions.push({
      key: 'labels',
      value: null,
      basis: facts.noLabels ?? 'nothing names them',
      certainty: 'guess',
      text: unnamed.length > 0 ? unnamed.join(' and ') : 'the numbers of the classes',
    });

  const { logits, assumptions: ofLogits } = logitsOf(card, evidence, maker);
  return { spec: { labels, count, logits }, assumptions: [...assumptions, ...ofLogits] };
}

/**
 * Whether an output has logits: what the card says, else what the model tells.
 * @param maker of probabilities from logits, for messages
 */
export function logitsOf(
  card: KindCard | undefined,
  { activation, loss, fromLogits }: Evidence,
  maker: string,
): { logits?: boolean; assumptions: Assumption[] } {
  if (card?.logits !== undefined) return { logits: card.logits as boolean, assumptions: [] };
  if (fromLogits) {
    const basis = `${loss} was told so (from_logits), and there is no activation`;
    return { logits: true, assumptions: [{ key: 'logits', value: true, basis, certainty: 'certain' }] };
  }
  if (activation !== undefined && !isLinear(activation)) return { assumptions: [] };
  const basis = `nothing says whether its numbers are probabilities: "logits": true makes them so by ${maker}`;
  return { logits: false, assumptions: [{ key: 'logits', value: false, basis, certainty: 'guess' }] };
}

/** What is wrong with so many labels for so many classes. */
export const wrongCount = (labels: number, classes: number): string | undefined =>
  labels === classes
    ? undefined
    : `has ${labels} ${labels === 1 ? 'label' : 'labels'} where the model has ${classes} ${classes === 1 ? 'class' : 'classes'}`;

/** How likely a class is, by its label. */
export function predictionOf(label: Label | undefined, index: number, probability: number): Prediction {
  const name = nameOfLabel(label, index);
  return Array.isArray(label) ? { label: name, wordnetId: label[0], probability } : { label: name, probability };
}

/**
 * The classes with the greatest scores, greatest first, as Keras's `decode_predictions` gives them.
 * @param scores one for every class
 * @param labels may be fewer than the classes; the rest are called by their number
 */
export const topPredictions = (scores: ArrayLike<number>, labels: readonly Label[], topK: number): Prediction[] =>
  candidatesOf(scores, topK)
    .sort((a, b) => rank(scores[b]!) - rank(scores[a]!) || a - b)
    .slice(0, topK)
    .map((index) => predictionOf(labels[index], index, scores[index]!));

/** So few that sorting all of them is the cheapest. */
const few = 16;

/** The indices of all scores that can be among the greatest: sorting numbers is cheap, sorting with a comparison is not. */
function candidatesOf(scores: ArrayLike<number>, topK: number): number[] {
  const { length } = scores;
  const candidates: number[] = [];
  if (length <= few || topK >= length) for (let index = 0; index < length; index++) candidates.push(index);
  else {
    const ranks = new Float64Array(length);
    for (let index = 0; index < length; index++) ranks[index] = rank(scores[index]!);
    const least = ranks.toSorted()[length - topK]!;
    for (let index = 0; index < length; index++) if (ranks[index]! >= least) candidates.push(index);
  }
  return candidates;
}

/** NaN comes last. */
const rank = (score: number) => (Number.isNaN(score) ? -Number.MAX_VALUE : score);

/** Predictions in JSON, each with its label and probability. @param more what else each has, with a comma before it */
export function predictionsText(
  predictions: readonly Prediction[],
  more: (prediction: Prediction) => string = () => '',
): string {
  let text = '[';
  for (const one of predictions) {
    const { label, probability } = one;
    const number = Number.isFinite(probability) ? String(probability) : 'null';
    text += `${text.length > 1 ? ',' : ''}{"label":${JSON.stringify(label)},"probability":${number}${more(one)}}`;
  }
  return `${text}]`;
}

/** Probabilities of logits, as Keras's `softmax`. */
export function softmax(logits: ArrayLike<number>): Float32Array {
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < logits.length; index++) most = Math.max(most, logits[index]!);
  const shares = Float32Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

/** The probability of a logit, as Keras's `sigmoid`. */
export const sigmoid = (logit: number): number => Math.fround(1 / (1 + Math.exp(-logit)));
