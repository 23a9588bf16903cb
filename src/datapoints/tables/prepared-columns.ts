import type { TensorData, TensorType } from '../../support/tensor.js';
import type { InstancesError } from '../json-tensor.js';
import { numberTypes } from '../number-types.js';
import {
  type Category,
  type CategoryColumn,
  isCategories,
  type NumberColumn,
  type NumericColumn,
  transforms,
  widthOf,
} from './columns.js';
import { refused, refusedCategory } from './refusals.js';

/** A column that is ready to be read. */
export interface PreparedColumn<Cells = TensorData> {
  readonly name: string;
  /** Where its numbers begin in a row. */
  readonly from: number;
  /** Whether a value is one of the column's; what is absent is where something counts for it. */
  takes(value: unknown): boolean;
  /** Writes what a value stands for into zeros. @returns whether it is one of the column's */
  write(value: unknown, cells: Cells, at: number): boolean;
  /** What is wrong with a value that isn't one of the column's. */
  refusal(value: unknown, place: string): InstancesError;
}

/** A column of numbers. @param from where they begin in a row */
export const preparedColumn = (column: NumericColumn, type: TensorType, from = 0): PreparedColumn =>
  isCategories(column) ? preparedCategories(column, type, from) : preparedNumber(column, type, from);

/** The columns of a table of numbers, ready to be read one after the other. */
export function preparedColumns(columns: readonly NumericColumn[], type: TensorType): PreparedColumn[] {
  let from = 0;
  return columns.map((column) => {
    const prepared = preparedColumn(column, type, from);
    from += widthOf(column);
    return prepared;
  });
}

/** What numbers of a column may be. */
export interface NumberRange {
  least: number;
  most: number;
  /** Whether they must be more than the least. */
  isOpen: boolean;
  whole: boolean;
}

/** A step inside of the ends of a type, by which rounding doesn't get out of it. */
const inside = 1 - 2 ** -40;

/** Which numbers of a column become such as its type holds. */
export function numberRange({ offset = 0, scale = 1, transform }: NumberColumn, type: TensorType): NumberRange {
  const { least, most, whole } = numberTypes[type];
  const given = transform && transforms[transform];
  const isBare = offset === 0 && scale === 1 && !given;
  const ends = [least, most].map((end) => {
    const value = isBare || whole ? end * scale + offset : end * inside * scale + offset;
    const inverse = given ? given.inverse(value) : value;
    return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, inverse));
  });
  const lower = Math.min(...ends);
  const bound = given?.over ?? given?.from ?? lower;
  return {
    least: Math.max(lower, bound),
    most: Math.max(...ends),
    isOpen: given?.over !== undefined && lower <= given.over,
    whole,
  };
}

/** Whether a number is in a range. */
export const isIn = (value: number, { least, most, isOpen, whole }: NumberRange): boolean =>
  (isOpen ? value > least : value >= least) && value <= most && (!whole || Number.isInteger(value));

/** Whether the elements of tensors of a type are `bigint`. */
const isBig = (type: TensorType): boolean => type === 'int64' || type === 'uint64';

function preparedNumber(column: NumberColumn, type: TensorType, from: number): PreparedColumn {
  const { name, offset = 0, scale = 1, transform, missing } = column;
  const range = numberRange(column, type);
  const { least, most } = numberTypes[type];
  const change = transform && transforms[transform].of;
  const big = isBig(type);
  const write = (value: unknown, data: TensorData | undefined, at: number): boolean => {
    let number = value ?? missing;
    if (typeof number === 'boolean') number = Number(number);
    if (typeof number !== 'number' || !isIn(number, range)) return false;
    const result = ((change ? change(number) : number) - offset) / scale;
    // Written so that NaN is out of range.
    if (!(result >= least && result <= most)) return false;
    if (data) data[at] = big ? BigInt(result) : result;
    return true;
  };
  const expected = range.whole
    ? `a whole number from ${range.least} to ${range.most}`
    : transform && range.isOpen
      ? `a number over ${range.least}, of which ${transform} is taken`
      : transform
        ? `a number from ${range.least} on, of which ${transform} is taken`
        : 'a number';
  return {
    name,
    from,
    takes: (value) => write(value, undefined, 0),
    write,
    refusal: (value, place) => refused(value, place, expected),
  };
}

function preparedCategories(column: CategoryColumn, type: TensorType, from: number): PreparedColumn {
  const { name, categories, encoding, drop_first, others, absent, missing } = column;
  const codes = new Map(categories.map((category, code) => [String(category), code]));
  const codeOf = (value: unknown): number | undefined => {
    const given = value ?? missing;
    if (absent && (given === undefined || given === null)) return categories.length + 1;
    const isOther = others && ['string', 'number', 'boolean'].includes(typeof given);
    return knownCodeOf(given) ?? (isOther ? categories.length : undefined);
  };
  const knownCodeOf = (given: unknown): number | undefined => {
    if (typeof given === 'string') return codes.get(given);
    if (typeof given === 'number') return codes.get(String(given));
    return typeof given === 'boolean'
      ? textsOf(given)
          .map((text) => codes.get(text))
          .find(isKnown)
      : undefined;
  };
  const element = isBig(type) ? BigInt : Number;
  const one = element(1);
  const first = drop_first ? 1 : 0;
  return {
    name,
    from,
    takes: (value) => codeOf(value) !== undefined,
    write(value, data, at) {
      const code = codeOf(value);
      if (code === undefined) return false;
      if (encoding !== 'one-hot') data[at] = element(code);
      else if (code >= first) data[at + code - first] = one;
      return true;
    },
    refusal: (value, place) => refusedCategory(value, place, categories),
  };
}

const isKnown = <Value>(value: Value | undefined): value is Value => value !== undefined;

/** The categories that true and false can be: by their own names in JSON and Python, else 1 and 0. */
export const textsOf = (value: boolean): string[] => (value ? ['true', 'True', '1'] : ['false', 'False', '0']);

/** The values in JSON that are a category: its text, and what has that as its own. */
export function valuesOf(category: Category, categories: ReadonlySet<string>): Category[] {
  const text = String(category);
  const values: Category[] = [category, text];
  if (text === String(Number(text)) && Number.isFinite(Number(text))) values.push(Number(text));
  for (const value of [true, false]) if (textsOf(value).find((one) => categories.has(one)) === text) values.push(value);
  return [...new Set(values)];
}
