import { ByteReader } from '../support/byte-reader.js';
import { readCode } from './code-object.js';
import { DamagedError, FunctionError } from './error.js';
import { type CodeLayout, ellipsis, type Marshalled, Tuple, unreadable } from './values.js';

/** What one function may be and cost. Those of real models have some hundred bytes. */
export const marshalLimits = {
  bytes: 2 ** 14,
  /** Values in it, and how deep they may be in each other. */
  values: 5000,
  depth: 20,
  /** Digits, of 15 bits each, of a whole number. */
  digits: 8,
};

/** Reads the values of marshalled data: data of types that Python 3.4 and later write, version 3 and 4 of the format. */
export class MarshalReader {
  readonly bytes: ByteReader;
  private readonly references: (Marshalled | undefined)[] = [];
  private values = 0;
  private depth = 0;

  constructor(
    bytes: Uint8Array,
    private readonly layout: CodeLayout,
  ) {
    if (bytes.length > marshalLimits.bytes) throw new FunctionError('its code is too large');
    this.bytes = new ByteReader(bytes, () => new DamagedError());
  }

  /** @throws FunctionError */
  read = (): Marshalled => {
    if (++this.values > marshalLimits.values || this.depth >= marshalLimits.depth)
      throw new FunctionError('its code is too large');
    const byte = this.bytes.byte();
    const type = String.fromCharCode(byte & 0x7f);
    if (type === 'r') return this.recall(this.bytes.int32());
    const handler = handlers[type];
    if (!handler) throw new DamagedError();
    // A value has its number before those that it holds have theirs.
    const index = byte & 0x80 ? this.references.push(undefined) - 1 : undefined;
    this.depth++;
    const value = handler(this);
    this.depth--;
    if (index !== undefined) this.references[index] = value;
    return value;
  };

  private recall(index: number): Marshalled {
    const value = this.references[index];
    if (value === undefined) throw new DamagedError();
    return value;
  }

  many(count: number): Marshalled[] {
    if (!(count >= 0 && count <= marshalLimits.values)) throw new FunctionError('its code is too large');
    return Array.from({ length: count }, this.read);
  }

  code = (): Marshalled => readCode(this, this.layout);
}

const text = (encoding: 'latin1' | 'utf8', length: (bytes: ByteReader) => number) => (reader: MarshalReader) =>
  Buffer.from(reader.bytes.take(length(reader.bytes))).toString(encoding);

function tuple(reader: MarshalReader, count: number): Tuple<Marshalled> {
  const value = new Tuple(reader.many(count));
  if (value.size > marshalLimits.values) throw new FunctionError('its code is too large');
  return value;
}

/** A whole number in digits of 15 bits; its sign is that of their count. */
function long({ bytes }: MarshalReader): bigint {
  const count = bytes.int32();
  if (Math.abs(count) > marshalLimits.digits) throw new FunctionError('it has a whole number that is too large');
  let value = 0n;
  for (let digit = 0; digit < Math.abs(count); digit++) value |= BigInt(bytes.uint16()) << BigInt(15 * digit);
  return count < 0 ? -value : value;
}

function dictionary(reader: MarshalReader): Marshalled {
  while (reader.bytes.bytes[reader.bytes.position] !== '0'.charCodeAt(0)) {
    reader.read();
    reader.read();
  }
  reader.bytes.byte();
  return unreadable;
}

const passed =
  (skip: (reader: MarshalReader) => unknown) =>
  (reader: MarshalReader): Marshalled => {
    skip(reader);
    return unreadable;
  };

const long32 = ({ bytes }: MarshalReader) => bytes.int32();
const collection = passed((reader) => reader.many(long32(reader)));

/** How each type of value is read, by its letter. */
const handlers: Record<string, ((reader: MarshalReader) => Marshalled) | undefined> = {
  __proto__: undefined,
  N: () => null,
  T: () => true,
  F: () => false,
  '.': () => ellipsis,
  S: () => unreadable,
  i: (reader) => BigInt(long32(reader)),
  l: long,
  g: ({ bytes }) => bytes.float64(),
  y: passed(({ bytes }) => bytes.take(16)),
  s: (reader) => reader.bytes.take(long32(reader)),
  a: text('latin1', (bytes) => bytes.int32()),
  A: text('latin1', (bytes) => bytes.int32()),
  z: text('latin1', (bytes) => bytes.byte()),
  Z: text('latin1', (bytes) => bytes.byte()),
  u: text('utf8', (bytes) => bytes.int32()),
  t: text('utf8', (bytes) => bytes.int32()),
  '(': (reader) => tuple(reader, long32(reader)),
  ')': (reader) => tuple(reader, reader.bytes.byte()),
  '[': collection,
  '<': collection,
  '>': collection,
  '{': dictionary,
  c: (reader) => reader.code(),
};

/**
 * Reads what `marshal.dumps` made, as inert data, with code objects of one layout.
 * @throws FunctionError when it is no such data, or has more to it
 */
export function readMarshal(bytes: Uint8Array, layout: CodeLayout): Marshalled {
  const reader = new MarshalReader(bytes, layout);
  const value = reader.read();
  if (!reader.bytes.isAtEnd) throw new DamagedError();
  return value;
}
