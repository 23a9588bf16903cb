import type { TensorInfo } from '../tensor.js';

/** A label of the card: a WordNet id with a name, or a name alone. */
export type Label = string | readonly [wordnetId: string, name: string];

/** A class and how likely the model finds it. */
export interface Prediction {
  label: string;
  /** The model's own number: a probability where its last layer makes probabilities. */
  probability: number;
  /** Where the card has it, such as `n02088364`. */
  wordnetId?: string;
}

function labelled(label: Label | undefined, index: number): Omit<Prediction, 'probability'> {
  if (label === undefined) return { label: String(index) };
  if (typeof label === 'string') return { label };
  const [wordnetId, name] = label;
  return { label: name, wordnetId };
}

/**
 * The classes with the greatest scores, greatest first, as Keras's `decode_predictions` gives them.
 * @param scores one for every class
 * @param labels may be fewer than the classes; the rest are called by their number
 */
export function topPredictions(scores: ArrayLike<number>, labels: readonly Label[], topK: number): Prediction[] {
  const ranks = new Float64Array(scores.length);
  for (let index = 0; index < ranks.length; index++) ranks[index] = rank(scores[index]!);
  // Sorting numbers is cheap, sorting with a comparison is not: only what is good enough gets that far.
  const least = ranks.toSorted()[Math.max(0, ranks.length - topK)]!;
  const best: number[] = [];
  for (let index = 0; index < ranks.length; index++) if (ranks[index]! >= least) best.push(index);
  return best
    .sort((a, b) => ranks[b]! - ranks[a]! || a - b)
    .slice(0, topK)
    .map((index) => ({ ...labelled(labels[index], index), probability: scores[index]! }));
}

/** NaN comes last. */
const rank = (score: number) => (Number.isNaN(score) ? -Number.MAX_VALUE : score);

/** Whether a model gives a score for every class and nothing else: then labels say what its numbers mean. */
export const classifies = ({ outputs }: { outputs: readonly TensorInfo[] }): boolean =>
  outputs.length === 1 &&
  outputs[0]!.shape.length === 2 &&
  outputs[0]!.shape[1] !== null &&
  outputs[0]!.type.startsWith('float');

/** The scores of both classes where a model has one output for two labels: how likely the second is. */
export function bothClasses(scores: ArrayLike<number>, labels: readonly Label[]): ArrayLike<number> {
  return scores.length === 1 && labels.length === 2 ? [1 - scores[0]!, scores[0]!] : scores;
}
