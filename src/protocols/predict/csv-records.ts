import { isUtf8 } from 'node:buffer';
import {
  carriageReturn,
  comma,
  largeE,
  lineFeed,
  minus,
  plus,
  point,
  quote,
  smallE,
  space,
  zero,
} from '../../json/characters.js';
import { Digits } from '../../json/decimal.js';
import { ProtocolRequestError } from '../errors.js';

/** Bytes of a record: longer than any row of numbers. */
const mostBytes = 2 ** 24;

const isSpace = (byte: number) => byte === space || (byte >= 0x09 && byte <= 0x0d);

/** Records of CSV, as many values in each as there are columns. */
export interface CsvRows {
  readonly length: number;
  /** The number that a value is; NaN where it is something else or wasn't read as one. */
  number(row: number, column: number): number;
  /** The text of a value, without the quotes around it. */
  text(row: number, column: number): string;
  /** The line that a record begins in: the first is 1. */
  line(row: number): number;
  /** CSV of the header and these records alone. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/**
 * Reads records of CSV (RFC 4180) off its bytes. Numbers are read as such; what else there is becomes a text when it is asked for.
 * Empty lines are passed over; of one column, those between others are empty values. Lines end in LF, CR LF, or, as in old files, in CR alone.
 */
export class CsvReader {
  private readonly bytes: Buffer;
  private readonly newline: number;
  private readonly digits = new Digits();
  private position: number;
  private headerEnd = 0;
  /** Behind the last byte that is no space. */
  private contentEnd: number;
  /** Of the values that were read last: where each begins, and the number that it is. */
  private starts = new Uint32Array(0);
  private numbers = new Float64Array(0);
  private count = 0;

  /**
   * @param body in UTF-8, with a byte order mark or without
   * @throws ProtocolRequestError that names the line that isn't UTF-8
   */
  constructor(body: readonly Uint8Array[]) {
    const [first] = body;
    this.bytes =
      first && body.length === 1 ? Buffer.from(first.buffer, first.byteOffset, first.length) : Buffer.concat(body);
    this.newline = this.bytes.includes(lineFeed) ? lineFeed : carriageReturn;
    this.position = this.bytes[0] === 0xef && this.bytes[1] === 0xbb && this.bytes[2] === 0xbf ? 3 : 0;
    this.contentEnd = this.bytes.length;
    while (this.contentEnd > 0 && isSpace(this.bytes[this.contentEnd - 1]!)) this.contentEnd--;
    if (!isUtf8(this.bytes))
      throw new ProtocolRequestError(`Line ${this.firstWrongLine()}: this isn’t UTF-8. Save the CSV as UTF-8.`);
  }

  /** The values of the first record; undefined where there is none. @throws ProtocolRequestError that names the line */
  header(): string[] | undefined {
    if (!this.isAtRecord()) return undefined;
    this.count = 0;
    const width = this.record([], Number.POSITIVE_INFINITY);
    this.headerEnd = this.position;
    return Array.from({ length: width }, (_, column) => this.text(this.starts[column]!));
  }

  /**
   * The next records, until it is called again; undefined where there are no more.
   * @param areNumbers whether the values of each column are read as numbers
   * @param most how many
   * @throws ProtocolRequestError that names the line
   */
  read(areNumbers: readonly boolean[], most: number): CsvRows | undefined {
    const width = areNumbers.length;
    this.count = 0;
    let length = 0;
    for (; length < most && this.isAtRecord(width === 1); length++) {
      const start = this.position;
      const found = this.record(areNumbers, width);
      if (found === width) continue;
      const [values, are] = [width === 1 ? '1 value' : `${width} values`, found === 1 ? 'is' : 'are'];
      throw this.fault(start, `there should be ${values}, as many as the header has, but there ${are} ${found}.`);
    }
    if (length === 0) return undefined;
    return {
      length,
      number: (row, column) => this.numbers[row * width + column]!,
      text: (row, column) => this.text(this.starts[row * width + column]!),
      line: (row) => this.lineAt(this.starts[row * width]!),
      bytes: () => {
        const header = this.bytes.subarray(0, this.headerEnd);
        const records = this.bytes.subarray(this.starts[0]!, this.position);
        const bytes = new Uint8Array(header.length + records.length);
        bytes.set(header);
        bytes.set(records, header.length);
        return bytes;
      },
    };
  }

  /** Goes past empty lines. @param takesEmpty whether they are records @returns whether there is a record behind them */
  private isAtRecord(takesEmpty = false): boolean {
    const { bytes, newline } = this;
    for (let at = this.position; at < bytes.length; at++) {
      if (bytes[at] === newline && takesEmpty) return at < this.contentEnd;
      if (bytes[at] === newline) this.position = at + 1;
      else if (!isSpace(bytes[at]!)) return true;
    }
    return false;
  }

