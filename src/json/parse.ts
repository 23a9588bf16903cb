import {
  backslash,
  closeArray,
  closeObject,
  colon,
  comma,
  isDigit,
  isSpace,
  largeE,
  minus,
  openArray,
  openObject,
  plus,
  point,
  quote,
  smallE,
  zero,
} from './characters.js';
import { Digits } from './decimal.js';
import { JsonError, RepeatedKeyError } from './error.js';
import { type JsonValue, MixedArray, NumberArray, Shape } from './number-array.js';
import { placeAt, quoted } from './place.js';

export { JsonError } from './error.js';

/** Deeper than any tensor. */
const maxDepth = 64;
/** More than a table has columns: to look each of them up takes longer than to read them. */
const maxKeys = 20_000;
/** Values that aren't packed into arrays of numbers: each takes up to a hundred bytes. */
const maxValues = 2_000_000;

/**
 * Words that stand for values. NaN and the infinities are none of JSON's, but Python's `json` writes them, and RapidJSON, which
 * TensorFlow Serving reads with, knows shorter ones, too.
 */
const words: Record<string, JsonValue> = {
  true: true,
  false: false,
  null: null,
  NaN: Number.NaN,
  '-NaN': Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  Inf: Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
};

/** Elements that are alike at the beginning of an array whose others aren't: more stay packed. */
const mostUnpacked = 64;

/** Stands for the array that was read last: an object for each of the many in it would cost more than its numbers. */
const packed = new NumberArray(new Float64Array(0), 0, [0]);

/**
 * Reads JSON out of its bytes, faster than `JSON.parse` where it is mostly numbers. Arrays of numbers come in one piece, so
 * that they take no more than four times the memory of their text. `NaN`, `Infinity` and `-Infinity` are read as the numbers
 * that they are: whoever uses them can say where they stand. A number of digits that no double can hold is refused, so that only
 * those words are infinite.
 *
 * @param bytes UTF-8, with a byte order mark or without
 * @throws JsonError
 */
export const parseJson = (bytes: Uint8Array, mostKeys = maxKeys): JsonValue => new Parser(bytes, mostKeys).document();

/** About how many numbers a text holds, and rather too many: as many as its beginning has commas. */
function numbersIn(text: Buffer): number {
  const sample = text.subarray(0, 2 ** 16);
  let commas = 0;
  for (let at = sample.indexOf(comma); at >= 0; at = sample.indexOf(comma, at + 1)) commas++;
  return Math.ceil((1.05 * (commas * text.length)) / Math.max(1, sample.length)) + 8;
}

