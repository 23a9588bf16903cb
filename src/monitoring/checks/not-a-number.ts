import type { ChecksOf } from '../check.js';
import type { Sample } from '../sample.js';

/** As many as of inputs that make them so. */
const length = 32;

/** Answers in which something is no number, more than half of them. Infinite ones may be meant: the logarithm of nothing. */
export const notANumber: ChecksOf = ({ outputs }) =>
  outputs.flatMap(({ info: { name, type } }) =>
    !type.startsWith('float')
      ? []
      : {
          anomaly: 'not_a_number' as const,
          key: `outputs.${name}`,
          length,
          begin() {
            let without = 0;
            return {
              add({ outputs }) {
                if (hasNaN(outputs[name]!)) without++;
              },
              verdict: () =>
                without > length / 2
                  ? `More than half of the answers to ${length} different datapoints are no number (NaN). Are the weights whole, and the inputs as large as in training?`
                  : undefined,
            };
          },
        },
  );

function hasNaN({ values, length: count }: Sample): boolean {
  for (let index = 0; index < count; index++) if (Number.isNaN(values[index]!)) return true;
  return false;
}
