import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { PickleError } from '../error.js';
import { crc64 } from './crc64.js';
import { LzmaDecoder } from './lzma.js';
import { damaged, type Output } from './output.js';

/** Of a stream: what it begins with, what is said of it, and its checksum. */
const streamHeader = 12;
/** The only filter that is known here: the others are for programs. */
const lzma2 = 0x21;

const unknown = (what: string): PickleError => new PickleError('pickle_unsupported', `is packed by xz with ${what}`);

const number32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** How blocks are checked, by the number in a stream's header. */
const checks: Record<number, (bytes: Uint8Array) => Uint8Array> = {
  0: () => new Uint8Array(),
  1: (bytes) => number32(crc32(bytes)),
  4: crc64,
  10: (bytes) => createHash('sha256').update(bytes).digest(),
};

/** Bytes of a file, one after the other. */
class Input {
  constructor(
    readonly bytes: Uint8Array,
    public position: number,
  ) {}

  byte(): number {
    return this.take(1)[0]!;
  }

  take(count: number): Uint8Array {
    const { position } = this;
    if (count > this.bytes.length - position) throw damaged('it ends too soon');
    this.position += count;
    return this.bytes.subarray(position, this.position);
  }

  /** Of the two bytes of a length less 1. */
  length(high = 0): number {
    return high * 2 ** 16 + this.byte() * 2 ** 8 + this.byte() + 1;
  }

  /** A checksum of what begins at a place and ends here. */
  check(start: number): void {
    const own = number32(crc32(this.bytes.subarray(start, this.position)));
    if (!own.equals(this.take(4))) throw damaged('a checksum is wrong');
  }
}

/** Unpacks the first stream of a file, as Python's `lzma` calls `FORMAT_XZ`. @throws PickleError */
export function unpackXz(bytes: Uint8Array, output: Output): void {
  const input = new Input(bytes, 6);
  input.take(2);
  input.check(6);
  const check = checks[bytes[7]! & 0x0f];
  if (!check) throw unknown('a checksum that is not known');
  let blocks = 0;
  for (input.position = streamHeader; input.byte() !== 0; blocks++) {
    input.position--;
    readBlockHeader(input);
    const [start, made] = [input.position, output.length];
    unpackLzma2(input, output);
    input.take(-(input.position - start) & 3);
    const own = check(output.from(made));
    if (!Buffer.from(own).equals(input.take(own.length))) throw damaged('a checksum is wrong');
    output.checkTime();
  }
  checkIndex(input, blocks);
}

/** The index behind all blocks, of whose indicator a damaged size of a block can have the looks. */
function checkIndex(input: Input, blocks: number): void {
  const start = input.position - 1;
  if (readNumber(input) !== blocks) throw damaged('it is damaged');
  for (let size = 0; size < 2 * blocks; size++) skipNumber(input);
  input.take(-(input.position - start) & 3);
  input.check(start);
}

/** A number of some bytes with seven bits each, the lowest first. */
function readNumber(input: Input): number {
  let number = 0;
  for (let shift = 1, byte = 0x80; byte & 0x80; shift *= 128) {
    byte = input.byte();
    number += (byte & 0x7f) * shift;
    if (shift > 2 ** 49) throw damaged('it is damaged');
  }
  return number;
}

/** @throws PickleError where a block is packed by anything but LZMA2 */
function readBlockHeader(input: Input): void {
  const start = input.position;
  const size = (input.byte() + 1) * 4;
  const flags = input.byte();
  if (flags & 0x3f) throw unknown('several filters');
  for (const flag of [0x40, 0x80]) if (flags & flag) skipNumber(input);
  if (input.byte() !== lzma2) throw unknown('another filter than LZMA2');
  input.position = start;
  input.take(size - 4);
  input.check(start);
}

function skipNumber(input: Input): void {
  for (let count = 0; input.byte() & 0x80; count++) if (count >= 8) throw damaged('it is damaged');
}

/** Chunks, of which each may go on with what was learnt in the last. @throws PickleError */
function unpackLzma2(input: Input, output: Output): void {
  let start: number | undefined;
  let decoder: LzmaDecoder | undefined;
  for (let control = input.byte(); control !== 0; control = input.byte()) {
    output.checkTime();
    if (control === 1 || control >= 0xe0) [start, decoder] = [output.length, undefined];
    if (start === undefined || (control > 2 && control < 0x80)) throw damaged('it is damaged');
    if (control < 0x80) {
      for (const byte of input.take(input.length())) output.push(byte);
      continue;
    }
    const until = output.length + input.length(control & 0x1f);
    const packed = input.length();
    const properties = control >= 0xc0 ? input.byte() : decoder?.properties;
    if (properties === undefined) throw damaged('it is damaged');
    if (control >= 0xa0) decoder = new LzmaDecoder(properties, output, start);
    const end = input.position + packed;
    decoder!.decode(input.bytes, input.position, Math.min(end, input.bytes.length), until);
    input.take(packed);
    if (output.length !== until) throw damaged('it is damaged');
  }
}
