import { MixedArray, NumberArray } from '../json/number-array.js';
import { at, quoted } from '../json/place.js';
import { type Tensor, type TensorData, type TensorInfo, type TensorType, tensorArrays } from '../tensor.js';

/** JSON that is no input of the model. The message names the first place that is wrong, and what was expected there. */
export class InstancesError extends Error {
  override readonly name = 'InstancesError';
  readonly code = 'instances_invalid';
  /** @param place the first wrong element, as JavaScript writes it: `instances[0].age`; '' is the whole */
  constructor(
    readonly place: string,
    message: string,
  ) {
    super(message);
  }
}

/** The error of a value at a place that should be something else. */
export const wrong = (place: string, expected: string, value: unknown): InstancesError =>
  new InstancesError(place, `${place} should be ${expected}, but is ${show(value)}.`);

interface NumberType {
  least: number;
  most: number;
  whole: boolean;
}

const integer = (least: number, most: number): NumberType => ({
  least: Math.max(least, Number.MIN_SAFE_INTEGER),
  most: Math.min(most, Number.MAX_SAFE_INTEGER),
  whole: true,
});

/** The greatest number that rounds to a float32: just below half a step above the greatest of these. */
export const largestFloat32 = (2 - 2 ** -24 - 2 ** -52) * 2 ** 127;

/** What may stand for an element of each type. Whole numbers end where JSON's are no longer exact. */
const numberTypes: Partial<Record<string, NumberType>> = {
  float32: { least: -largestFloat32, most: largestFloat32, whole: false },
  float64: { least: -Number.MAX_VALUE, most: Number.MAX_VALUE, whole: false },
  int8: integer(-(2 ** 7), 2 ** 7 - 1),
  uint8: integer(0, 2 ** 8 - 1),
  int16: integer(-(2 ** 15), 2 ** 15 - 1),
  uint16: integer(0, 2 ** 16 - 1),
  int32: integer(-(2 ** 31), 2 ** 31 - 1),
  uint32: integer(0, 2 ** 32 - 1),
  int64: integer(-(2 ** 63), 2 ** 63),
  uint64: integer(0, 2 ** 64),
  bool: integer(0, 1),
} satisfies Record<TensorType, NumberType>;

/** A JSON array, however it is held. */
export type List = readonly unknown[] | NumberArray | MixedArray;
export const isList = (value: unknown): value is List =>
  Array.isArray(value) || value instanceof NumberArray || value instanceof MixedArray;

/** A JSON object, as opposed to a list or null. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !isList(value);

/** A value in a message, cut short. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (isList(value)) return value.length === 1 ? 'an array of 1 element' : `an array of ${value.length} elements`;
  if (isObject(value)) return 'an object';
  if (typeof value === 'string') return quoted(value);
  // JSON.parse makes 1e999 infinite.
  return String(value);
}

/** A number of things in a message. */
export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What an element of a type must be: `a whole number from 0 to 255`. */
export function describeElement(type: TensorType): string {
  if (type === 'bool') return 'true or false';
  const { least, most, whole } = numberTypes[type]!;
  if (whole) return `a whole number from ${least} to ${most}`;
  return type === 'float32' ? 'a number that float32 can hold' : 'a number';
}

/** What a value with these axes must be: `an array of 28 arrays of 28 numbers`. */
export function describe(sizes: readonly (number | null)[], type: TensorType): string {
  const [size, ...rest] = sizes;
  if (size === undefined) return describeElement(type);
  const words = sizes.map((length, axis) => {
    const noun = axis < sizes.length - 1 ? 'array' : type === 'bool' ? 'boolean' : 'number';
    return length === null ? `${noun}s` : plural(length, noun);
  });
  const scalar = [size, ...rest].every((length) => length === 1);
  return `an array of ${words.join(' of ')}${scalar ? ', or the number alone' : ''}`;
}

/** Elements that are made room for at once; more only once they are there. */
const firstCapacity = 2 ** 20;

/** Fills the tensor of one input, row by row. */
export class TensorWriter {
  readonly name: string;
  private readonly numbers: NumberType;
  /** The number of rows, then of a row's axes; those of any size get theirs from the first row. */
  private readonly sizes: [rows: number, ...(number | null)[]];
  /** Whether a number may stand for a row of one element. */
  private readonly scalar: boolean;
  private readonly nonFinite: boolean;
  private data: TensorData;
  private length = 0;

  /** @param nonFinite whether NaN and infinities are floats */
  constructor(
    private readonly info: TensorInfo,
    rows: number,
    nonFinite = false,
  ) {
    this.name = info.name;
    this.nonFinite = nonFinite && (info.type === 'float32' || info.type === 'float64');
    const numbers = numberTypes[info.type];
    if (!numbers)
      throw new InstancesError('', `The input ${show(info.name)} takes ${info.type}, which JSON can't give.`);
    this.numbers = numbers;
    this.sizes = [rows, ...info.shape.slice(1)];
    this.scalar = this.sizes.slice(1).every((size) => size === 1);
    this.data = new tensorArrays[info.type](0);
  }

