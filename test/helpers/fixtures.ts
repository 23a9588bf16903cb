import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { unzipSync } from 'fflate';
import { elementsOfBytes } from '../../src/protocols/open-inference/binary-tensors.js';
import { elementsOf, StringsBuilder, stringTensor } from '../../src/support/strings.js';
import { type Tensor, type TensorData, type TensorType, tensorArrays } from '../../src/support/tensor.js';

/** A tensor as a fixture records it. */
export interface RecordedTensor {
  name: string;
  dtype: string;
  shape: number[];
  /** Little-endian bytes in base64. */
  data: string;
}

/** A model that real Keras wrote, with what real Keras answers. */
export interface FixtureCase {
  family: string;
  name: string;
  /** The layer or topic that the case is about. */
  layer: string;
  keras: string;
  /** Paths on disk. */
  model: string;
  weights: string | undefined;
  inputs: RecordedTensor[];
  outputs: RecordedTensor[];
  tolerance: number;
  refused: { name: string; class_name: string }[] | undefined;
}

const folder = new URL('../fixtures/keras/', import.meta.url);

/** The families of fixtures, by the names of their archives. */
export const families: string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.zip'))
  .map((file) => file.slice(0, -4));

/** Unpacks a family into a temporary folder, which the caller removes. */
export const unpackFamily = (family: string): { folder: string; cases: FixtureCase[] } =>
  unpack(new URL(`${family}.zip`, folder), family);

/** Unpacks an archive of cases into a temporary folder, which the caller removes. */
export function unpack(archive: URL, family: string): { folder: string; cases: FixtureCase[] } {
  const target = mkdtempSync(join(tmpdir(), `keras-serve-${family}-`));
  const files = unzipSync(readFileSync(archive));
  for (const [name, bytes] of Object.entries(files)) {
    if (name.endsWith('/')) continue;
    mkdirSync(dirname(join(target, name)), { recursive: true });
    writeFileSync(join(target, name), bytes);
  }
  const cases = Object.keys(files)
    .filter((name) => name.endsWith('case.json'))
    .map((name) => {
      const record = JSON.parse(Buffer.from(files[name]!).toString());
      const path = (file: string | undefined) => file && join(target, dirname(name), file);
      return {
        name: dirname(name),
        ...record,
        family,
        model: path(record.model),
        weights: path(record.weights),
      } as FixtureCase;
    });
  return { folder: target, cases };
}

/** IEEE half precision to a number. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The type in which a model answers that computes in this one: every float is float32. */
export const servedType = (type: TensorType): TensorType => (type === 'float64' ? 'float32' : type);

/** The elements of a recorded tensor. */
export function decode({ dtype, shape, data }: RecordedTensor): Tensor {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  if (dtype === 'string') {
    const count = shape.reduce((product, size) => product * size, 1);
    const strings = new StringsBuilder();
    for (const string of elementsOfBytes(count, Buffer.from(bytes), 'data')) strings.add(string);
    return stringTensor(strings.finish(), shape);
  }
  if (dtype === 'float16')
    return { type: 'float32', shape, data: Float32Array.from(new Uint16Array(bytes.buffer), half) };
  if (!Object.hasOwn(tensorArrays, dtype)) throw new TypeError(`no array for ${dtype}`);
  const type = dtype as TensorType;
  const array = tensorArrays[type] as unknown as new (buffer: ArrayBuffer) => TensorData;
  return { type, shape, data: new array(bytes.buffer) };
}

/** What a tensor is in JSON: lists in one another, the first axis outermost, as NumPy's `tolist` gives them. */
export function nested({ type, shape, data }: Tensor): unknown {
  const [size, ...rest] = shape;
  if (size === undefined) return Number(data[0]);
  const each = data.length / size;
  return Array.from({ length: size }, (_, index) =>
    nested({ type, shape: rest, data: data.subarray(index * each, (index + 1) * each) }),
  );
}

/** A tensor as another type, number by number. */
export function as(tensor: Tensor, type: TensorType): Tensor {
  if (tensor.type === type) return tensor;
  const big = type === 'int64' || type === 'uint64';
  const values = Array.from(tensor.data as ArrayLike<number | bigint>, (value) =>
    big ? BigInt(value) : Number(value),
  );
  const array = tensorArrays[type] as unknown as { from(values: unknown[]): TensorData };
  return { type, shape: tensor.shape, data: array.from(values) };
}

/**
 * The greatest difference between two tensors as a part of the greatest magnitude in `expected` (at least 1e-3); infinite for
 * another shape, where only one is a number, or of strings where they are not the same.
 */
export function difference(actual: Tensor, expected: Tensor): number {
  if (actual.shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  if (expected.type === 'string')
    return isDeepStrictEqual([...elementsOf(actual)], [...elementsOf(expected)]) ? 0 : Number.POSITIVE_INFINITY;
  let scale = 1e-3;
  let worst = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const a = Number(actual.data[i]);
    const b = Number(expected.data[i]);
    if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b));
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const apart = Math.abs(a - b);
    worst = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(worst, apart);
  }
  return worst / scale;
}
