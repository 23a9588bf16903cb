import type { CallArgument } from '../../context.js';

/** The operation that a TensorFlowOpLayer holds: TensorFlow's `NodeDef`. */
export interface NodeDef {
  op: string;
  attributes: Record<string, CallArgument>;
}

/** TensorFlow's dtypes by Keras's names, in the order of their numbers where they have those that are supported. */
const types: readonly (readonly [number, string, string])[] = [
  [1, 'DT_FLOAT', 'float32'],
  [2, 'DT_DOUBLE', 'float64'],
  [3, 'DT_INT32', 'int32'],
  [4, 'DT_UINT8', 'uint8'],
  [5, 'DT_INT16', 'int16'],
  [6, 'DT_INT8', 'int8'],
  [9, 'DT_INT64', 'int64'],
  [10, 'DT_BOOL', 'bool'],
  [14, 'DT_BFLOAT16', 'bfloat16'],
  [17, 'DT_UINT16', 'uint16'],
  [19, 'DT_HALF', 'float16'],
];

export const typeNames: Record<string, string> = Object.fromEntries(types.map(([, name, dtype]) => [name, dtype]));
const typeNumbers: Record<number, string> = Object.fromEntries(types.map(([number, , dtype]) => [number, dtype]));

/** A field of a message in protobuf's encoding: a number, or bytes. */
interface Field {
  number: number;
  value: number | Buffer;
}

/** Reads protobuf's encoding. Methods throw RangeError when the bytes end too early or are of an unknown kind. */
class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  private varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes.readUInt8(this.at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new RangeError('a number is too long');
  }

  /** All bytes as numbers one after the other. */
  varints(): number[] {
    const found: number[] = [];
    while (this.at < this.bytes.length) found.push(this.varint());
    return found;
  }

  private take(length: number): Buffer {
    if (length < 0 || this.at + length > this.bytes.length) throw new RangeError('a field is longer than what is left');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** All bytes as a message. */
  fields(): Field[] {
    const found: Field[] = [];
    while (this.at < this.bytes.length) {
      const tag = this.varint();
      const number = tag >> 3;
      const kind = tag & 7;
      if (kind === 0) found.push({ number, value: this.varint() });
      else if (kind === 2) found.push({ number, value: this.take(this.varint()) });
      else if (kind === 5) found.push({ number, value: this.take(4).readFloatLE() });
      else throw new RangeError(`a field is of kind ${kind}`);
    }
    return found;
  }
}

const fields = (bytes: Buffer): Field[] => new Reader(bytes).fields();

const text = (value: number | Buffer | undefined): string => (value instanceof Buffer ? value.toString('latin1') : '');

/** Numbers of a list, each in a field of its own or packed into one. */
const numbers = ({ value }: Field): number[] => (typeof value === 'number' ? [value] : new Reader(value).varints());

/** An `AttrValue`: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/attr_value.proto */
function attribute(bytes: Buffer): CallArgument {
  const [field] = fields(bytes);
  if (!field) return null;
  const { number, value } = field;
  if (number === 1 && value instanceof Buffer)
    return fields(value)
      .filter((one) => one.number === 3)
      .flatMap(numbers);
  if (number === 2) return text(value);
  if (number === 5) return value !== 0;
  if (number === 6) return typeNumbers[Number(value)] ?? null;
  return typeof value === 'number' ? value : null;
}

/** A `NodeDef` in protobuf's encoding; undefined when it is none. */
export function nodeDefFromBytes(bytes: Buffer): NodeDef | undefined {
  try {
    const all = fields(bytes);
    const op = text(all.find(({ number }) => number === 2)?.value);
    const entries = all.flatMap(({ number, value }): [string, CallArgument][] => {
      if (number !== 5 || !(value instanceof Buffer)) return [];
      const [key, content] = fields(value);
      return [[text(key?.value), content?.value instanceof Buffer ? attribute(content.value) : null]];
    });
    return op === '' ? undefined : { op, attributes: Object.fromEntries(entries) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
