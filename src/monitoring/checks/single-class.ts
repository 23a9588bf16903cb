import type { ChecksOf } from '../check.js';
import { diversityOf } from '../diversity.js';
import { classesOf } from '../probabilities.js';

/** As many as hardly are of one class by chance. */
const length = 100;

/**
 * Of fewer classes one may be nearly all that there is: `normal` of what a machine makes, `legitimate` of payments. It is no nonsense
 * to answer so a hundred times.
 */
const leastClasses = 10;

/** One class for all datapoints, however much they differ. */
export const singleClass: ChecksOf = ({ inputs, outputs }) => {
  const judges = inputs.flatMap((input) => {
    const begin = diversityOf(input);
    return begin ? [{ name: input.info.name, begin }] : [];
  });
  if (judges.length === 0) return [];
  return outputs.flatMap((output) => {
    const { name } = output.info;
    const classes = classesOf(output) ?? 0;
    if (classes < leastClasses) return [];
    return {
      anomaly: 'single_class' as const,
      key: `outputs.${name}`,
      length,
      begin() {
        const judged = judges.map(({ name, begin }) => ({ name, diversity: begin() }));
        let first: number | undefined;
        let isSingle = true;
        return {
          add({ inputs, outputs }) {
            const likeliest = placeOfGreatest(outputs[name]!.all as Float32Array);
            first ??= likeliest;
            isSingle &&= likeliest !== undefined && likeliest === first;
            if (isSingle) for (const { name, diversity } of judged) diversity.add(inputs[name]!);
          },
          verdict: () =>
            isSingle && judged.some(({ diversity }) => diversity.isDiverse())
              ? `The answers to ${length} datapoints of many kinds are all of one class, of ${classes}. Are the inputs prepared as in training: scale, colours, order of columns, words?`
              : undefined,
        };
      },
    };
  });
};

/** Undefined where the first is no number, as all are then. */
function placeOfGreatest(values: ArrayLike<number>): number | undefined {
  if (Number.isNaN(values[0])) return undefined;
  let place = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[place]!) place = index;
  return place;
}
