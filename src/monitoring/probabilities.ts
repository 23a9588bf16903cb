import { type LabelledSpec, softmax } from '../datapoints/labels.js';
import type { KnownOutput } from './check.js';

/** The most classes that are looked at: what has more takes longer to look at than it is worth. */
const mostClasses = 5000;

/** How many classes an output tells apart; undefined where it is none of classes, or has too many. */
export function classesOf({ claimed: { kind, spec } }: KnownOutput): number | undefined {
  const { count } = kind === 'classes' ? (spec as LabelledSpec) : { count: undefined };
  return count !== undefined && count <= mostClasses ? count : undefined;
}

/** How far a sum of probabilities may be from 1: half precision adds up to no better. */
const slack = 0.01;

/** The probabilities of an answer, made of logits where it is those; undefined where the numbers are none. */
export function probabilitiesOf(row: ArrayLike<number>, { claimed }: KnownOutput): ArrayLike<number> | undefined {
  const { logits } = claimed.spec as LabelledSpec;
  const shares = logits ? softmax(row) : row;
  let sum = 0;
  for (let index = 0; index < shares.length; index++) {
    if (!(shares[index]! >= 0)) return undefined;
    sum += shares[index]!;
  }
  return Math.abs(sum - 1) <= slack ? shares : undefined;
}