  /** @param place of the row in the JSON */
  write(row: unknown, place: string): void {
    if (this.scalar && !isList(row)) this.elements([row], () => place);
    else if (this.sizes.length === 1) throw wrong(place, describeElement(this.info.type), row);
    else this.axis(row, 1, () => place);
  }

  /** All rows. @param place of their list in the JSON */
  writeAll(rows: List, place: string): void {
    if (!(rows instanceof NumberArray) || !this.writeBlock(rows, 0, () => place))
      for (let index = 0; index < rows.length; index++) this.write(rows.at(index), at(place, index));
  }

  finish(): Tensor {
    const { type } = this.info;
    const shape = this.sizes.map((size) => size ?? 0);
    return { type, shape, data: this.data.length === this.length ? this.data : this.data.slice(0, this.length) };
  }

  /** As deep as the input's shape has axes, however deep the JSON is. */
  private axis(value: unknown, axis: number, place: () => string): void {
    const size = this.sizes[axis];
    if (!isList(value) || value.length !== (size ?? Math.max(1, value.length))) {
      const known = this.info.shape[axis] === null && size !== null ? ', like those before it' : '';
      throw wrong(place(), describe(this.sizes.slice(axis), this.info.type) + known, value);
    }
    if (value instanceof NumberArray && this.writeBlock(value, axis, place)) return;
    this.sizes[axis] = value.length;
    if (axis === this.sizes.length - 1) this.elements(value, (index) => at(place(), index));
    else
      for (let index = 0; index < value.length; index++) this.axis(value.at(index), axis + 1, () => at(place(), index));
  }

  /** Writes numbers in one piece where they have the shape that is needed from an axis on. @returns whether they have */
  private writeBlock(block: NumberArray, axis: number, place: () => string): boolean {
    const { shape } = block;
    const sizes = this.sizes.slice(axis);
    const scalars = this.scalar && axis === 0 && shape.length === 1;
    const fits = (size: number | null, index: number) => shape[index]! > 0 && (size ?? shape[index]) === shape[index];
    if (!scalars && (shape.length !== sizes.length || !sizes.every(fits))) return false;
    if (!scalars) for (const [index, size] of shape.entries()) this.sizes[axis + index] = size;
    this.elements(block.data, (index) => placeIn(place(), index, shape));
    return true;
  }

  private elements(values: List | Float64Array, place: (index: number) => string): void {
    if (values instanceof MixedArray) {
      const { head, tail } = values;
      this.elements(head, place);
      this.elements(tail, (index) => place(head.length + index));
      return;
    }
    // Arrays where there should be numbers are wrong from the first on.
    const list = !(values instanceof NumberArray) ? values : values.shape.length === 1 ? values.data : [values.at(0)];
    const index = this.store(list);
    if (index >= 0) throw wrong(place(index), describeElement(this.info.type), list.at(index));
  }

  /** @returns the index of the first value that is none of the type, or -1 */
  private store(values: readonly unknown[] | Float64Array): number {
    const { nonFinite } = this;
    const { least, most, whole } = this.numbers;
    const isBig = this.data instanceof BigInt64Array || this.data instanceof BigUint64Array;
    const isBool = this.info.type === 'bool';
    this.reserve(values.length);
    const { data, length } = this;
    for (let index = 0; index < values.length; index++) {
      let value = values[index];
      if (isBool && typeof value === 'boolean') value = Number(value);
      // Written so that NaN is out of range.
      if (typeof value !== 'number' || !(value >= least && value <= most) || (whole && !Number.isInteger(value)))
        if (!nonFinite || typeof value !== 'number' || Number.isFinite(value)) return index;
      if (isBig) data[length + index] = BigInt(value);
      else data[length + index] = value;
    }
    this.length += values.length;
    return -1;
  }

  /** Makes room. What the first row promises is not believed beyond a point: the others might not be there. */
  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.data.length) return;
    const total = this.sizes.reduce<number>((product, size) => product * (size ?? 1), 1);
    const capacity = Math.max(needed, Math.min(total, Math.max(firstCapacity, 2 * this.data.length)));
    const larger = new tensorArrays[this.info.type](capacity);
    (larger as { set(data: TensorData): void }).set(this.data);
    this.data = larger;
  }
}

/** The place of an element of an array of this shape by its number in row-major order. */
function placeIn(place: string, index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  for (const size of [...shape].reverse()) {
    indices.unshift(index % size);
    index = Math.floor(index / size);
  }
  return indices.reduce(at, place);
}

/** What stands in JSON for a tensor, or for a row of one. NaN and infinities, which JSON lacks, are null. */
export type JsonTensor = number | boolean | null | JsonTensor[];

/** A tensor as nested arrays, or as the one element that it is. */
export function nest({ type, shape, data }: Tensor): JsonTensor {
  const element: (value: number | bigint) => JsonTensor =
    type === 'bool' ? Boolean : (value) => (Number.isFinite(Number(value)) ? Number(value) : null);
  if (shape.length === 0) return element(data[0]!);
  let position = 0;
  const read = (axis: number): JsonTensor[] => {
    const list: JsonTensor[] = [];
    for (let index = 0; index < shape[axis]!; index++)
      list.push(axis === shape.length - 1 ? element(data[position++]!) : read(axis + 1));
    return list;
  };
  return read(0);
}
