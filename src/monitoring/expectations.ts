import type { Claimed } from '../datapoints/kinds.js';
import type { Fitting } from '../datapoints/steps.js';
import { isCategories, widthOf } from '../datapoints/tables/columns.js';
import type { TableSpec } from '../datapoints/tables/table-spec.js';
import type { InputHints } from '../inference/model-hints.js';
import { scaledColumns } from '../pickle/scaled-columns.js';
import type { TensorInfo } from '../support/tensor.js';

/** What the numbers of a column were like in training. */
export interface Expectation {
  mean: number;
  /** The standard deviation. */
  deviation: number;
}

/** What an input is expected to be like. */
export interface ExpectedInput {
  /** By the place along the last axis; undefined where nothing is expected of one. One alone is for all. */
  columns: readonly (Expectation | undefined)[];
  /** What columns are called, where each is one number. */
  names: readonly string[];
  /** How many deviations are far away. */
  far: number;
  /** The number that stands where a step is missing, where there are steps. */
  padding?: number;
  /** What speaks for it: it goes on after "what". */
  basis: string;
}

/** What is known of an input. */
export interface KnownInput {
  info: TensorInfo;
  claimed: Claimed;
  hints: InputHints | undefined;
}

type Source = (input: KnownInput) => Pick<ExpectedInput, 'columns' | 'far' | 'basis'> | undefined;

/**
 * Chebyshev: of any numbers at most 1 % lie over 10 standard deviations from their mean. That more than half of those which come do
 * is no chance.
 */
const usuallyFar = 10;

/**
 * An offset and scale that somebody wrote down may be a scaler's, or turn degrees Fahrenheit into Celsius, or parts into per cent:
 * such numbers are no deviations, and hardly ever over 100.
 */
const farByCard = 100;

const standard: Expectation = { mean: 0, deviation: 1 };

const tableOf = ({ claimed: { kind, spec } }: KnownInput): TableSpec | undefined =>
  kind === 'table' ? (spec as TableSpec) : undefined;

/** Where expectations come from; the first that has some counts. */
const sources: readonly Source[] = [
  ({ hints: { statistics } = {} }) =>
    statistics && {
      columns: statistics.mean.map((mean, index) => usable({ mean, deviation: statistics.deviation[index]! })),
      far: usuallyFar,
      basis: `the model's ${statistics.layer} was fitted on`,
    },
  (input) => {
    const { fitted } = tableOf(input) ?? {};
    if (!fitted) return undefined;
    const columns = scaledColumns(fitted.transformer).map(
      (spread) => spread && { mean: spread.center, deviation: spread.deviation },
    );
    return { columns, far: usuallyFar, basis: `${fitted.file} was fitted on` };
  },
  (input) => {
    const { columns, fitted } = tableOf(input) ?? {};
    if (!columns || fitted) return undefined;
    const each = columns.flatMap((column) => {
      const isScaled = !isCategories(column) && (column as { scale?: number }).scale !== undefined;
      return Array<Expectation | undefined>(widthOf(column)).fill(isScaled ? standard : undefined);
    });
    return { columns: each, far: farByCard, basis: "the card's offset and scale are for" };
  },
];

/** What an input is expected to be like; undefined where nothing is. Pictures and words are no columns. */
export function expectedOf(input: KnownInput): ExpectedInput | undefined {
  const { kind } = input.claimed;
  if (kind === 'image' || kind === 'text' || input.info.type === 'string') return undefined;
  for (const source of sources) {
    const found = source(input);
    if (!found?.columns.some(Boolean)) continue;
    const named = tableOf(input)?.columns ?? [];
    const isEach = named.length === found.columns.length && named.every((column) => widthOf(column) === 1);
    const { fitting } = (input.claimed.spec ?? {}) as { fitting?: Fitting };
    return {
      ...found,
      names: isEach ? named.map(({ name }) => name) : [],
      ...(fitting && { padding: fitting.value }),
    };
  }
  return undefined;
}

/** A share of the mean below which a deviation tells that a column was the same in all rows, and nothing of what is far from it. */
const least = 1e-6;

/** Below it a variance is as that of zeros and ones. */
const alike = 0.01;

/** What can be expected of such numbers: of a column that never changed, or that is 0 or 1, be it ever so seldom, nothing is far. */
function usable({ mean, deviation }: Expectation): Expectation | undefined {
  const variance = deviation ** 2;
  const isFlag = mean > 0 && mean < 1 && Math.abs(variance - mean * (1 - mean)) < alike * variance;
  return deviation > least * Math.max(1, Math.abs(mean)) && !isFlag ? { mean, deviation } : undefined;
}
