/**
 * LZMA as its authors' specification has it, which lies in their SDK. Ours because the packages for it have no limit on what a small file makes, or
 * reserve as much memory as the file says: here what is unpacked is the dictionary.
 */
import { damaged, type Output } from './output.js';

/** Reads bits by how likely they were. */
class RangeDecoder {
  private range = 0xffff_ffff;
  private code: number;

  /** @param position where it goes on */
  constructor(
    private readonly bytes: Uint8Array,
    public position: number,
    private readonly end: number,
  ) {
    if (this.byte() !== 0) throw damaged('it is damaged');
    this.code = ((this.byte() << 24) | (this.byte() << 16) | (this.byte() << 8) | this.byte()) >>> 0;
  }

  private byte(): number {
    if (this.position >= this.end) throw damaged('it ends too soon');
    return this.bytes[this.position++]!;
  }

  private normalize(): void {
    if (this.range >= 2 ** 24) return;
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.byte()) >>> 0;
  }

  bit(odds: Uint16Array, place: number): number {
    const odd = odds[place]!;
    const bound = (this.range >>> 11) * odd;
    const isOne = this.code >= bound;
    if (isOne) {
      this.range -= bound;
      this.code -= bound;
      odds[place] = odd - (odd >>> 5);
    } else {
      this.range = bound;
      odds[place] = odd + ((2048 - odd) >>> 5);
    }
    this.normalize();
    return isOne ? 1 : 0;
  }

  /** Bits that were as likely 0 as 1, the highest first. */
  evenBits(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left--) {
      this.range >>>= 1;
      const isOne = this.code >= this.range;
      if (isOne) this.code -= this.range;
      value = value * 2 + (isOne ? 1 : 0);
      this.normalize();
    }
    return value;
  }

  /** So many bits, the highest first, whose odds lie from a place on. */
  tree(odds: Uint16Array, place: number, count: number): number {
    let node = 1;
    for (let left = count; left > 0; left--) node = node * 2 + this.bit(odds, place + node);
    return node - 2 ** count;
  }

  /** The same, the lowest first. */
  reverseTree(odds: Uint16Array, place: number, count: number): number {
    let [node, value] = [1, 0];
    for (let index = 0; index < count; index++) {
      const bit = this.bit(odds, place + node);
      node = node * 2 + bit;
      value += bit * 2 ** index;
    }
    return value;
  }
}

const oddsOf = (count: number): Uint16Array => new Uint16Array(count).fill(1024);

/** How long a match is: the odds of short, middle and long ones, the two former by the position. */
class Lengths {
  private readonly choice = oddsOf(2);
  private readonly short = oddsOf(16 << 3);
  private readonly middle = oddsOf(16 << 3);
  private readonly long = oddsOf(256);

  decode(from: RangeDecoder, position: number): number {
    if (!from.bit(this.choice, 0)) return from.tree(this.short, position << 3, 3);
    if (!from.bit(this.choice, 1)) return 8 + from.tree(this.middle, position << 3, 3);
    return 16 + from.tree(this.long, 0, 8);
  }
}

/** What was decoded last, as far as it bears on what comes next. */
const [afterLiteral, ofMatch, ofRepeat, ofShortRepeat] = [
  (state: number) => (state < 4 ? 0 : state < 10 ? state - 3 : state - 6),
  (state: number) => (state < 7 ? 7 : 10),
  (state: number) => (state < 7 ? 8 : 11),
  (state: number) => (state < 7 ? 9 : 11),
];

/** The end of a stream whose length isn't said. */
const endMark = 0xffff_ffff;
/** By how many bits the odds of literals are kept apart at most: liblzma, which Python has, writes and reads no more. */
const mostBits = 4;

/** A stream of LZMA. What it decodes goes to the output, of which it copies. */
export class LzmaDecoder {
  private readonly literalBits: number;
  private readonly literalMask: number;
  private readonly positionMask: number;
  private readonly literals: Uint16Array;
  private readonly isMatch = oddsOf(12 << 4);
  private readonly isRepeat = oddsOf(12);
  private readonly isOther = [oddsOf(12), oddsOf(12), oddsOf(12)] as const;
  private readonly isLong = oddsOf(12 << 4);
  private readonly slots = oddsOf(4 << 6);
  private readonly near = oddsOf(128);
  private readonly aligned = oddsOf(16);
  private readonly matchLengths = new Lengths();
  private readonly repeatLengths = new Lengths();
  private state = 0;
  /** How far back the last four matches began, less 1. */
  private distances = [0, 0, 0, 0];

