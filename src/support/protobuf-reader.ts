import { InternalSignal } from './errors.js';

/** A field of a protobuf message: a number, or the bytes of a text, a message or packed numbers. */
export type Field = { field: number } & ({ value: bigint } | { bytes: Buffer });

/** Bytes that are no protobuf message. */
export class ProtobufError extends InternalSignal {}

/** Where a field of a protobuf message lies: a number stands in its head, bytes follow it. */
export interface FieldHead {
  field: number;
  /** How it is written: 0 for a number, 1, 2 and 5 for bytes. */
  wire: number;
  value: bigint;
  start: number;
  length: number;
}

/** How many bytes follow the head of a field that doesn't say it itself, by how it is written. */
const lengths: Record<number, number> = { 0: 0, 1: 8, 5: 4 };

/** @throws ProtobufError */
function varintAt(bytes: Buffer, start: number): { value: bigint; end: number } {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) break;
    value |= BigInt(byte & 127) << BigInt(7 * index);
    if (byte < 128) return { value, end: start + index + 1 };
  }
  throw new ProtobufError('a number is cut off');
}

/**
 * The heads of a message's fields in their order, of which the last may have fewer bytes behind it than it says: what is read of
 * a long file is its start.
 * @throws ProtobufError
 */
export function* readHeads(bytes: Buffer): Generator<FieldHead> {
  let position = 0;
  const varint = (): bigint => {
    const { value, end } = varintAt(bytes, position);
    position = end;
    return value;
  };
  while (position < bytes.length) {
    const tag = Number(varint());
    const wire = tag % 8;
    const value = wire === 0 || wire === 2 ? varint() : 0n;
    const length = wire === 2 ? Number(value) : lengths[wire];
    if (length === undefined) throw new ProtobufError(`a field is of the kind ${wire}`);
    yield { field: Math.floor(tag / 8), wire, value, start: position, length };
    position += length;
  }
}

/**
 * The fields of a protobuf message in their order.
 * @throws ProtobufError
 */
export function* readFields(bytes: Buffer): Generator<Field> {
  for (const { field, wire, value, start, length } of readHeads(bytes)) {
    if (length > bytes.length - start) throw new ProtobufError('a field is cut off');
    yield wire === 0 ? { field, value } : { field, bytes: bytes.subarray(start, start + length) };
  }
}

/** The fields of one number that hold bytes. */
export function messages(bytes: Buffer, field: number): Buffer[] {
  const found: Buffer[] = [];
  for (const one of readFields(bytes)) if (one.field === field && 'bytes' in one) found.push(one.bytes);
  return found;
}

/** The last field of a number as text. */
export const text = (bytes: Buffer, field: number): string => messages(bytes, field).at(-1)?.toString('utf8') ?? '';

const signed = (value: bigint): number => Number(BigInt.asIntN(64, value));

/** The last field of a number as a whole number; 0 where there is none, as protobuf has it. */
export function integer(bytes: Buffer, field: number): number {
  let value = 0n;
  for (const one of readFields(bytes)) if (one.field === field && 'value' in one) value = one.value;
  return signed(value);
}

/** All whole numbers of a field that is repeated: each in a field of its own, or packed into one. */
export function integers(bytes: Buffer, field: number): number[] {
  const found: number[] = [];
  for (const one of readFields(bytes)) {
    if (one.field !== field) continue;
    if ('value' in one) found.push(signed(one.value));
    else
      for (let position = 0; position < one.bytes.length; ) {
        const { value, end } = varintAt(one.bytes, position);
        found.push(signed(value));
        position = end;
      }
  }
  return found;
}

/** The last field of a number as a float32; 0 where there is none. */
export function float(bytes: Buffer, field: number): number {
  const last = messages(bytes, field).at(-1);
  return last?.length === 4 ? last.readFloatLE() : 0;
}

/** The entries of a map whose keys are texts. */
export const entries = (bytes: Buffer, field: number): [key: string, value: Buffer][] =>
  messages(bytes, field).map((entry) => [text(entry, 1), messages(entry, 2).at(-1) ?? Buffer.alloc(0)]);
