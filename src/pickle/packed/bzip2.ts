/**
 * bzip2, whose format is that of its own program. Ours because the package for it never ends where a run is said to be longer than a whole number
 * can be.
 */
import { PickleError } from '../error.js';
import { damaged, type Output } from './output.js';

const [blockMark, endMark] = [0x3141_5926_5359, 0x1772_4538_5090];
/** The longest code of a symbol in bits, how many symbols share a table, and how many tables there are at most. */
const [longest, groupSize, mostTables] = [20, 50, 6];

/** Bits, the highest of a byte first. */
class Bits {
  private held = 0;
  private count = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private position: number,
  ) {}

  bit(): number {
    if (this.count === 0) {
      if (this.position >= this.bytes.length) throw damaged('it ends too soon');
      this.held = this.bytes[this.position++]!;
      this.count = 8;
    }
    return (this.held >>> --this.count) & 1;
  }

  take(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left--) value = value * 2 + this.bit();
    return value;
  }
}

/** Symbols by their codes, which are told by the length of each. */
class Table {
  private readonly counts = new Uint16Array(longest + 1);
  private readonly symbols: Uint16Array;

  constructor(lengths: readonly number[]) {
    for (const length of lengths) this.counts[length]!++;
    const byLength = Array.from(lengths.keys()).sort((one, other) => lengths[one]! - lengths[other]! || one - other);
    this.symbols = Uint16Array.from(byLength);
  }

  decode(bits: Bits): number {
    let [code, first, place] = [0, 0, 0];
    for (let length = 1; length <= longest; length++) {
      code = code * 2 + bits.bit();
      const count = this.counts[length]!;
      const symbol = code - first < count ? this.symbols[place + code - first] : undefined;
      if (symbol !== undefined) return symbol;
      place += count;
      first = (first + count) * 2;
    }
    throw damaged('it is damaged');
  }
}

/** Takes the entry at a place to the front. */
function toFront<T>(list: T[], place: number): T {
  const [one] = list.splice(place, 1);
  if (one === undefined) throw damaged('it is damaged');
  list.unshift(one);
  return one;
}

function lengthsOf(bits: Bits, count: number): number[] {
  let length = bits.take(5);
  return Array.from({ length: count }, () => {
    while (bits.bit()) length += bits.bit() ? -1 : 1;
    if (length < 1 || length > longest) throw damaged('it is damaged');
    return length;
  });
}

/** The bytes that a block has at all. */
function usedIn(bits: Bits): number[] {
  const rows = Array.from({ length: 16 }, () => bits.bit());
  return rows.flatMap((isUsed, row) =>
    isUsed ? Array.from({ length: 16 }, (_, index) => (bits.bit() ? [row * 16 + index] : [])).flat() : [],
  );
}

/** Reads the symbols of a block: its bytes as they were sorted. @returns how many */
function readSorted(bits: Bits, block: Uint32Array, counts: Uint32Array): number {
  const used = usedIn(bits);
  const tableCount = bits.take(3);
  const selectorCount = bits.take(15);
  if (tableCount < 2 || tableCount > mostTables || used.length === 0) throw damaged('it is damaged');
  const order = Array.from({ length: tableCount }, (_, index) => index);
  const selectors = Array.from({ length: selectorCount }, () => {
    let place = 0;
    while (bits.bit()) if (++place >= tableCount) throw damaged('it is damaged');
    return toFront(order, place);
  });
  const tables = order.map(() => new Table(lengthsOf(bits, used.length + 2)));
  const end = used.length + 1;
  let [length, run, weight] = [0, 0, 1];
  const put = (byte: number, count: number) => {
    if (count > block.length - length) throw damaged('it is damaged');
    block.fill(byte, length, length + count);
    counts[byte]! += count;
    length += count;
  };
  for (let index = 0; ; index++) {
    const table = tables[selectors[Math.floor(index / groupSize)] ?? mostTables];
    if (!table) throw damaged('it is damaged');
    const symbol = table.decode(bits);
    if (symbol <= 1) {
      run += weight * (symbol + 1);
      weight *= 2;
      if (run > block.length) throw damaged('it is damaged');
      continue;
    }
    if (run > 0) put(used[0]!, run);
    [run, weight] = [0, 1];
    if (symbol === end) return length;
    put(toFront(used, symbol - 1), 1);
  }
}

/** Undoes the sorting of a block, and then the runs that were written short. @returns its checksum */
function write(block: Uint32Array, length: number, counts: Uint32Array, origin: number, output: Output): number {
  let sum = 0;
  counts.forEach((count, byte) => {
    counts[byte] = sum;
    sum += count;
  });
  // Of each place the low byte is what stands there, the rest which place follows it.
  for (let place = 0; place < length; place++) block[counts[block[place]! & 0xff]!++]! |= place << 8;
  let [crc, next, last, run] = [-1, block[origin]! >>> 8, -1, 0];
  const put = (byte: number) => {
    output.push(byte);
    crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte]!;
  };
  for (let left = length; left > 0; left--) {
    const entry = block[next]!;
    const byte = entry & 0xff;
    next = entry >>> 8;
    if (run === 4) {
      // Behind four that are alike stands how many more there are.
      for (let more = byte; more > 0; more--) put(last);
      [run, last] = [0, -1];
      continue;
    }
    run = byte === last ? run + 1 : 1;
    last = byte;
    put(byte);
  }
  return ~crc >>> 0;
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc;
});

/** Unpacks the first stream of a file. @throws PickleError */
export function unpackBzip2(bytes: Uint8Array, output: Output): void {
  const level = (bytes[3] ?? 0) - 0x30;
  if (level < 1 || level > 9) throw damaged('it is damaged');
  const bits = new Bits(bytes, 4);
  const block = new Uint32Array(level * 100_000);
  let whole = 0;
  for (let mark = bits.take(48); mark !== endMark; mark = bits.take(48)) {
    if (mark !== blockMark) throw damaged('it is damaged');
    const crc = bits.take(32);
    if (bits.bit()) throw new PickleError('pickle_unsupported', 'is packed by bzip2 before 0.9.5');
    const origin = bits.take(24);
    const counts = new Uint32Array(256);
    const length = readSorted(bits, block, counts);
    if (origin >= length) throw damaged('it is damaged');
    if (write(block, length, counts, origin, output) !== crc) throw damaged('a checksum is wrong');
    whole = (((whole << 1) | (whole >>> 31)) ^ crc) >>> 0;
    output.checkTime();
  }
  if (bits.take(32) !== whole) throw damaged('a checksum is wrong');
}
