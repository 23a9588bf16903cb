import { outputsOf } from './fitted.js';
import type { Fitted } from './transformer.js';

/** What the numbers of a column were like in training: most of them lie within a few deviations of the center. */
export interface Spread {
  center: number;
  deviation: number;
}

/** Of a column that nothing is known of. */
type Known = Spread | undefined;

interface Steps {
  steps: readonly { operator: string; by: Float64Array }[];
}

/** scikit-learn scales what was the same in each row by 1: another value may be as far away as it likes. */
const isConstant = (scale: number): boolean => scale === 1;

/** Of a scaler that does all of its steps; one that was told to leave some out makes no scaled numbers. */
const scaled =
  (spread: Spread, ...operators: string[]) =>
  (spec: unknown): Known[] | undefined => {
    const { steps } = spec as Steps;
    const scale = steps.find(({ operator }) => operator === 'divide' || operator === 'multiply');
    if (!scale || steps.map(({ operator }) => operator).join() !== operators.join()) return undefined;
    return Array.from(scale.by, (by) => (isConstant(by) ? undefined : spread));
  };

const standard: Spread = { center: 0, deviation: 1 };

/** What each class of scikit-learn makes of the rows that it was fitted on. */
const makers: Record<string, (spec: never) => readonly Known[] | undefined> = {
  StandardScaler: scaled(standard, 'subtract', 'divide'),
  RobustScaler: scaled(standard, 'subtract', 'divide'),
  MaxAbsScaler: scaled(standard, 'divide'),
  // The range that it was told is not kept: from 0 to 1 where nobody says otherwise, and never far from that.
  MinMaxScaler: scaled({ center: 0.5, deviation: 1 }, 'multiply', 'add'),
  PowerTransformer: ({ scaler }: { scaler?: Steps }) => scaler && makers.StandardScaler!(scaler as never),
  Pipeline: ({ steps }: { steps: readonly Fitted[] }) => steps.at(-1) && made(steps.at(-1)!),
  ColumnTransformer: ({ parts }: { parts: readonly Part[] }) =>
    parts.flatMap(({ columns, fitted, weight }) => {
      if (!fitted) return columns.map(() => undefined);
      const part = { ...fitted, inputs: columns.length };
      const own = weight === undefined && made(part);
      return own || Array<Known>(columns.length === 0 ? 0 : outputsOf(part)).fill(undefined);
    }),
};

interface Part {
  columns: readonly number[];
  fitted?: Fitted;
  weight?: number;
}

const made = ({ kind, spec }: Fitted): readonly Known[] | undefined =>
  Object.hasOwn(makers, kind) ? makers[kind]!(spec as never) : undefined;

/**
 * What the columns that a fitted transformer makes were like of the rows that it was fitted on, where that is known: of scalers.
 * Empty where it is of none.
 */
export const scaledColumns = (fitted: Fitted): readonly (Spread | undefined)[] => made(fitted) ?? [];
