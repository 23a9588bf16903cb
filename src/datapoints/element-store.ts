import { base64In } from '../json/base64.js';
import { StringsBuilder, stringTensor } from '../support/strings.js';
import { type Tensor, type TensorData, type TensorType, tensorArrays } from '../support/tensor.js';
import { type NumberType, numberTypes } from './number-types.js';

/** Collects the elements of a tensor out of JSON. */
export interface ElementStore {
  /** @returns the index of the first value that is none of the type, or -1 where all were added */
  add(values: readonly unknown[] | Float64Array): number;
  finish(shape: number[]): Tensor;
}

/** Elements that are made room for at once; more only once they are there. */
const firstCapacity = 2 ** 20;

class NumberStore implements ElementStore {
  private readonly numbers: NumberType;
  private data: TensorData;
  private length = 0;

  /**
   * @param total how many elements there should be, as far as that is known when room is made
   * @param nonFinite whether NaN and infinities are floats
   */
  constructor(
    private readonly type: TensorType,
    private readonly total: () => number,
    private readonly nonFinite: boolean,
  ) {
    this.numbers = numberTypes[type];
    this.data = new tensorArrays[type](0);
  }

  add(values: readonly unknown[] | Float64Array): number {
    const { nonFinite } = this;
    const { least, most, whole } = this.numbers;
    const isBig = this.data instanceof BigInt64Array || this.data instanceof BigUint64Array;
    const isBool = this.type === 'bool';
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

  finish(shape: number[]): Tensor {
    const { type, data, length } = this;
    return { type, shape, data: data.length === length ? data : data.slice(0, length) };
  }

  /** Makes room. What the first row promises is not believed beyond a point: the others might not be there. */
  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.data.length) return;
    const capacity = Math.max(needed, Math.min(this.total(), Math.max(firstCapacity, 2 * this.data.length)));
    const larger = new tensorArrays[this.type](capacity);
    (larger as { set(data: TensorData): void }).set(this.data);
    this.data = larger;
  }
}

const encoder = new TextEncoder();

/** The bytes that a value in JSON is as a string: text in UTF-8, or any bytes as `{"b64": "…"}`. */
function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? encoder.encode(value) : base64In(value);
}

class StringStore implements ElementStore {
  private readonly strings = new StringsBuilder();

  add(values: readonly unknown[] | Float64Array): number {
    for (let index = 0; index < values.length; index++) {
      const bytes = bytesOf(values[index]);
      if (!bytes) return index;
      this.strings.add(bytes);
    }
    return -1;
  }

  finish(shape: number[]): Tensor {
    return stringTensor(this.strings.finish(), shape);
  }
}

/** What collects the elements of a type; undefined for types of other libraries, which ONNX models may have. */
export function elementStore(type: TensorType, total: () => number, nonFinite: boolean): ElementStore | undefined {
  if (type === 'string') return new StringStore();
  const isFloat = type === 'float32' || type === 'float64';
  return Object.hasOwn(numberTypes, type) ? new NumberStore(type, total, nonFinite && isFloat) : undefined;
}
