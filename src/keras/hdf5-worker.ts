import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { crc32, inflateRawSync } from 'node:zlib';
import { ready } from 'h5wasm';
import { ModelFileError } from './errors.js';
import type { H5Module, MemoryRead, WebAssemblyGlobal } from './h5wasm.js';
import { type Hdf5Group, type Hdf5Reply, type Hdf5Source, ignoredGroups } from './hdf5.js';
import { readAttributes } from './hdf5-attributes.js';
import { readDataset } from './hdf5-dataset.js';
import { OddFloats } from './hdf5-floats.js';
import { expandedLimit, limits, quote } from './limits.js';

/** The one file that HDF5 sees. */
const FILE = '/model.h5';

/** Counts up as the reading gets on; the thread that asked watches it. */
const progress = workerData as Int32Array;

boundMemory();
const hdf5 = (await ready) as unknown as H5Module;

const advance = () => {
  Atomics.add(progress, 0, 1);
};

parentPort?.on('message', (source: Hdf5Source) => {
  advance();
  const buffers: ArrayBuffer[] = [];
  parentPort?.postMessage(answer(source, buffers), buffers);
});

/** Lets HDF5 find no more memory past a limit: it believes what a damaged file says of lengths. */
function boundMemory(): void {
  const { prototype } = (globalThis as unknown as WebAssemblyGlobal).WebAssembly.Memory;
  const { grow } = prototype;
  prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * 65536 > limits.hdf5HeapBytes) throw new RangeError('no more memory');
    return grow.call(this, pages);
  };
}

function answer(source: Hdf5Source, buffers: ArrayBuffer[]): Hdf5Reply {
  const descriptor = openSync(source.path, 'r');
  try {
    const odd = mount(source, descriptor);
    const file = hdf5.open(FILE);
    if (file < 0n) throw damaged('it is no HDF5 file, or it is cut off: copy or download it again');
    try {
      return { group: readTree(file, source.inflated?.length ?? source.length, odd, buffers) };
    } finally {
      hdf5.close_file(file);
    }
  } catch (error) {
    buffers.length = 0;
    const { code, message } = error instanceof ModelFileError ? error : damaged('HDF5 gave up on it');
    return { error: { code, message } };
  } finally {
    closeSync(descriptor);
  }
}

function damaged(reason: string): ModelFileError {
  return new ModelFileError('model_damaged', `The HDF5 file can't be read: ${reason}.`);
}

/** Puts the file into HDF5's file system: not its bytes, but a node that reads them from the disk when asked. */
function mount(source: Hdf5Source, descriptor: number): OddFloats {
  const { inflated } = source;
  const read = inflated ? fromMemory(source, inflated, descriptor) : fromDisk(source, descriptor);
  hdf5.FS.writeFile(FILE, new Uint8Array(0));
  const { node } = hdf5.FS.lookupPath(FILE);
  node.usedBytes = source.inflated?.length ?? source.length;
  let left = expandedLimit(node.usedBytes);
  const odd = new OddFloats();
  const counted: MemoryRead = (stream, buffer, offset, length, position) => {
    advance();
    left -= length;
    // Some structures can be made to lead around in a circle.
    if (left < 0) throw damaged('it is read again and again, without end');
    const got = read(stream, buffer, offset, length, position);
    odd.see(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, got));
    return got;
  };
  node.stream_ops = { ...node.stream_ops, read: counted };
  return odd;
}

const fromDisk =
  (source: Hdf5Source, descriptor: number): MemoryRead =>
  (_stream, buffer, offset, length, position) => {
    const available = Math.max(0, Math.min(length, source.length - position));
    return available === 0 ? 0 : readSync(descriptor, buffer, offset, available, source.offset + position);
  };

function fromMemory(source: Hdf5Source, inflated: NonNullable<Hdf5Source['inflated']>, descriptor: number): MemoryRead {
  const packed = Buffer.allocUnsafe(source.length);
  readSync(descriptor, packed, 0, source.length, source.offset);
  let bytes: Buffer;
  try {
    bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, inflated.length) });
  } catch {
    throw damaged('it does not unpack');
  }
  if (crc32(bytes) !== inflated.checksum) throw damaged('it is not what was packed');
  return (_stream, buffer, offset, length, position) => {
    const part = bytes.subarray(position, position + length);
    buffer.set(part, offset);
    return part.length;
  };
}

function readTree(file: bigint, fileBytes: number, odd: OddFloats, buffers: ArrayBuffer[]): Hdf5Group {
  let objects = 0;
  let bytes = 0;
  const budget = (more: number) => {
    bytes += more;
    if (!(bytes <= expandedLimit(fileBytes))) {
      throw new ModelFileError(
        'model_too_large',
        `The datasets claim ${bytes} bytes, out of a file of ${fileBytes}: they were not read.`,
      );
    }
  };
  const readGroup = (path: string, depth: number): Hdf5Group => {
    // Every `vars` of a `.keras` has an attribute, the name of its layer, that nobody needs.
    const attributes = path.endsWith('/vars') ? {} : readAttributes(hdf5, file, path);
    const group: Hdf5Group = { attributes, groups: new Map(), datasets: new Map() };
    for (const name of hdf5.get_names(file, path, false)) {
      if (depth === 0 && ignoredGroups.includes(name)) continue;
      if (++objects > limits.hdf5Objects || depth > limits.hdf5Depth) {
        throw new ModelFileError(
          'model_too_large',
          'The HDF5 file holds too many groups, or groups inside themselves.',
        );
      }
      advance();
      const child = path === '/' ? `/${name}` : `${path}/${name}`;
      refuseLink(file, child);
      const type = hdf5.get_type(file, child);
      if (type === hdf5.H5G_GROUP) group.groups.set(name, readGroup(child, depth + 1));
      if (type !== hdf5.H5G_DATASET) continue;
      const weight = readDataset(hdf5, file, child, { budget, advance, odd });
      if (weight === undefined) continue;
      group.datasets.set(name, weight);
      buffers.push(weight.data.buffer as ArrayBuffer);
    }
    return group;
  };
  return readGroup('/', 0);
}

function refuseLink(file: bigint, path: string): void {
  const soft = hdf5.get_symbolic_link(file, path);
  const external = soft === null && hdf5.get_external_link(file, path).filename !== undefined;
  if (soft === null && !external) return;
  throw new ModelFileError(
    'model_format_unsupported',
    `${quote(path)} is a link to another ${external ? 'file' : 'place'}. Keras writes none and follows none: save the model again with Keras.`,
  );
}