  /**
   * @param properties the byte that says how odds are kept apart
   * @param start where in the output its dictionary begins
   * @throws PickleError
   */
  constructor(
    readonly properties: number,
    private readonly output: Output,
    private readonly start: number,
  ) {
    this.literalBits = properties % 9;
    const positionBits = Math.floor(properties / 9) % 5;
    if (properties >= 9 * 5 * 5 || this.literalBits + positionBits > mostBits) throw damaged('it is damaged');
    this.literalMask = 2 ** positionBits - 1;
    this.positionMask = 2 ** Math.floor(properties / 45) - 1;
    this.literals = oddsOf(0x300 << (this.literalBits + positionBits));
  }

  /**
   * Decodes until there are so many bytes in the output, or the stream says that it ends.
   * @param from where in the bytes it begins
   * @returns where it ended
   * @throws PickleError
   */
  decode(bytes: Uint8Array, from: number, end: number, until: number): number {
    const range = new RangeDecoder(bytes, from, end);
    const { output } = this;
    while (output.length < until) {
      const position = (output.length - this.start) & this.positionMask;
      if (!range.bit(this.isMatch, (this.state << 4) + position)) this.literal(range);
      else {
        const length = this.match(range, position);
        const distance = this.distances[0]! + 1;
        if (distance > endMark) return range.position;
        if (distance > output.length - this.start) throw damaged('it is damaged');
        if (length > until - output.length) throw damaged('it is longer than it says');
        for (let left = length; left > 0; left--) output.push(output.back(distance));
      }
    }
    return range.position;
  }

  private literal(range: RangeDecoder): void {
    const { output, literals, literalBits, state } = this;
    const position = output.length - this.start;
    const last = position > 0 ? output.back(1) : 0;
    const place = 0x300 * (((position & this.literalMask) << literalBits) + (last >>> (8 - literalBits)));
    let symbol = 1;
    if (state >= 7) {
      // What stands where the last match would go on is no longer likely.
      let expected = output.back(this.distances[0]! + 1);
      while (symbol < 256) {
        const guess = (expected >>> 7) & 1;
        expected <<= 1;
        const bit = range.bit(literals, place + ((1 + guess) << 8) + symbol);
        symbol = symbol * 2 + bit;
        if (bit !== guess) break;
      }
    }
    while (symbol < 256) symbol = symbol * 2 + range.bit(literals, place + symbol);
    output.push(symbol - 256);
    this.state = afterLiteral(state);
  }

  /** How long a match is; where it begins is the first of the distances by then. */
  private match(range: RangeDecoder, position: number): number {
    const { state, distances } = this;
    if (!range.bit(this.isRepeat, state)) {
      const length = this.matchLengths.decode(range, position);
      this.state = ofMatch(state);
      this.distances = [this.distance(range, length), ...distances.slice(0, 3)];
      return length + 2;
    }
    // Before anything there is nothing to repeat.
    if (this.output.length === this.start) throw damaged('it is damaged');
    const which = this.isOther.findIndex((odds) => !range.bit(odds, state));
    if (which === 0 && !range.bit(this.isLong, (state << 4) + position)) {
      this.state = ofShortRepeat(state);
      return 1;
    }
    const [distance] = distances.splice(which, 1);
    distances.unshift(distance!);
    this.state = ofRepeat(state);
    return this.repeatLengths.decode(range, position) + 2;
  }

  private distance(range: RangeDecoder, length: number): number {
    const slot = range.tree(this.slots, Math.min(length, 3) << 6, 6);
    if (slot < 4) return slot;
    const bits = (slot >>> 1) - 1;
    const base = (2 + (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + range.reverseTree(this.near, base - slot, bits);
    return base + range.evenBits(bits - 4) * 16 + range.reverseTree(this.aligned, 0, 4);
  }
}

/** The bytes of a header: properties, the dictionary's size and the length, all bits of which are set where it isn't known. */
const headerBytes = 13;

/** Unpacks what Python's `lzma` calls `FORMAT_ALONE`. @throws PickleError */
export function unpackLzma(bytes: Uint8Array, output: Output): void {
  if (bytes.length < headerBytes) throw damaged('it ends too soon');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(5, true);
  const until = length === 2n ** 64n - 1n ? Number.POSITIVE_INFINITY : Number(length);
  new LzmaDecoder(bytes[0]!, output, 0).decode(bytes, headerBytes, bytes.length, until);
}
