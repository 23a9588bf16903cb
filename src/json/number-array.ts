/**
 * A JSON array of numbers, or of arrays of them that are all alike, in one piece: an array for every pixel of a picture would
 * take ten times the memory of its text.
 */
export class NumberArray {
  /**
   * @param pool the numbers of the whole document, in its order
   * @param start where this array's begin
   * @param shape its length, and that of the arrays in it, axis by axis
   */
  constructor(
    private readonly pool: Float64Array,
    readonly start: number,
    readonly shape: readonly number[],
  ) {}

  get length(): number {
    return this.shape[0]!;
  }

  /** All numbers, row-major; the memory is shared. */
  get data(): Float64Array {
    const count = this.shape.reduce((product, size) => product * size, 1);
    return this.pool.subarray(this.start, this.start + count);
  }

  /** An element: a number, or an array that shares the memory. */
  at(index: number): number | NumberArray {
    const [, ...rest] = this.shape;
    const position = this.start + index * rest.reduce((product, size) => product * size, 1);
    return rest.length === 0 ? this.pool[position]! : new NumberArray(this.pool, position, rest);
  }
}

/** Lengths of an array, of those in it, and so on. There is one object for each shape: equal shapes are the same. */
export class Shape {
  private readonly outer = new Map<number, Shape>();

  constructor(readonly sizes: readonly number[]) {}

  /** Of an array of so many of these. */
  times(length: number): Shape {
    let shape = this.outer.get(length);
    if (!shape) {
      shape = new Shape([length, ...this.sizes]);
      this.outer.set(length, shape);
    }
    return shape;
  }
}

/** A JSON array of which many elements at its beginning are alike, and those behind them aren't. */
export class MixedArray {
  constructor(
    readonly head: NumberArray,
    readonly tail: readonly JsonValue[],
  ) {}

  get length(): number {
    return this.head.length + this.tail.length;
  }

  at(index: number): JsonValue {
    return index < this.head.length ? this.head.at(index) : this.tail[index - this.head.length]!;
  }
}

/** What a JSON text says: as `JSON.parse` gives it, but for arrays of numbers. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | NumberArray
  | MixedArray
  | JsonValue[]
  | { [key: string]: JsonValue };
