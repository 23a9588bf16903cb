import type { TensorData } from '../support/tensor.js';
import { ModelFileError } from './errors.js';
import { widenBfloat16, widenFloat16 } from './floats.js';
import type { H5Module, Metadata } from './h5wasm.js';
import { limits, quote } from './limits.js';
import type { KerasDType, Weight } from './model.js';

/** Filters built into HDF5: deflate, shuffle, fletcher32, nbit, scaleoffset. */
const knownFilters = new Set([1, 2, 3, 5, 6]);

const integers: Record<string, [KerasDType, (bytes: ArrayBuffer) => TensorData]> = {
  '1true': ['int8', (bytes) => new Int8Array(bytes)],
  '1false': ['uint8', (bytes) => new Uint8Array(bytes)],
  '2true': ['int16', (bytes) => new Int16Array(bytes)],
  '2false': ['uint16', (bytes) => new Uint16Array(bytes)],
  '4true': ['int32', (bytes) => new Int32Array(bytes)],
  '4false': ['uint32', (bytes) => new Uint32Array(bytes)],
  '8true': ['int64', (bytes) => new BigInt64Array(bytes)],
  '8false': ['uint64', (bytes) => new BigUint64Array(bytes)],
};

const floats: Record<number, [KerasDType, (bytes: ArrayBuffer) => TensorData]> = {
  2: ['float16', (bytes) => widenFloat16(new Uint16Array(bytes))],
  4: ['float32', (bytes) => new Float32Array(bytes)],
  8: ['float64', (bytes) => new Float64Array(bytes)],
};

/**
 * Reads a dataset of numbers, in slices, so that the WebAssembly heap stays small.
 *
 * @param budget - takes the bytes that will be read, and throws when they are too many
 * @param progress - called after every slice
 * @returns undefined when the dataset holds no numbers
 */
export function readDataset(
  hdf5: H5Module,
  file: bigint,
  path: string,
  budget: (bytes: number) => void,
  progress: () => void,
): Weight | undefined {
  const metadata = hdf5.get_dataset_metadata(file, path);
  const kind = kindOf(hdf5, metadata);
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
      progress();
    }
  }
  return { dtype, shape, data: wrap(bytes.buffer) };
}

function kindOf(
  hdf5: H5Module,
  { type, size, signed }: Metadata,
): [KerasDType, (bytes: ArrayBuffer) => TensorData] | undefined {
  const { H5T_INTEGER, H5T_FLOAT, H5T_ENUM, H5T_OPAQUE } = hdf5.H5T_class_t;
  // h5py knows no bfloat16: Keras 3 stores it as two opaque bytes.
  if (size === 2 && type === H5T_OPAQUE.value) {
    return ['bfloat16', (bytes) => widenBfloat16(new Uint16Array(bytes))];
  }
  if (type === H5T_FLOAT.value) return floats[size];
  if (type === H5T_ENUM.value && size === 1) return ['bool', (bytes) => new Uint8Array(bytes)];
  if (type === H5T_INTEGER.value) return integers[`${size}${signed}`];
  return undefined;
}

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
