import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { ModelFileError } from './errors.js';
import { expandedLimit, limits, quote } from './limits.js';

/** Where the bytes of a zip entry are. Format: APPNOTE.TXT of PKWARE, 6.3.10. */
export interface ZipEntry {
  name: string;
  /** Of the entry's data in the file. */
  offset: number;
  /** Bytes in the file. */
  compressedSize: number;
  /** Bytes once unpacked. */
  size: number;
  deflated: boolean;
  /** CRC-32 of the entry once unpacked. */
  checksum: number;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const END_SIZE = 22;
const CENTRAL_SIZE = 46;

/**
 * The names of a zip's entries, for its kind to be told. They are never used as paths.
 *
 * @throws ModelFileError as `findZipEntries`
 */
export async function zipNames(file: FileHandle, fileSize: number): Promise<string[]> {
  return (await readDirectory(file, fileSize)).map(({ name }) => name);
}

/**
 * Finds entries of a zip by their exact names. Others are counted, and otherwise ignored: their names are never used.
 *
 * @throws ModelFileError `model_damaged` when the directory can't be read, `model_too_large` when it claims too much,
 *   `model_format_unsupported` for encrypted entries and compression other than deflate
 */
export async function findZipEntries(
  file: FileHandle,
  fileSize: number,
  names: readonly string[],
): Promise<Map<string, ZipEntry>> {
  const directory = await readDirectory(file, fileSize);
  const claimed = directory.reduce((sum, { size }) => sum + size, 0);
  if (claimed > expandedLimit(fileSize)) {
    throw new ModelFileError(
      'model_too_large',
      `The zip says that it unpacks to ${claimed} bytes, out of ${fileSize}: it was not unpacked.`,
    );
  }
  const found = new Map<string, ZipEntry>();
  for (const entry of directory.filter(({ name }) => names.includes(name))) {
    if (found.has(entry.name)) throw damaged(`it holds ${quote(entry.name)} twice`);
    found.set(entry.name, { ...entry, offset: await dataOffset(file, fileSize, entry) });
  }
  return found;
}

/**
 * The bytes of an entry, unpacked.
 *
 * @throws ModelFileError `model_damaged` when they are not those that were packed
 */
export async function readZipEntry(file: FileHandle, entry: ZipEntry): Promise<Buffer> {
  const bytes = await unpackZipEntry(entry, await readAt(file, entry.offset, entry.compressedSize));
  if (crc32(bytes) === entry.checksum) return bytes;
  throw damaged(`${quote(entry.name)} is not what was packed`);
}

/**
 * Checks an entry that is not deflated against its checksum, without holding it in memory.
 *
 * @throws ModelFileError `model_damaged`
 */
export async function verifyZipEntry(file: FileHandle, entry: ZipEntry): Promise<void> {
  const buffer = Buffer.allocUnsafe(2 ** 20);
  let checksum = 0;
  for (let position = 0; position < entry.size; position += buffer.length) {
    const length = Math.min(buffer.length, entry.size - position);
    const { bytesRead } = await file.read(buffer, 0, length, entry.offset + position);
    if (bytesRead < length) throw damaged('it ends too early');
    checksum = crc32(buffer.subarray(0, length), checksum);
  }
  if (checksum !== entry.checksum) throw damaged(`${quote(entry.name)} is not what was packed`);
}

/** @throws ModelFileError `model_damaged` when the data does not unpack to the size that the directory says */
async function unpackZipEntry(entry: ZipEntry, data: Buffer): Promise<Buffer> {
  if (!entry.deflated) return data;
  try {
    const unpacked = await promisify(inflateRaw)(data, { maxOutputLength: Math.max(1, entry.size) });
    if (unpacked.length === entry.size) return unpacked;
  } catch (cause) {
    throw damaged(`${quote(entry.name)} does not unpack`, cause);
  }
  throw damaged(`${quote(entry.name)} does not unpack to its size`);
}

function damaged(reason: string, cause?: unknown): ModelFileError {
  return new ModelFileError(
    'model_damaged',
    `The zip is damaged: ${reason}. The file may be cut off: copy or download it again.`,
    cause === undefined ? undefined : { cause },
  );
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  if (bytesRead < length) throw damaged('it ends too early');
  return buffer;
}

async function readDirectory(file: FileHandle, fileSize: number): Promise<ZipEntry[]> {
  const { count, offset, size } = await readEnd(file, fileSize);
  if (count > limits.zipEntries) {
    throw new ModelFileError('model_too_large', `The zip has ${count} entries; a Keras model has a handful.`);
  }
  if (offset + size > fileSize || size < count * CENTRAL_SIZE) throw damaged('its directory is not where it should be');
  const directory = await readAt(file, offset, size);
  const entries: ZipEntry[] = [];
  for (let position = 0, i = 0; i < count; i++) {
    if (position + CENTRAL_SIZE > size || directory.readUInt32LE(position) !== CENTRAL_HEADER) {
      throw damaged('its directory is broken');
    }
    const nameEnd = position + CENTRAL_SIZE + directory.readUInt16LE(position + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(position + 30);
    if (extraEnd > size) throw damaged('its directory is broken');
    entries.push(readCentralHeader(directory.subarray(position, extraEnd), nameEnd - position));
    position = extraEnd + directory.readUInt16LE(position + 32);
  }
  return entries;
}

function readCentralHeader(header: Buffer, nameEnd: number): ZipEntry {
  const name = header.toString('utf8', CENTRAL_SIZE, nameEnd);
  const method = header.readUInt16LE(10);
  if (header.readUInt16LE(8) & 1) {
    throw new ModelFileError(
      'model_format_unsupported',
      `The zip is encrypted: ${quote(name)}. Unpack it with its password, and give the folder.`,
    );
  }
  if (method !== 0 && method !== 8) {
    throw new ModelFileError(
      'model_format_unsupported',
      `${quote(name)} in the zip is compressed by method ${method}; only stored and deflated entries are read. Unpack it, and give the folder.`,
    );
  }
  const sizes = [header.readUInt32LE(24), header.readUInt32LE(20), header.readUInt32LE(42)];
  const wide = zip64Extra(header.subarray(nameEnd));
  const [size, compressedSize, offset] = sizes.map((value) => (value === 0xffffffff ? wide() : value));
  const checksum = header.readUInt32LE(16);
  return { name, offset: offset!, compressedSize: compressedSize!, size: size!, deflated: method === 8, checksum };
}

/** The 64-bit values of extra field 1 stand in order, only those whose 32-bit field is all ones. */
function zip64Extra(extra: Buffer): () => number {
  let position = 0;
  while (position + 4 <= extra.length && extra.readUInt16LE(position) !== 1) {
    position += 4 + extra.readUInt16LE(position + 2);
  }
  position += 4;
  return () => {
    if (position + 8 > extra.length) throw damaged('an entry has no size');
    position += 8;
    return safeNumber(extra.readBigUInt64LE(position - 8));
  };
}

function safeNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new ModelFileError('model_too_large', 'The zip claims sizes that no file has: it was not unpacked.');
  }
  return Number(value);
}

