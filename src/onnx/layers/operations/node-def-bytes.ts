import {
  entries,
  float,
  integer,
  integers,
  messages,
  ProtobufError,
  readFields,
  text,
} from '../../../support/protobuf-reader.js';
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

const bytesOf = (message: Buffer, field: number): Buffer => messages(message, field).at(-1) ?? Buffer.alloc(0);

/**
 * What an `AttrValue` can be, by the number of its field:
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/attr_value.proto
 */
const attributeReaders: Record<number, (value: Buffer) => CallArgument> = {
  1: (value) => integers(bytesOf(value, 1), 3),
  2: (value) => bytesOf(value, 2).toString('latin1'),
  3: (value) => integer(value, 3),
  4: (value) => float(value, 4),
  5: (value) => integer(value, 5) !== 0,
  6: (value) => typeNumbers[integer(value, 6)] ?? null,
};

function attribute(value: Buffer): CallArgument {
  const [first] = readFields(value);
  return attributeReaders[first?.field ?? 0]?.(value) ?? null;
}

/** A `NodeDef` in protobuf's encoding; undefined when it is none. */
export function nodeDefFromBytes(bytes: Buffer): NodeDef | undefined {
  try {
    const op = text(bytes, 2);
    const attributes = entries(bytes, 5).map(([name, value]): [string, CallArgument] => [name, attribute(value)]);
    return op === '' ? undefined : { op, attributes: Object.fromEntries(attributes) };
  } catch (error) {
    if (error instanceof ProtobufError) return undefined;
    throw error;
  }
}
