/** A field of a protobuf message: a number, or the bytes of a text, a message or packed numbers. */
export type Field = { field: number } & ({ value: bigint } | { bytes: Buffer });

/** Bytes that are no protobuf message. */
export class ProtobufError extends Error {}

/**
 * The fields of a protobuf message in their order.
 * @throws ProtobufError
 */
export function* readFields(bytes: Buffer): Generator<Field> {
  let position = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[position++];
      if (byte === undefined) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new ProtobufError('a number is cut off');
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - position) throw new ProtobufError('a field is cut off');
    position += length;
    return bytes.subarray(position - length, position);
  };
  while (position < bytes.length) {
    const tag = Number(varint());
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield { field, value: varint() };
    else if (wire === 1) yield { field, bytes: take(8) };
    else if (wire === 2) yield { field, bytes: take(Number(varint())) };
    else if (wire === 5) yield { field, bytes: take(4) };
    else throw new ProtobufError(`a field is of the kind ${wire}`);
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

/** The last field of a number as a whole number; 0 where there is none, as protobuf has it. */
export function integer(bytes: Buffer, field: number): number {
  let value = 0n;
  for (const one of readFields(bytes)) if (one.field === field && 'value' in one) value = one.value;
  return Number(BigInt.asIntN(64, value));
}

/** The entries of a map whose keys are texts. */
export const entries = (bytes: Buffer, field: number): [key: string, value: Buffer][] =>
  messages(bytes, field).map((entry) => [text(entry, 1), messages(entry, 2).at(-1) ?? Buffer.alloc(0)]);
