import type { ChecksOf } from '../check.js';
import { classesOf, probabilitiesOf } from '../probabilities.js';
import { Range } from '../range.js';

/** So many that a few hard datapoints are none of it. */
const length = 50;

/**
 * The share of the greatest entropy, log n, over which answers tell nothing, by the least number of classes, the most first. An honest
 * "I don't know" among three classes, such as 0.36, 0.33 and 0.31 of tomorrow's price, has 0.998 of it; among ten or more a model that
 * has learned something rules most out.
 */
const flat: readonly [classes: number, share: number][] = [
  [10, 0.98],
  [3, 0.9995],
];

/** Probabilities that are nearly the same for all classes, answer after answer. */
export const uniformPredictions: ChecksOf = ({ outputs }) =>
  outputs.flatMap((output) => {
    const { name } = output.info;
    const classes = classesOf(output) ?? 0;
    const [, least] = flat.find(([most]) => classes >= most) ?? [];
    if (least === undefined) return [];
    return {
      anomaly: 'uniform_predictions' as const,
      key: `outputs.${name}`,
      length,
      begin() {
        const shares = new Range();
        return {
          add({ outputs }) {
            const probabilities = probabilitiesOf(outputs[name]!.all as Float32Array, output);
            shares.add(probabilities ? entropyOf(probabilities) / Math.log(classes) : 0);
          },
          verdict: () =>
            shares.mean > least
              ? `The answers to ${length} different datapoints give all ${classes} classes nearly the same probability. Are the inputs prepared as in training, and the weights those that were trained?`
              : undefined,
        };
      },
    };
  });

/** In nats. */
function entropyOf(probabilities: ArrayLike<number>): number {
  let entropy = 0;
  for (let index = 0; index < probabilities.length; index++) {
    const one = probabilities[index]!;
    if (one > 0) entropy -= one * Math.log(one);
  }
  return entropy;
}
