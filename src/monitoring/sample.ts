import { sliceRows } from '../inference/batch.js';
import { elementsOf } from '../support/strings.js';
import type { Tensor, TensorData } from '../support/tensor.js';

/** The most elements of a row that are looked at. */
export const mostElements = 256;

/** The most bytes of a row of strings that are looked at. */
const mostBytes = 1024;

/** Some elements of a row of a tensor, evenly spread: the same of every row that is as long. */
export class Sample {
  /** Their values, of which `length` count. */
  readonly values = new Float64Array(mostElements);
  length = 0;
  /** The place of each in the row. */
  places: Uint32Array = new Uint32Array();
  /** The place of each along the last axis. */
  columns: Uint32Array = new Uint32Array();
  /** How many there are of each column. */
  steps = 0;
  private tensor: Tensor | undefined;
  private row = 0;
  private rowLength = -1;
  private width = -1;

  /** Takes a row of a tensor, of which the first axis are the rows. */
  take(tensor: Tensor, row: number): void {
    const length = tensor.data.length / tensor.shape[0]!;
    const width = tensor.shape.length > 1 ? tensor.shape.at(-1)! : 1;
    if (length !== this.rowLength || width !== this.width) this.spread(length, width);
    this.tensor = tensor;
    this.row = row;
    this.length = tensor.type === 'string' ? 0 : this.places.length;
    const { data } = tensor;
    const start = row * length;
    const { values, places } = this;
    for (let index = 0; index < this.length; index++) values[index] = Number(data[start + places[index]!]);
  }

  /** All elements of the row that was taken; the memory is shared. */
  get all(): TensorData {
    return this.tensor!.data.subarray(this.row * this.rowLength, (this.row + 1) * this.rowLength);
  }

  /** A number that rows of other elements hardly ever have. @param seed that of what comes before */
  hash(seed: number): number {
    let hash = seed;
    if (this.tensor?.type === 'string') {
      let left = mostBytes;
      for (const bytes of elementsOf(sliceRows(this.tensor, this.row, this.row + 1))) {
        for (let index = 0; index < bytes.length && left > 0; index++, left--) hash = mix(hash, bytes[index]!);
        if (left <= 0) break;
        hash = mix(hash, -1);
      }
      return hash;
    }
    const { values } = this;
    for (let index = 0; index < this.length; index++) {
      double[0] = values[index]!;
      hash = mix(mix(hash, halves[0]!), halves[1]!);
    }
    return hash;
  }

  private spread(length: number, width: number): void {
    this.rowLength = length;
    this.width = width;
    const steps = length / width;
    // Whole steps and pixels as far as possible: each column has as many elements then.
    const [unit, units] = width > 0 && width <= mostElements ? [width, steps] : [1, length];
    const taken = Math.min(units, Math.floor(mostElements / unit));
    this.steps = unit === width ? taken : 1;
    this.places = Uint32Array.from(
      { length: taken * unit },
      (_, index) => Math.floor((Math.floor(index / unit) * units) / taken) * unit + (index % unit),
    );
    this.columns = Uint32Array.from(this.places, (place) => place % width);
  }
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** A step of MurmurHash2. */
function mix(hash: number, value: number): number {
  const mixed = Math.imul(value, 0x5bd1e995);
  return Math.imul(hash, 0x5bd1e995) ^ Math.imul(mixed ^ (mixed >>> 24), 0x5bd1e995);
}
