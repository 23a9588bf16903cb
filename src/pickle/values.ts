import type { PickleReader } from './pickle-reader.js';

/**
 * What a pickle holds, as data. A tuple is a list, a `dict` of any class a Map, a Python 2 `str` a string where it is UTF-8; a whole
 * number is a `bigint` where a number can't hold it. Values can hold themselves and each other many times over: whoever walks
 * them keeps to the depth that it knows.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleMap
  | Set<PickleValue>
  | Known
  | Built;
export type PickleMap = Map<PickleValue, PickleValue>;

/** What reading is limited by, and reads from. */
export interface Reading {
  readonly reader: PickleReader;
  /** Counts what is made beyond the bytes that were read. @throws PickleError past the limit */
  charge(bytes: number): void;
  /** The pickle that begins where the reader is. @throws PickleError */
  readNested(): PickleValue;
}

/** A class or function whose name is known here. Nothing of Python's stands behind it. */
export class Known {
  constructor(
    /** What it is called here: `StandardScaler`, wherever scikit-learn keeps it. */
    readonly name: string,
    /** What a call of it stands for: data, made by this program. Without, a call is refused. */
    readonly make?: (args: readonly PickleValue[], reading: Reading) => PickleValue,
  ) {}
}

/** What is made first and told its state later. */
export abstract class Built {
  /** What it becomes with a state. @throws PickleError */
  abstract build(state: PickleValue, reading: Reading): PickleValue;
}

/** An object of a known class: its name and its attributes, and nothing that acts. */
export class Instance extends Built {
  attributes: PickleMap = new Map();

  constructor(
    readonly className: string,
    /** What it was made of, beside its state. */
    readonly args: readonly PickleValue[] = [],
  ) {
    super();
  }

  build(state: PickleValue): this {
    // With slots a state is a pair: the attributes, and those of slots.
    const parts = Array.isArray(state) && state.length === 2 ? state : [state];
    if (parts.every((part) => part instanceof Map || part === null)) {
      for (const part of parts)
        for (const [name, value] of (part as PickleMap | null) ?? []) this.attributes.set(name, value);
    } else this.attributes.set('__state__', state);
    return this;
  }
}
