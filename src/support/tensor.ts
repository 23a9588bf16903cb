/** The tensor types that models take and give, by ONNX's names for them. */
export type TensorType =
  | 'float32'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'string';

/** The types of tensors of numbers. */
export type NumericType = Exclude<TensorType, 'string'>;

export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** What makes typed arrays of one kind: new ones, or in memory that is there. */
export interface TensorArray {
  readonly name: string;
  new (length: number): TensorData;
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): TensorData;
}

/** The typed array that holds the elements of each type. */
export const tensorArrays: Record<TensorType, TensorArray> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  string: BigUint64Array,
};

/**
 * A dense tensor in row-major order; `bool` is a Uint8Array of 0 and 1. Strings are bytes, as they are to TensorFlow, and stand in
 * `bytes`; their `data` says where: `support/strings` makes and reads it.
 */
export interface Tensor {
  type: TensorType;
  shape: number[];
  data: TensorData;
  /** What the elements of a tensor of strings are parts of; all of them are empty where there is none. */
  bytes?: Uint8Array;
}

/** Tensors by input or output name. */
export type Tensors = Record<string, Tensor>;

/** Rows of several shapes, each a tensor without the axis of rows. */
export interface RaggedTensor {
  type: TensorType;
  rows: readonly Tensor[];
}

/** The same of which some may be ragged. */
export type RaggedTensors = Record<string, Tensor | RaggedTensor>;

/** What a model takes and gives, in its own order. */
export interface Signature {
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** Whether the answer to one row depends on the other rows of its batch, so that requests can't run together. */
  batchDependent?: boolean;
}

/** What a model says of one of its inputs or outputs; the first axis is the batch, null is an axis of any size. */
export interface TensorInfo {
  name: string;
  type: TensorType;
  shape: (number | null)[];
}
