import type { ChecksOf } from '../check.js';
import { type ExpectedInput, expectedOf } from '../expectations.js';

/** So few that a request or two of some rows show it, and so many that an outlier is none. */
const length = 32;

/** Columns that a message names. */
const mostNamed = 5;

/**
 * Numbers that lie far from what the model was trained on, in more than half of the datapoints; where these are series, in more than
 * half of their steps: prices leap.
 */
export const trainingServingSkew: ChecksOf = ({ inputs }) =>
  inputs.flatMap((input) => {
    const expected = expectedOf(input);
    if (!expected) return [];
    const { name } = input.info;
    return {
      anomaly: 'training_serving_skew' as const,
      key: `inputs.${name}`,
      length,
      begin() {
        const far = new Map<number, number>();
        return {
          add({ inputs }) {
            const { values, columns, steps, length: count } = inputs[name]!;
            const found = new Map<number, number>();
            for (let index = 0; index < count; index++)
              if (isFar(values[index]!, columns[index]!, expected)) increase(found, columns[index]!);
            for (const [column, times] of found) if (times > steps / 2) increase(far, column);
          },
          verdict() {
            const columns = [...far].filter(([, datapoints]) => datapoints > length / 2).map(([column]) => column);
            return columns.length === 0 ? undefined : messageOf(columns, expected);
          },
        };
      },
    };
  });

const increase = (counts: Map<number, number>, key: number): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);

function isFar(value: number, column: number, { columns, far, padding }: ExpectedInput): boolean {
  if (value === padding) return false;
  const expectation = columns[columns.length === 1 ? 0 : column];
  // NaN is far from nothing.
  return expectation !== undefined && Math.abs(value - expectation.mean) > far * expectation.deviation;
}

function messageOf(columns: readonly number[], { names, far, basis }: ExpectedInput): string {
  const named = columns.slice(0, mostNamed).map((column) => names[column] ?? `column ${column + 1}`);
  const more = columns.length - named.length;
  const listed = [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return (
    `In more than half of ${length} different datapoints, numbers of ${listed} lie over ${far} standard deviations from what ${basis}. ` +
    'Do they have the units of the training, and are they scaled as often as there?'
  );
}