async function readEnd(file: FileHandle, fileSize: number): Promise<{ count: number; offset: number; size: number }> {
  const length = Math.min(fileSize, END_SIZE + 0xffff);
  if (length < END_SIZE) throw damaged('it is too short');
  const tail = await readAt(file, fileSize - length, length);
  let end = length - END_SIZE;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0) throw damaged('its directory, at the end of the file, is missing');
  const locator = end - 20;
  if (locator >= 0 && tail.readUInt32LE(locator) === END_64_LOCATOR) {
    const position = safeNumber(tail.readBigUInt64LE(locator + 8));
    if (position + 56 > fileSize) throw damaged('its directory is not where it should be');
    const end64 = await readAt(file, position, 56);
    if (end64.readUInt32LE(0) !== END_64) throw damaged('its directory is not where it should be');
    const [count, size, offset] = [32, 40, 48].map((at) => safeNumber(end64.readBigUInt64LE(at)));
    return { count: count!, size: size!, offset: offset! };
  }
  return { count: tail.readUInt16LE(end + 10), size: tail.readUInt32LE(end + 12), offset: tail.readUInt32LE(end + 16) };
}

async function dataOffset(file: FileHandle, fileSize: number, entry: ZipEntry): Promise<number> {
  if (entry.offset + 30 > fileSize) throw damaged(`${quote(entry.name)} is missing`);
  const header = await readAt(file, entry.offset, 30);
  if (header.readUInt32LE(0) !== LOCAL_HEADER) throw damaged(`${quote(entry.name)} is missing`);
  const offset = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const stored = !entry.deflated && entry.compressedSize !== entry.size;
  if (stored || offset + entry.compressedSize > fileSize) throw damaged(`${quote(entry.name)} is cut off`);
  return offset;
}
