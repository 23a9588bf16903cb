import type { ChecksOf } from '../check.js';
import { type ExpectedInput, expectedOf } from '../expectations.js';

/** So few that a request or two of some rows show it, and so many that an outlier is none. */
const length = 32;

/** Columns that a message names. */
const mostNamed = 5;

/** Numbers that lie far from what the model was trained on, in more than half of the datapoints. */
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
            const { values, columns, length: count } = inputs[name]!;
            const found = new Set<number>();
            for (let index = 0; index < count; index++)
              if (isFar(values[index]!, columns[index]!, expected)) found.add(columns[index]!);
            for (const column of found) far.set(column, (far.get(column) ?? 0) + 1);
          },
          verdict() {
            const columns = [...far].filter(([, datapoints]) => datapoints > length / 2).map(([column]) => column);
            return columns.length === 0 ? undefined : messageOf(columns, expected);
          },
        };
      },
    };
  });

function isFar(value: number, column: number, { columns, far }: ExpectedInput): boolean {
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
