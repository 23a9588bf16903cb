import { MixedArray, NumberArray } from '../json/number-array.js';
import { at, quoted } from '../json/place.js';
import { KnownError } from '../support/errors.js';
import type { Tensor, TensorInfo, TensorType } from '../support/tensor.js';
import { type ElementStore, elementStore } from './element-store.js';
import { numberTypes } from './number-types.js';

/** JSON that is no input of the model. The message names the first place that is wrong, and what was expected there. */
export class InstancesError extends KnownError {
  readonly audience = 'client';
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

/** A JSON array, however it is held. */
export type List = readonly unknown[] | NumberArray | MixedArray;
export const isList = (value: unknown): value is List =>
  Array.isArray(value) || value instanceof NumberArray || value instanceof MixedArray;

/** A JSON object, as opposed to a list, null, or a file, which forms have in its place. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array);

/** How many arrays a value is inside one another, judged by its first elements. */
export function depthOf(value: unknown): number {
  let depth = 0;
  for (let first = value; isList(first); first = first.at(0)) {
    if (first instanceof NumberArray) return depth + first.shape.length;
    depth++;
  }
  return depth;
}

/** A value in a message, cut short. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (isList(value)) return value.length === 1 ? 'an array of 1 element' : `an array of ${value.length} elements`;
  if (isObject(value)) return 'an object';
  if (value instanceof Uint8Array) return 'a file';
  if (typeof value === 'string') return quoted(value);
  // JSON.parse makes 1e999 infinite.
  return String(value);
}

/** A number of things in a message. */
export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What an element of a type must be: `a whole number from 0 to 255`. */
export function describeElement(type: TensorType): string {
  if (type === 'bool') return 'true or false';
  if (type === 'string') return 'a string';
  const { least, most, whole } = numberTypes[type];
  if (whole) return `a whole number from ${least} to ${most}`;
  return type === 'float32' ? 'a number that float32 can hold' : 'a number';
}

/** What elements are called, where they aren't numbers. */
const nouns: Partial<Record<TensorType, string>> = { bool: 'boolean', string: 'string' };

/** What a value with these axes must be: `an array of 28 arrays of 28 numbers`. */
export function describe(sizes: readonly (number | null)[], type: TensorType): string {
  const [size, ...rest] = sizes;
  if (size === undefined) return describeElement(type);
  const words = sizes.map((length, axis) => {
    const noun = axis < sizes.length - 1 ? 'array' : (nouns[type] ?? 'number');
    return length === null ? `${noun}s` : plural(length, noun);
  });
  const scalar = [size, ...rest].every((length) => length === 1);
  return `an array of ${words.join(' of ')}${scalar ? `, or the ${type === 'string' ? 'string' : 'number'} alone` : ''}`;
}

/** Fills the tensor of one input, row by row. */
export class TensorWriter {
  readonly name: string;
  /** The number of rows, then of a row's axes; those of any size get theirs from the first row. */
  private readonly sizes: [rows: number, ...(number | null)[]];
  /** Whether a number may stand for a row of one element. */
  private readonly scalar: boolean;
  private readonly store: ElementStore;

  /** @param nonFinite whether NaN and infinities are floats */
  constructor(
    private readonly info: TensorInfo,
    rows: number,
    nonFinite = false,
  ) {
    this.name = info.name;
    this.sizes = [rows, ...info.shape.slice(1)];
    this.scalar = this.sizes.slice(1).every((size) => size === 1);
    const total = () => this.sizes.reduce<number>((product, size) => product * (size ?? 1), 1);
    const store = elementStore(info.type, total, nonFinite);
    if (!store) throw new InstancesError('', `The input ${show(info.name)} takes ${info.type}, which JSON can't give.`);
    this.store = store;
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
    // What has no axes is one row, without the axis of rows.
    return this.store.finish(this.info.shape.length === 0 ? [] : this.sizes.map((size) => size ?? 0));
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
    const index = this.store.add(list);
    if (index >= 0) throw wrong(place(index), describeElement(this.info.type), list.at(index));
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
