import type { Fields } from './fields.js';
import { type Column, numbersOf, type TransformerKind } from './transformer.js';

type Operator = 'subtract' | 'divide' | 'multiply' | 'add';

/** What is done to every column, one after the other, in the order in which scikit-learn does it: sums depend on it. */
export interface ScalerSpec {
  steps: readonly { operator: Operator; by: Float64Array }[];
  /** What is out of it is set to its ends. */
  clip?: readonly [least: number, most: number];
}

const operators: Record<Operator, (value: number, by: number) => number> = {
  subtract: (value, by) => value - by,
  divide: (value, by) => value / by,
  multiply: (value, by) => value * by,
  add: (value, by) => value + by,
};
const opposite: Record<Operator, Operator> = {
  subtract: 'add',
  add: 'subtract',
  divide: 'multiply',
  multiply: 'divide',
};

type Step = readonly [operator: Operator, attribute: string, flag?: string];

/** A scaler whose steps are given by its attributes, of which some are done only where a parameter says so. */
const scaler = (
  steps: readonly Step[],
  clip?: (fields: Fields) => readonly [number, number] | undefined,
): TransformerKind<ScalerSpec> => ({
  read(fields) {
    const done = steps.filter(([, , flag]) => !flag || fields.flag(flag, true));
    const range = clip?.(fields);
    const all = done.map(([operator, attribute]) => ({ operator, by: fields.numbers(attribute) }));
    for (const [index, { operator, by }] of all.entries())
      if (!by.every((one) => Number.isFinite(one) && (one !== 0 || operator === 'subtract' || operator === 'add')))
        fields.unsupported(`whose ${done[index]![1]} has a number by which nothing can be scaled`);
    if (new Set(all.map(({ by }) => by.length)).size > 1)
      fields.unsupported('whose attributes are of different numbers of columns');
    return {
      steps: all,
      ...(range && { clip: range }),
    };
  },
  inputs: ({ steps: [first] }) => first?.by.length,
  transform: scale,
  inverse: (columns, { steps }) =>
    scale(columns, { steps: steps.toReversed().map(({ operator, by }) => ({ operator: opposite[operator], by })) }),
});

/** Scales columns. */
export function scale(columns: readonly Column[], { steps, clip }: ScalerSpec): Float64Array[] {
  return columns.map((column, index) => {
    const values = Float64Array.from(numbersOf(column, index));
    for (const { operator, by } of steps) apply(values, operators[operator], by[index]!);
    if (clip) apply(values, (value) => Math.min(Math.max(value, clip[0]), clip[1]), 0);
    return values;
  });
}

function apply(values: Float64Array, operator: (value: number, by: number) => number, by: number): void {
  for (let row = 0; row < values.length; row++) values[row] = operator(values[row]!, by);
}

function rangeOf(fields: Fields): readonly [number, number] | undefined {
  if (!fields.flag('clip', false)) return undefined;
  const [least, most] = fields.list('feature_range');
  if (typeof least !== 'number' || typeof most !== 'number') return fields.unsupported("whose range isn't understood");
  return [least, most];
}

interface NormalizerSpec {
  norm: 'l1' | 'l2' | 'max';
}

const norms: Record<NormalizerSpec['norm'], { add(sum: number, value: number): number; of(sum: number): number }> = {
  l1: { add: (sum, value) => sum + Math.abs(value), of: (sum) => sum },
  l2: { add: (sum, value) => sum + value * value, of: Math.sqrt },
  max: { add: (most, value) => Math.max(most, Math.abs(value)), of: (most) => most },
};

/** Rows of which each is divided by its own length. */
const Normalizer: TransformerKind<NormalizerSpec> = {
  read(fields) {
    const norm = fields.text('norm');
    if (!Object.hasOwn(norms, norm)) fields.unsupported(`of the norm ${norm.slice(0, 20)}`);
    if (norm === 'max' && /^0\.(1\d|2[0-2])\./.test(fields.text('_sklearn_version', '')))
      fields.unsupported(
        'of the norm max, which scikit-learn before 0.23 took without the sign: fit and save it again',
      );
    return { norm: norm as NormalizerSpec['norm'] };
  },
  transform(columns, { norm }) {
    const numbers = columns.map(numbersOf);
    const lengths = new Float64Array(numbers[0]?.length ?? 0);
    for (const values of numbers)
      for (let row = 0; row < lengths.length; row++) lengths[row] = norms[norm].add(lengths[row]!, values[row]!);
    return numbers.map((values) => values.map((value, row) => value / (norms[norm].of(lengths[row]!) || 1)));
  },
};

export const StandardScaler = scaler([
  ['subtract', 'mean_', 'with_mean'],
  ['divide', 'scale_', 'with_std'],
]);

/** The classes of scikit-learn that scale. */
export const scalers = {
  StandardScaler,
  MinMaxScaler: scaler(
    [
      ['multiply', 'scale_'],
      ['add', 'min_'],
    ],
    rangeOf,
  ),
  MaxAbsScaler: scaler([['divide', 'scale_']], (fields) => (fields.flag('clip', false) ? [-1, 1] : undefined)),
  RobustScaler: scaler([
    ['subtract', 'center_', 'with_centering'],
    ['divide', 'scale_', 'with_scaling'],
  ]),
  Normalizer,
};