class Parser {
  private readonly text: Buffer;
  /** All numbers that are in arrays, as far as they are read. */
  private pool: Float64Array;
  private used = 0;
  private readonly digits = new Digits();
  /** Of a number. */
  private readonly scalar = new Shape([]);
  private packedStart = 0;
  private packedShape = this.scalar;
  private values = 0;
  private position: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly mostKeys: number,
  ) {
    this.text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pool = new Float64Array(numbersIn(this.text));
    this.position = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  document(): JsonValue {
    const value = this.unpacked(this.value(0));
    if (this.next() !== undefined) this.fail('the end');
    return value;
  }

  /** The next byte that is no space; undefined at the end. */
  private next(): number | undefined {
    const { bytes } = this;
    while (isSpace(bytes[this.position]!)) this.position++;
    return bytes[this.position];
  }

  private value(depth: number): JsonValue {
    const byte = this.next();
    if (byte === openArray) return this.array(depth);
    if (byte === openObject) return this.object(depth);
    if (byte === quote) return this.string();
    const isNumber = byte === minus ? isDigit(this.bytes[this.position + 1]!) : byte !== undefined && isDigit(byte);
    return isNumber ? this.number() : this.word();
  }

  private array(depth: number): JsonValue {
    this.enter(depth);
    const start = this.used;
    if (this.next() === closeArray) return this.leave(this.pack(start, this.scalar.times(0)));
    // As long as the elements are alike, their shape is all there is of them besides the numbers in the pool.
    let shape = this.scalar;
    let head: NumberArray | undefined;
    const tail: JsonValue[] = [];
    for (let length = 0; ; length++) {
      const value = this.value(depth + 1);
      const isNumber = typeof value === 'number';
      const found = isNumber ? this.scalar : value === packed ? this.packedShape : undefined;
      if (!head && found && (length === 0 || shape === found)) {
        shape = found;
        if (isNumber) this.keep(value);
      } else {
        head ??= new NumberArray(this.pool, start, [length, ...shape.sizes]);
        tail.push(this.unpacked(value));
        this.count(1);
      }
      if (!this.separator(closeArray)) continue;
      return head ? this.mixed(head, tail) : this.pack(start, shape.times(length + 1));
    }
  }

  private pack(start: number, shape: Shape): NumberArray {
    this.packedStart = start;
    this.packedShape = shape;
    return packed;
  }

  /** A value that was just read, itself. */
  private unpacked(value: JsonValue): JsonValue {
    return value === packed ? new NumberArray(this.pool, this.packedStart, this.packedShape.sizes) : value;
  }

  private keep(value: number): void {
    if (this.used === this.pool.length) {
      const larger = new Float64Array(Math.ceil(1.5 * this.used));
      larger.set(this.pool);
      this.pool = larger;
    }
    this.pool[this.used++] = value;
  }

  private mixed(head: NumberArray, tail: JsonValue[]): JsonValue {
    if (head.length > mostUnpacked) return new MixedArray(head, tail);
    this.count(head.length);
    return [...Array.from({ length: head.length }, (_, index) => head.at(index)), ...tail];
  }

  private object(depth: number): JsonValue {
    this.enter(depth);
    const object: { [key: string]: JsonValue } = {};
    this.count(1);
    if (this.next() === closeObject) return this.leave(object);
    for (let keys = 1; ; keys++) {
      if (keys > this.mostKeys)
        throw new JsonError('json_too_complex', `The body has an object of more than ${this.mostKeys} keys.`);
      if (this.next() !== quote) this.fail('a key in quotes');
      const start = this.position;
      const key = this.string();
      if (Object.hasOwn(object, key)) throw new RepeatedKeyError(quoted(key), start);
      if (key === '__proto__') this.fail('a key other than "__proto__"');
      if (this.next() !== colon) this.fail('a colon');
      this.position++;
      object[key] = this.unpacked(this.value(depth + 1));
      this.count(1);
      if (this.separator(closeObject)) return object;
    }
  }

  /** Goes past the bracket that opens an array or object. */
  private enter(depth: number): void {
    if (depth >= maxDepth)
      throw new JsonError('json_too_complex', `The body has arrays inside one another, more than ${maxDepth} deep.`);
    this.position++;
  }

  private leave<T>(value: T): T {
    this.position++;
    return value;
  }

  /** Goes past the comma or the closing bracket behind an element. @returns whether it was the bracket */
  private separator(close: number): boolean {
    const byte = this.next();
    if (byte !== comma && byte !== close) this.fail(`a comma or ${String.fromCharCode(close)}`);
    this.position++;
    return byte === close;
  }

  private count(more: number): void {
    this.values += more;
    if (this.values > maxValues)
      throw new JsonError(
        'json_too_complex',
        `The body holds more than ${maxValues} values that aren’t in arrays of numbers. Send arrays, or less at once.`,
      );
  }

  private number(): number {
    const { bytes, digits } = this;
    const start = this.position;
    const first = bytes[start] === minus ? start + 1 : start;
    digits.clear();
    let at = digits.take(bytes, first);
    if (at === first || (at > first + 1 && bytes[first] === zero)) this.failAt(first, 'a number without leading zeros');
    let exponent = 0;
    if (bytes[at] === point) {
      const behind = at + 1;
      at = digits.take(bytes, behind);
      if (at === behind) this.failAt(at, 'a digit');
      exponent = behind - at;
    }
    const end = this.endOfExponent(at);
    this.position = end;
    const value = end === at ? digits.times(exponent) : Number.NaN;
    if (Number.isNaN(value)) return this.finite(start, end);
    return first > start ? -value : value;
  }

  /** A number as JavaScript reads it. */
  private finite(start: number, end: number): number {
    const digits = this.text.toString('latin1', start, end);
    const value = Number(digits);
    if (Number.isFinite(value)) return value;
    const place = placeAt(this.text, start) || 'The body';
    const shown = digits.length > 40 ? `${digits.slice(0, 40)}…` : digits;
    throw new JsonError('instances_invalid', `${place} should be a number that float64 can hold, but is ${shown}.`);
  }

  private endOfExponent(at: number): number {
    const { bytes } = this;
    if (bytes[at] !== smallE && bytes[at] !== largeE) return at;
    at++;
    if (bytes[at] === minus || bytes[at] === plus) at++;
    if (!isDigit(bytes[at]!)) this.failAt(at, 'a digit');
    while (isDigit(bytes[at]!)) at++;
    return at;
  }

  private word(): JsonValue {
    const word = /^-?[A-Za-z]*/.exec(this.text.toString('latin1', this.position, this.position + 12))![0];
    if (!Object.hasOwn(words, word)) this.fail('a value');
    this.position += word.length;
    return words[word]!;
  }

  private string(): string {
    const { bytes, text } = this;
    const start = this.position;
    let at = start + 1;
    let plain = true;
    for (let byte = bytes[at]; byte !== quote; byte = bytes[++at]) {
      if (byte === undefined) this.failAt(bytes.length, 'the end of a string');
      if (byte === backslash) at++;
      if (byte === backslash || byte < 0x20 || byte > 0x7e) plain = false;
    }
    this.position = at + 1;
    if (plain) return text.toString('latin1', start + 1, at);
    try {
      return JSON.parse(text.toString('utf8', start, at + 1));
    } catch {
      return this.failAt(start, 'a string without control characters or unknown escapes');
    }
  }

  private failAt(position: number, expected: string): never {
    this.position = position;
    return this.fail(expected);
  }

  private fail(expected: string): never {
    const { position, text } = this;
    const found = position < text.length ? JSON.stringify(text.toString('utf8', position, position + 1)) : 'its end';
    throw new JsonError(
      'json_invalid',
      `The body is not valid JSON: ${expected} should be at byte ${position}, but there is ${found}.`,
    );
  }
}
