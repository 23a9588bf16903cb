import type { Datatype } from '../../schemas/open-inference.js';
import type { TensorType } from '../support/tensor.js';

/** What a datatype of the Open Inference Protocol is: bytes of an element, and the type of tensor that holds it. */
interface DatatypeInfo {
  size: number;
  type: TensorType;
}

/** All but BYTES, which are strings and whose elements have sizes of their own. FP16 and BF16 become float32, which holds all their values. */
export const datatypeInfos: Record<Exclude<Datatype, 'BYTES'>, DatatypeInfo> = {
  BOOL: { size: 1, type: 'bool' },
  UINT8: { size: 1, type: 'uint8' },
  UINT16: { size: 2, type: 'uint16' },
  UINT32: { size: 4, type: 'uint32' },
  UINT64: { size: 8, type: 'uint64' },
  INT8: { size: 1, type: 'int8' },
  INT16: { size: 2, type: 'int16' },
  INT32: { size: 4, type: 'int32' },
  INT64: { size: 8, type: 'int64' },
  FP16: { size: 2, type: 'float32' },
  BF16: { size: 2, type: 'float32' },
  FP32: { size: 4, type: 'float32' },
  FP64: { size: 8, type: 'float64' },
};

const ofType: Record<TensorType, Datatype> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};

/** The datatype of tensors of a type. */
export const datatypeOf = (type: TensorType): Datatype => ofType[type] ?? 'BYTES';

const tensorFlowTypes: Record<TensorType, string> = {
  bool: 'DT_BOOL',
  uint8: 'DT_UINT8',
  uint16: 'DT_UINT16',
  uint32: 'DT_UINT32',
  uint64: 'DT_UINT64',
  int8: 'DT_INT8',
  int16: 'DT_INT16',
  int32: 'DT_INT32',
  int64: 'DT_INT64',
  float32: 'DT_FLOAT',
  float64: 'DT_DOUBLE',
  string: 'DT_STRING',
};

/** TensorFlow's name of a type. */
export const tensorFlowTypeOf = (type: TensorType): string => tensorFlowTypes[type] ?? 'DT_STRING';
