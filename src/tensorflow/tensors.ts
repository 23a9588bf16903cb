import type { DataType, Tensor as TfTensor } from '@tensorflow/tfjs-core';
import { type NumericType, type Tensor, type TensorData, type TensorType, tensorArrays } from '../support/tensor.js';
import type { TensorFlow } from './runtime.js';

/** The types in which TensorFlow.js computes what is of another type here. */
export const computedTypes: Record<NumericType, 'float32' | 'int32' | 'bool'> = {
  float32: 'float32',
  float64: 'float32',
  int8: 'int32',
  uint8: 'int32',
  int16: 'int32',
  uint16: 'int32',
  int32: 'int32',
  uint32: 'int32',
  int64: 'int32',
  uint64: 'int32',
  bool: 'bool',
};

const int32Range = 2 ** 31;

function toInt32(data: TensorData, type: TensorType): Int32Array {
  if (data instanceof Int32Array) return data;
  return Int32Array.from(data as ArrayLike<number | bigint>, (value) => {
    const number = Number(value);
    if (number >= -int32Range && number < int32Range) return number;
    throw new RangeError(`${value} is beyond int32, in which TensorFlow.js computes ${type}`);
  });
}

/**
 * A tensor as TensorFlow.js has it; whoever calls disposes of it.
 * @throws RangeError for whole numbers beyond int32
 */
export function toTensorFlow({ core }: TensorFlow, { type, shape, data }: Tensor): TfTensor {
  const dtype = computedTypes[type as NumericType];
  if (dtype === 'int32') return core.tensor(toInt32(data, type), shape, dtype);
  if (dtype === 'bool') return core.tensor(data as Uint8Array, shape, dtype);
  return core.tensor(data instanceof Float32Array ? data : Float32Array.from(data as Float64Array), shape, dtype);
}

/** A tensor of TensorFlow.js as one of the type that the model declares. */
export function fromTensorFlow(tensor: TfTensor, type: TensorType): Tensor {
  const data = tensor.dataSync() as Float32Array | Int32Array | Uint8Array;
  const array = tensorArrays[type] as unknown as {
    new (length: number): TensorData;
    from(values: ArrayLike<number>, map: (value: number) => number | bigint): TensorData;
  };
  const big = type === 'int64' || type === 'uint64';
  const own = data instanceof array ? data : array.from(data, (value) => (big ? BigInt(value) : value));
  return { type, shape: [...tensor.shape], data: own };
}

const types: Partial<Record<DataType, TensorType>> = { float32: 'float32', int32: 'int32', bool: 'bool' };

/**
 * The type of what TensorFlow.js gives.
 * @throws TypeError for strings and complex numbers
 */
export function typeOf(dtype: DataType): TensorType {
  const type = types[dtype];
  if (type) return type;
  throw new TypeError(`tensors of type ${dtype} can't be answered with`);
}
