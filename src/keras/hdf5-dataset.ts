import type { TensorData } from '../support/tensor.js';
import { ModelFileError } from './errors.js';
import { widenBfloat16, widenFloat16 } from './floats.js';
import type { H5Module, Metadata } from './h5wasm.js';
import { readAttributes } from './hdf5-attributes.js';
import type { OddFloats } from './hdf5-floats.js';
import { limits, quote } from './limits.js';
import type { KerasDType, Weight } from './model.js';

/** Filters built into HDF5: deflate, shuffle, fletcher32, nbit, scaleoffset. */
const knownFilters = new Set([1, 2, 3, 5, 6]);

/** A type of numbers, and what makes them of their bytes. */
type Kind = [KerasDType, (bytes: ArrayBuffer) => TensorData];

const integers: Record<string, Kind> = {
  '1true': ['int8', (bytes) => new Int8Array(bytes)],
  '1false': ['uint8', (bytes) => new Uint8Array(bytes)],
  '2true': ['int16', (bytes) => new Int16Array(bytes)],
  '2false': ['uint16', (bytes) => new Uint16Array(bytes)],
  '4true': ['int32', (bytes) => new Int32Array(bytes)],
  '4false': ['uint32', (bytes) => new Uint32Array(bytes)],
  '8true': ['int64', (bytes) => new BigInt64Array(bytes)],
  '8false': ['uint64', (bytes) => new BigUint64Array(bytes)],
};

const floats: Record<number, Kind> = {
  2: ['float16', (bytes) => widenFloat16(new Uint16Array(bytes))],
  4: ['float32', (bytes) => new Float32Array(bytes)],
  8: ['float64', (bytes) => new Float64Array(bytes)],
};

/** What is to be known of a file while its datasets are read. */
interface Reading {
  /** Takes the bytes that will be read, and throws when they are too many. */
  budget: (bytes: number) => void;
  /** Called after every slice. */
  advance: () => void;
  /** What floats of the file are not those of IEEE 754. */
  odd: OddFloats;
}

/**
 * Reads a dataset of numbers, in slices, so that the WebAssembly heap stays small.
 *
 * @returns undefined when the dataset holds no numbers
 */
export function readDataset(
  hdf5: H5Module,
  file: bigint,
  path: string,
  { budget, advance, odd }: Reading,
): Weight | undefined {
  const metadata = hdf5.get_dataset_metadata(file, path);
  const kind = kindOf(hdf5, file, path, metadata, odd);
  const { shape, size, chunks } = metadata;
  if (kind === undefined || shape === null) return undefined;
  checkStorage(hdf5, file, path, metadata);
  const count = shape.reduce((product, length) => product * length, 1);
  budget(count * size);
  const [dtype, wrap] = kind;
  const bytes = new Uint8Array(count * size);
  if (count > 0) {
    const limit =
      chunks === null
        ? limits.hdf5SliceBytes
        : Math.max(
            limits.hdf5ChunkedSliceBytes,
            chunks.reduce((product, length) => product * length, size),
          );
    let position = 0;
    for (const slab of slabs(shape, size, limit, chunks?.[0] ?? 1)) {
      position += readSlab(hdf5, file, path, slab, size, bytes.subarray(position));
      advance();
    }
  }
  return { dtype, shape, data: wrap(bytes.buffer) };
}

const bfloat16: Kind = ['bfloat16', (bytes) => widenBfloat16(new Uint16Array(bytes))];

