/** A tuple of Python. */
export class Tuple<T = PythonConstant> {
  /** How many values it holds, written out, it itself among them: the same one can be in it many times. */
  readonly size: number;

  constructor(readonly items: readonly T[]) {
    this.size = items.reduce((sum, item) => sum + (item instanceof Tuple ? item.size : 1), 1);
  }
}

/** The type of Python's `...`. */
export class Ellipsis {
  readonly kind = 'ellipsis';
}

/** Python's `...`. */
export const ellipsis = new Ellipsis();

/** A constant of Python that expressions have. A bigint is an int, a number a float. */
export type PythonConstant = null | boolean | bigint | number | string | Ellipsis | Tuple;

/** What can be in marshalled data, as inert data. */
export type Marshalled =
  | Exclude<PythonConstant, Tuple>
  | Tuple<Marshalled>
  | Uint8Array
  | CodeObject
  | typeof unreadable;

/** Something in marshalled data that no expression has: a set, a dict, a complex number. */
export const unreadable: unique symbol = Symbol('unreadable');

/** The layouts that code objects have had: of Python 3.6 and 3.7, of 3.8 to 3.10, and since 3.11. */
export type CodeLayout = '3.6' | '3.8' | '3.11';

/** What a code object says of a function, whichever Python wrote it. */
export interface CodeObject {
  kind: 'code';
  /** How many parameters have places. Those that have no names for callers are among them. */
  argumentCount: number;
  keywordOnlyCount: number;
  flags: number;
  instructions: Uint8Array;
  constants: readonly Marshalled[];
  names: readonly string[];
  /** Parameters first. */
  variables: readonly string[];
  /** Of its own that inner functions use, and of functions around it. */
  cells: readonly string[];
  free: readonly string[];
  name: string;
}
