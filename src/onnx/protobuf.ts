/**
 * The part of the ONNX format (`onnx.proto`, IR version 10) that the compiler writes, as tables of field numbers, and one
 * encoder for them. Weights are never copied: an encoded message is a list of chunks, and a weight's bytes are one of them.
 */

/** Bytes that are worked out when they are needed: else a weight whose axes move would be in memory twice. */
export interface LaterBytes {
  byteLength: number;
  make(): Uint8Array;
}

type Chunk = Uint8Array | LaterBytes;

/** Bytes in chunks, to be written one after the other. */
export class ByteChunks implements Iterable<Uint8Array> {
  readonly byteLength: number;

  constructor(private readonly chunks: readonly Chunk[]) {
    this.byteLength = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  *[Symbol.iterator](): Iterator<Uint8Array> {
    for (const chunk of this.chunks) yield bytesOf(chunk);
  }

  /** All of them. */
  toBuffer(): Buffer {
    return Buffer.concat([...this]);
  }
}

const bytesOf = (chunk: Chunk): Uint8Array => (chunk instanceof Uint8Array ? chunk : chunk.make());

/** Element types of `TensorProto.DataType`. */
export const dataTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;

/** Values of `AttributeProto.AttributeType`. */
export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

type Scalar = 'int' | 'float' | 'string' | 'bytes';
type Field = [number: number, type: Scalar | 'ints' | 'floats' | (() => MessageType)];
type MessageType = Record<string, Field>;

/** A message as plain data. A field that is an array of messages or strings is repeated; undefined is left out. */
export type Message = { [field: string]: FieldValue | undefined };
type FieldValue =
  | number
  | bigint
  | string
  | Chunk
  | readonly number[]
  | readonly string[]
  | Message
  | readonly Message[];

const entry: MessageType = { key: [1, 'string'], value: [2, 'string'] };
const tensor: MessageType = {
  dims: [1, 'ints'],
  data_type: [2, 'int'],
  name: [8, 'string'],
  raw_data: [9, 'bytes'],
  external_data: [13, () => entry],
  data_location: [14, 'int'],
};
const dimension: MessageType = { dim_value: [1, 'int'], dim_param: [2, 'string'] };
const shape: MessageType = { dim: [1, () => dimension] };
const tensorType: MessageType = { elem_type: [1, 'int'], shape: [2, () => shape] };
const type: MessageType = { tensor_type: [1, () => tensorType] };
const valueInfo: MessageType = { name: [1, 'string'], type: [2, () => type] };
const attribute: MessageType = {
  name: [1, 'string'],
  f: [2, 'float'],
  i: [3, 'int'],
  s: [4, 'string'],
  t: [5, () => tensor],
  g: [6, () => graph],
  floats: [7, 'floats'],
  ints: [8, 'ints'],
  strings: [9, 'string'],
  type: [20, 'int'],
};
const node: MessageType = {
  input: [1, 'string'],
  output: [2, 'string'],
  name: [3, 'string'],
  op_type: [4, 'string'],
  attribute: [5, () => attribute],
  domain: [7, 'string'],
};
const graph: MessageType = {
  node: [1, () => node],
  name: [2, 'string'],
  initializer: [5, () => tensor],
  input: [11, () => valueInfo],
  output: [12, () => valueInfo],
};
const operatorSet: MessageType = { domain: [1, 'string'], version: [2, 'int'] };

/** `ModelProto`, the root message of an ONNX file. */
export const modelType: MessageType = {
  ir_version: [1, 'int'],
  producer_name: [2, 'string'],
  producer_version: [3, 'string'],
  metadata_props: [14, () => entry],
  graph: [7, () => graph],
  opset_import: [8, () => operatorSet],
};

const varintField = 0;
const bytesField = 2;
const fixed32Field = 5;
const text = new TextEncoder();

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** A list of byte chunks that grows, and knows its length. */
class Chunks {
  readonly list: Chunk[] = [];
  length = 0;

  push(chunk: Chunk): void {
    this.list.push(chunk);
    this.length += chunk.byteLength;
  }

  field(number: number, wireType: number): void {
    this.push(varint((number << 3) | wireType));
  }

  bytes(number: number, content: Chunk): void {
    this.field(number, bytesField);
    this.push(varint(content.byteLength));
    this.push(content);
  }

  message(number: number, content: Chunks): void {
    this.field(number, bytesField);
    this.push(varint(content.length));
    for (const chunk of content.list) this.push(chunk);
  }
}

const float = (value: number) => new Uint8Array(Float32Array.of(value).buffer);

const writers: Record<Scalar | 'ints' | 'floats', (chunks: Chunks, number: number, value: never) => void> = {
  int(chunks, number, value: number | bigint) {
    chunks.field(number, varintField);
    chunks.push(varint(value));
  },
  float(chunks, number, value: number) {
    chunks.field(number, fixed32Field);
    chunks.push(float(value));
  },
  string: (chunks, number, value: string) => chunks.bytes(number, text.encode(value)),
  bytes: (chunks, number, value: Chunk) => chunks.bytes(number, value),
  ints: (chunks, number, value: number[]) => chunks.bytes(number, Buffer.concat(value.map(varint))),
  floats: (chunks, number, value: number[]) => chunks.bytes(number, new Uint8Array(Float32Array.from(value).buffer)),
};

function encodeMessage(message: Message, messageType: MessageType): Chunks {
  const chunks = new Chunks();
  for (const [name, [number, fieldType]] of Object.entries(messageType)) {
    const value = message[name];
    if (value === undefined) continue;
    const repeated = Array.isArray(value) && fieldType !== 'ints' && fieldType !== 'floats';
    for (const one of repeated ? value : [value]) {
      if (typeof fieldType === 'function') chunks.message(number, encodeMessage(one as Message, fieldType()));
      else writers[fieldType](chunks, number, one as never);
    }
  }
  return chunks;
}

/**
 * Encodes a `ModelProto`.
 * @returns the file's bytes, the weights' own memory among them
 */
export function encodeModel(model: Message): ByteChunks {
  const joined: Chunk[] = [];
  let small: Uint8Array[] = [];
  const flush = () => {
    if (small.length > 0) joined.push(Buffer.concat(small));
    small = [];
  };
  for (const chunk of encodeMessage(model, modelType).list) {
    if (chunk.byteLength < 4096) small.push(bytesOf(chunk));
    else {
      flush();
      joined.push(chunk);
    }
  }
  flush();
  return new ByteChunks(joined);
}

/** A message of nothing but fields that hold bytes, texts among them. */
export function encodeFields(fields: readonly [number: number, bytes: Uint8Array][]): Buffer {
  const chunks = new Chunks();
  for (const [number, bytes] of fields) chunks.bytes(number, bytes);
  return new ByteChunks(chunks.list).toBuffer();
}
