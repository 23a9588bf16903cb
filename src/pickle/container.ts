import { gunzipSync, inflateSync } from 'node:zlib';
import { PickleError } from './error.js';
import { unpackBzip2 } from './packed/bzip2.js';
import { unpackLzma } from './packed/lzma.js';
import { Output } from './packed/output.js';
import { unpackXz } from './packed/xz.js';

/** Unpacks a file to so many bytes at most, until a time by `ownTime()`. */
type Unpack = (bytes: Uint8Array, most: number, deadline: number) => Uint8Array;

const zipped = (unpack: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) =>
  function unpacked(bytes: Uint8Array, most: number): Uint8Array {
    try {
      return unpack(bytes, { maxOutputLength: most });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        throw new PickleError('pickle_too_large', `is larger than ${most / 2 ** 20} MB once it is unpacked`);
      throw new PickleError('pickle_damaged', `can't be unpacked: ${(cause as Error).message}`, { cause });
    }
  };

const packed =
  (unpack: (bytes: Uint8Array, output: Output) => void): Unpack =>
  (bytes, most, deadline) => {
    const output = new Output(most, deadline);
    unpack(bytes, output);
    return output.from(0);
  };

const refusing = (name: string) => (): Uint8Array => {
  throw new PickleError(
    'pickle_unsupported',
    `is packed by ${name}, which isn't read. Save it again: joblib.dump(joblib.load(file), file, compress=("zlib", 3))`,
  );
};

const inflated = zipped(inflateSync);

/** What packs pickles, by the first bytes of a file. */
const containers: readonly [start: string, unpack: Unpack][] = [
  ['1f8b', zipped(gunzipSync)],
  ['7801', inflated],
  ['785e', inflated],
  ['789c', inflated],
  ['78da', inflated],
  ['425a68', packed(unpackBzip2)],
  ['fd377a585a', packed(unpackXz)],
  ['5d0000', packed(unpackLzma)],
  ['04224d18', refusing('lz4')],
  ['28b52ffd', refusing('zstd')],
  ['5a46', refusing('joblib before 0.10, which kept arrays apart from the rest')],
];

/**
 * The pickle in a file.
 * @param most bytes that it may have
 * @param deadline when it has to be unpacked, by `ownTime()`
 * @throws PickleError
 */
export function decompressed(file: Uint8Array, most: number, deadline: number): Uint8Array {
  const start = Buffer.from(file.subarray(0, 8)).toString('hex');
  const [, unpack] = containers.find(([magic]) => start.startsWith(magic)) ?? [];
  return unpack ? unpack(file, most, deadline) : file;
}

/** How pickles of protocols 0 and 1 begin that hold an object, a dict or a list; later ones begin with their protocol. */
const oldStart = /^(?:c(?:copy_reg|copyreg)\n_reconstructor\n|\(i[\w.]+\n\w+\n|\((?:dp|lp)\d+\n|[\]}]q)/;

/** Whether a file is a pickle, plain or packed, by how it begins and ends. */
export function isPickle(file: Uint8Array): boolean {
  const [first, second] = file;
  if (first === 0x80) return second! <= 5;
  const start = Buffer.from(file.subarray(0, 100)).toString('latin1');
  if (oldStart.test(start)) return file.at(-1) === 0x2e;
  const hex = Buffer.from(start, 'latin1').toString('hex');
  return containers.some(([magic]) => hex.startsWith(magic) && (first! > 0x7f || second! > 0x7f || hasControls(start)));
}

/** Whether a beginning has what no text has: two letters may begin a text, too. */
const hasControls = (start: string): boolean => [...start].some((character) => character < '\t');
