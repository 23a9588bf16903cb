import { ModelFileError } from './errors.js';
import type { H5Module, Metadata } from './h5wasm.js';
import { type Hdf5Attribute, trainingAttribute } from './hdf5.js';
import { limits, quote } from './limits.js';

/** Attributes of HDF5's own libraries. */
const ignored = new Set(['CLASS', 'TITLE', 'VERSION', 'DIMENSION_LIST', 'REFERENCE_LIST']);

/** The attributes of text and numbers of the object at `path`. */
export function readAttributes(hdf5: H5Module, file: bigint, path: string): Record<string, Hdf5Attribute> {
  const attributes: Record<string, Hdf5Attribute> = Object.create(null);
  for (const name of hdf5.get_attribute_names(file, path)) {
    if (ignored.has(name)) continue;
    const value = name === trainingAttribute ? readOptional(hdf5, file, path) : readAttribute(hdf5, file, path, name);
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}

/** What a model was compiled with, undefined where it is damaged or too long. */
function readOptional(hdf5: H5Module, file: bigint, path: string): Hdf5Attribute | undefined {
  try {
    return readAttribute(hdf5, file, path, trainingAttribute, limits.trainingConfigBytes);
  } catch (error) {
    if (error instanceof ModelFileError) return undefined;
    throw error;
  }
}

function readAttribute(
  hdf5: H5Module,
  file: bigint,
  path: string,
  name: string,
  maxBytes: number = limits.hdf5AttributeBytes,
): Hdf5Attribute | undefined {
  const metadata = hdf5.get_attribute_metadata(file, path, name);
  const { shape, total_size: count, size } = metadata;
  const decode = decoderOf(hdf5, metadata);
  if (decode === undefined || shape === null) return undefined;
  if (count === 0) return [];
  if (!(count * size <= maxBytes)) {
    throw new ModelFileError('model_too_large', `The attribute ${quote(name)} of ${quote(path)} is too long.`);
  }
  const pointer = hdf5._malloc(count * size);
  if (pointer === 0) throw new ModelFileError('model_too_large', `The attribute ${quote(name)} is too long.`);
  try {
    hdf5.HEAPU8.fill(0, pointer, pointer + count * size);
    if (hdf5.get_attribute_data(file, path, name, BigInt(pointer)) < 0) {
      throw new ModelFileError('model_damaged', `The attribute ${quote(name)} of ${quote(path)} can't be read.`);
    }
    const values = decode(pointer, count);
    if (metadata.vlen) hdf5.reclaim_vlen_memory(file, path, name, BigInt(pointer));
    return shape.length === 0 ? values[0] : values;
  } finally {
    hdf5._free(pointer);
  }
}

type Decoder = (pointer: number, count: number) => string[] | number[];

function decoderOf(hdf5: H5Module, metadata: Metadata): Decoder | undefined {
  const { type, size, vlen, signed } = metadata;
  const at = <T>(pointer: number, count: number, read: (position: number) => T): T[] =>
    Array.from({ length: count }, (_, i) => read(pointer + i * size));
  const view = () => new DataView(hdf5.HEAPU8.buffer);
  switch (type) {
    case hdf5.H5T_class_t.H5T_STRING.value:
      return vlen
        ? (pointer, count) => at(pointer, count, (position) => hdf5.UTF8ToString(view().getUint32(position, true)))
        : (pointer, count) => at(pointer, count, (position) => fixedText(hdf5.HEAPU8.slice(position, position + size)));
    case hdf5.H5T_class_t.H5T_INTEGER.value:
      return (pointer, count) => at(pointer, count, (position) => integer(view(), position, size, signed));
    case hdf5.H5T_class_t.H5T_FLOAT.value:
      if (size === 4) return (pointer, count) => at(pointer, count, (position) => view().getFloat32(position, true));
      if (size === 8) return (pointer, count) => at(pointer, count, (position) => view().getFloat64(position, true));
      return undefined;
    default:
      return undefined;
  }
}

function fixedText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

function integer(view: DataView, position: number, size: number, signed: boolean): number {
  switch (size) {
    case 1:
      return signed ? view.getInt8(position) : view.getUint8(position);
    case 2:
      return signed ? view.getInt16(position, true) : view.getUint16(position, true);
    case 4:
      return signed ? view.getInt32(position, true) : view.getUint32(position, true);
    default:
      return Number(signed ? view.getBigInt64(position, true) : view.getBigUint64(position, true));
  }
}