/** @throws ModelFileError for numbers that are read by nobody here: left out, they would be missed under another name */
function kindOf(
  hdf5: H5Module,
  file: bigint,
  path: string,
  { type, size, signed }: Metadata,
  odd: OddFloats,
): Kind | undefined {
  const { H5T_INTEGER, H5T_FLOAT, H5T_ENUM, H5T_OPAQUE, H5T_COMPOUND } = hdf5.H5T_class_t;
  // h5py knows no bfloat16: Keras 3 stores it as two opaque bytes.
  if (size === 2 && type === H5T_OPAQUE.value) return bfloat16;
  if (type === H5T_FLOAT.value) {
    // As Keras 3 marks it, also where HDF5 has a float of its own for it.
    if (size === 2 && readAttributes(hdf5, file, path).dtype === 'bfloat16') return bfloat16;
    const float = odd.sizes.has(size) ? undefined : floats[size];
    if (float) return float;
    throw unread(path, `floats of ${size * 8} bits that are not IEEE 754's of 16, 32 or 64`);
  }
  if (type === H5T_COMPOUND.value) throw unread(path, 'complex numbers, or records');
  if (type === H5T_ENUM.value && size === 1) return ['bool', (bytes) => new Uint8Array(bytes)];
  if (type === H5T_INTEGER.value) return integers[`${size}${signed}`];
  return undefined;
}

const unread = (path: string, what: string): ModelFileError =>
  new ModelFileError(
    'model_format_unsupported',
    `The dataset ${quote(path)} holds ${what}, which no weights of Keras are. Save the model again with Keras.`,
  );

function checkStorage(hdf5: H5Module, file: bigint, path: string, { chunks, size, virtual_sources }: Metadata): void {
  if (virtual_sources !== undefined) {
    throw new ModelFileError(
      'model_format_unsupported',
      `The dataset ${quote(path)} is virtual: it would be read from other files, which is never done.`,
    );
  }
  if (chunks === null) return;
  const unknown = hdf5.get_dataset_filters(file, path).find(({ id }) => !knownFilters.has(id));
  if (unknown) {
    throw new ModelFileError(
      'model_format_unsupported',
      `The dataset ${quote(path)} is compressed with ${quote(unknown.name)}. Save it uncompressed or with gzip.`,
    );
  }
  if (chunks.reduce((product, length) => product * length, size) > limits.hdf5ChunkBytes) {
    throw new ModelFileError('model_too_large', `The chunks of the dataset ${quote(path)} are too large.`);
  }
}

interface Slab {
  offset: number[];
  count: number[];
}

/** Cuts a shape into consecutive blocks of at most `limit` bytes, along the first axis that allows it. */
function* slabs(shape: number[], itemSize: number, limit: number, multiple: number): Generator<Slab> {
  const rowBytes = shape.slice(1).reduce((product, length) => product * length, itemSize);
  const length = shape[0];
  if (length === undefined || length * rowBytes <= limit) {
    yield { offset: shape.map(() => 0), count: shape };
    return;
  }
  const rows = Math.floor(limit / rowBytes);
  const step = rows > multiple ? rows - (rows % multiple) : rows;
  for (let start = 0; start < length; start += Math.max(1, step)) {
    if (step > 0) {
      const count = Math.min(step, length - start);
      yield { offset: [start, ...shape.slice(1).map(() => 0)], count: [count, ...shape.slice(1)] };
    } else {
      for (const { offset, count } of slabs(shape.slice(1), itemSize, limit, 1)) {
        yield { offset: [start, ...offset], count: [1, ...count] };
      }
    }
  }
}

function readSlab(
  hdf5: H5Module,
  file: bigint,
  path: string,
  { offset, count }: Slab,
  itemSize: number,
  target: Uint8Array,
): number {
  const length = count.reduce((product, axis) => product * axis, itemSize);
  const pointer = hdf5._malloc(length);
  if (pointer === 0) throw new ModelFileError('model_too_large', `There is no memory for the dataset ${quote(path)}.`);
  try {
    const whole = count.length === 0;
    const status = hdf5.get_dataset_data(
      file,
      path,
      whole ? null : count.map(BigInt),
      whole ? null : offset.map(BigInt),
      whole ? null : count.map(() => 1n),
      BigInt(pointer),
    );
    if (status < 0) {
      throw new ModelFileError(
        'model_damaged',
        `The dataset ${quote(path)} can't be read. The file may be cut off: copy or download it again.`,
      );
    }
    target.set(hdf5.HEAPU8.subarray(pointer, pointer + length));
    return length;
  } finally {
    hdf5._free(pointer);
  }
}