  /** Reads a record, and keeps so many of its values. @returns how many it has */
  private record(areNumbers: readonly boolean[], most: number): number {
    const { bytes } = this;
    const start = this.position;
    for (let column = 0; ; column++) {
      const from = this.position;
      const value = areNumbers[column] ? this.number(from) : Number.NaN;
      if (Number.isNaN(value)) this.position = this.endOf(from, start);
      if (column < most) this.keep(from, value);
      if (this.position - start > mostBytes)
        throw this.fault(start, `it has more than ${mostBytes} bytes. Is a quote missing?`);
      if (bytes[this.position++] !== comma) return column + 1;
    }
  }

  private keep(start: number, value: number): void {
    if (this.count === this.starts.length) {
      const capacity = Math.max(1024, 2 * this.count);
      const [starts, numbers] = [new Uint32Array(capacity), new Float64Array(capacity)];
      starts.set(this.starts);
      numbers.set(this.numbers);
      [this.starts, this.numbers] = [starts, numbers];
    }
    this.starts[this.count] = start;
    this.numbers[this.count++] = value;
  }

  private isAtEnd(at: number): boolean {
    const byte = this.bytes[at];
    return byte === comma || byte === this.newline || byte === undefined;
  }

  /** Goes past a value that is a number, with spaces around it or without. @returns NaN where it is none, or takes longer to read */
  private number(start: number): number {
    const { bytes, digits, newline } = this;
    let at = start;
    while (bytes[at] === space) at++;
    const sign = bytes[at];
    const first = sign === minus || sign === plus ? at + 1 : at;
    digits.clear();
    at = digits.take(bytes, first);
    let count = at - first;
    let exponent = 0;
    if (bytes[at] === point) {
      const behind = at + 1;
      at = digits.take(bytes, behind);
      exponent = behind - at;
      count -= exponent;
    }
    if (count > 0 && (bytes[at] === smallE || bytes[at] === largeE)) {
      const signed = bytes[at + 1] === minus || bytes[at + 1] === plus ? at + 2 : at + 1;
      let end = signed;
      let power = 0;
      for (let digit = bytes[end]! - zero; digit >= 0 && digit <= 9; digit = bytes[++end]! - zero)
        power = power * 10 + digit;
      if (end > signed) {
        exponent += bytes[at + 1] === minus ? -power : power;
        at = end;
      }
    }
    while (bytes[at] === space || (bytes[at] === carriageReturn && newline === lineFeed)) at++;
    if (count === 0 || !this.isAtEnd(at)) return Number.NaN;
    this.position = at;
    const value = digits.times(exponent);
    return sign === minus ? -value : value;
  }

  /** Where a value ends. @param record where its record begins */
  private endOf(start: number, record: number): number {
    const { bytes } = this;
    let at = start;
    if (bytes[at] !== quote) {
      while (!this.isAtEnd(at)) at++;
      return at;
    }
    at = this.closingQuote(start) + 1;
    if (at > bytes.length) throw this.fault(record, 'a value begins with a quote and has no other at its end.');
    while (bytes[at] !== this.newline && isSpace(bytes[at]!)) at++;
    if (!this.isAtEnd(at)) throw this.fault(record, 'a quote within a value should be doubled.');
    return at;
  }

  /** The quote that closes a value in quotes; the end of all where there is none. */
  private closingQuote(start: number): number {
    const { bytes } = this;
    for (let at = start + 1; at < bytes.length; at++)
      if (bytes[at] === quote) {
        if (bytes[at + 1] !== quote) return at;
        at++;
      }
    return bytes.length;
  }

  private text(start: number): string {
    const { bytes } = this;
    if (bytes[start] === quote)
      return bytes.toString('utf8', start + 1, this.closingQuote(start)).replaceAll('""', '"');
    let end = this.endOf(start, start);
    if (bytes[end] !== comma) while (bytes[end - 1] === carriageReturn && end > start) end--;
    return bytes.toString('utf8', start, end);
  }

  private fault(start: number, message: string): ProtocolRequestError {
    return new ProtocolRequestError(`Line ${this.lineAt(start)}: ${message}`);
  }

  /** The number of the line that a byte is in. */
  private lineAt(position: number): number {
    const { bytes, newline } = this;
    let line = 1;
    for (let at = bytes.indexOf(newline); at >= 0 && at < position; at = bytes.indexOf(newline, at + 1)) line++;
    return line;
  }

  /** The first line that isn't UTF-8: no byte of a longer character is a line feed. */
  private firstWrongLine(): number {
    const { bytes, newline } = this;
    for (let line = 1, at = 0; ; line++) {
      const end = bytes.indexOf(newline, at);
      if (end < 0 || !isUtf8(bytes.subarray(at, end))) return line;
      at = end + 1;
    }
  }
}
