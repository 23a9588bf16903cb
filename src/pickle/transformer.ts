import { InternalSignal } from '../support/errors.js';
import type { Cell } from './cells.js';
import type { Fields } from './fields.js';
import type { PickleValue } from './values.js';

/** A column of rows on its way through transformers: numbers, of which NaN is none, or values of any kind. */
export type Column = Float64Array | readonly Cell[];

/** What a fitted object does to rows: plain data, which crosses threads. */
export interface Fitted {
  /** The class in scikit-learn. */
  kind: string;
  /** How many columns it takes; any number where that isn't known. */
  inputs?: number;
  /** What the columns are called that it was fitted on. */
  names?: readonly string[];
  /** What its kind needs to know. */
  spec: unknown;
}

/** What a column of a transformer may have in it: numbers, unless it says otherwise. */
export interface Accepted {
  /** What its values can be. */
  categories?: readonly Cell[];
  /** Whether others are taken, too. */
  others?: boolean;
  /** What an absent value counts as; without, there must be one. */
  missing?: Cell;
  /** Whether nothing is done with it. */
  unused?: true;
}

/** A value that a transformer can't take: whoever runs it knows what its column is called, and where the value came from. */
export class TransformSignal extends InternalSignal {
  constructor(
    /** Of the columns that the outermost transformer takes; undefined where it is the number of columns that is wrong. */
    readonly column: number | undefined,
    readonly row: number,
    readonly value: Cell,
    /** What it should have been: it goes on after "must be". */
    readonly expected: string,
    /** All that it could have been. */
    readonly categories?: readonly Cell[],
  ) {
    super(`must be ${expected}`);
  }
}

/** What kinds read and run other kinds with. */
export interface Transformers {
  /** @throws PickleError */
  read(value: PickleValue): Fitted;
  transform(fitted: Fitted, columns: readonly Column[]): Column[];
  inverse(fitted: Fitted, columns: readonly Column[]): Column[];
  invertible(fitted: Fitted): boolean;
  /** @param count of columns */
  accepts(fitted: Fitted, count: number): readonly Accepted[];
}

/** A class of scikit-learn: how its objects are read, and what they do. */
export interface TransformerKind<Spec = unknown> {
  /** @throws PickleError */
  read(fields: Fields, all: Transformers): Spec;
  /** How many columns it takes, where the object doesn't say it itself. */
  inputs?(spec: Spec): number | undefined;
  /** What its columns are called, where the object doesn't say it itself. */
  names?(spec: Spec): readonly string[] | undefined;
  /** @throws TransformSignal */
  transform(columns: readonly Column[], spec: Spec, all: Transformers): Column[];
  /** What `inverse_transform` does; a kind without it has none. */
  inverse?(columns: readonly Column[], spec: Spec, all: Transformers): Column[];
  invertible?(spec: Spec, all: Transformers): boolean;
  /** What each of so many columns may have in it; numbers where this is left out. */
  accepts?(spec: Spec, count: number, all: Transformers): readonly Accepted[];
}

/** A column of numbers: true and false count as 1 and 0, a text as the number that it spells. @throws TransformSignal */
export function numbersOf(column: Column, index: number): Float64Array {
  if (column instanceof Float64Array) return column;
  return Float64Array.from(column, (cell, row) => {
    if (cell === null) return Number.NaN;
    const number = typeof cell === 'string' && cell.trim() === '' ? Number.NaN : Number(cell);
    if (Number.isNaN(number)) throw new TransformSignal(index, row, cell, 'a number');
    return number;
  });
}

/** A column as cells. */
export const cellOfColumn = (column: Column): ((row: number) => Cell) =>
  column instanceof Float64Array ? (row) => (Number.isNaN(column[row]!) ? null : column[row]!) : (row) => column[row]!;
