import type { ChecksOf } from '../check.js';
import { Range } from '../range.js';

/** As many as no chance gives the same number for. */
const length = 100;

/** The share of a number by which it may differ when it is computed in another batch. */
const rounding = 1e-6;

/** Kinds of which an answer that never changes is no answer; a tensor beside others may well be the same for all, such as anchors. */
const answers: ReadonlySet<string> = new Set(['classes', 'binary', 'multi-label', 'number']);

/**
 * One answer to all datapoints. Whole numbers may be meant: 0 mm of rain day after day, and the 0 and 1 of who is very sure.
 */
export const constantPredictions: ChecksOf = ({ outputs }) =>
  outputs.flatMap(({ info: { name, type }, claimed: { kind } }) =>
    !type.startsWith('float') || (outputs.length > 1 && !answers.has(kind))
      ? []
      : {
          anomaly: 'constant_predictions' as const,
          key: `outputs.${name}`,
          length,
          begin() {
            const ranges: Range[] = [];
            let isSame = true;
            return {
              add({ outputs }) {
                const { values, length: count } = outputs[name]!;
                for (let index = 0; isSame && index < count; index++) {
                  ranges[index] ??= new Range();
                  ranges[index]!.add(values[index]!);
                  isSame = isConstant(ranges[index]!);
                }
              },
              verdict: () =>
                isSame && ranges.some(({ least }) => Number.isFinite(least) && !isWhole(least))
                  ? `The answers to ${length} different datapoints are all the same. Are the inputs prepared as in training, and the weights those that were trained?`
                  : undefined,
            };
          },
        },
  );

/** What is infinite is the same as itself alone. */
const isConstant = ({ least, greatest }: Range): boolean =>
  greatest === least ||
  greatest - least <= rounding * Math.min(Number.MAX_VALUE, Math.max(Math.abs(least), Math.abs(greatest)));

const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) <= rounding;
