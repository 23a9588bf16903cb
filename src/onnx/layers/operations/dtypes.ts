import type { TensorType } from '../../../support/tensor.js';
import type { Value } from '../../graph.js';
import { cast } from '../../operators/index.js';

/** A dtype, or that of a Python number, which bends to the tensor beside it. */
export type OperandType = TensorType | 'int' | 'float';

const bits = (type: TensorType): number => Number(/\d+/.exec(type)?.[0] ?? 0);

/**
 * The dtype that Keras gives an operation on these (`keras.backend.result_type`): the least type that holds all, where bool
 * is below integers and those below floats, and Python's numbers are below every type of their kind. All floats are float32.
 */
export function resultType(types: readonly OperandType[]): TensorType {
  if (types.some((type) => type.startsWith('float'))) return 'float32';
  const integers = types.filter((type): type is TensorType => type !== 'bool' && type !== 'int');
  if (integers.length === 0) return types.includes('int') ? 'int32' : 'bool';
  const widest = (kind: string) =>
    Math.max(0, ...integers.filter((type) => type.startsWith(kind)).map((type) => bits(type)));
  const [signed, unsigned] = [widest('int'), widest('uint')];
  if (unsigned === 0) return `int${signed}` as TensorType;
  // Keras makes uint32 of uint64, and floats of uint64 beside a signed type.
  if (signed === 0) return unsigned === 64 ? 'uint32' : (`uint${unsigned}` as TensorType);
  if (unsigned === 64) return 'float32';
  return `int${Math.max(signed, 2 * unsigned)}` as TensorType;
}

/** The dtype of a tensor that is made of Python's integers. */
export const integerType = (values: readonly number[]): TensorType =>
  values.every((value) => value === (value | 0)) ? 'int32' : 'int64';

const types: readonly string[] = 'float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool'.split(' ');

/** The type that a dtype name means here, where every float is float32; undefined for text, complex and unknown types. */
export function typeNamed(name: string): TensorType | undefined {
  const plain = name
    .replace(/^tf\./, '')
    .replace(/^int$/, 'int32')
    .replace(/^float$/, 'float32');
  if (/^(b?float(16|32|64)|half|double)$/.test(plain)) return 'float32';
  return types.includes(plain) ? (plain as TensorType) : undefined;
}

/** The type in which ONNX Runtime has all its arithmetic, wide enough for `type`. */
export function wideType(type: TensorType): TensorType {
  if (type === 'float32' || type === 'int32' || type === 'int64') return type;
  if (type === 'float64') return 'float32';
  return type === 'uint32' || type === 'uint64' ? 'int64' : 'int32';
}

/** `body` computed in {@link wideType} on values of one type, its result cast back to that. */
export function computed<const T extends readonly Value[]>(values: T, body: (...wide: Value[]) => Value): Value {
  const { type } = values[0]!;
  return cast(body(...values.map((value) => cast(value, wideType(type)))), type);
}

/** What a sum or product of values of this type comes in: nothing below 32 bits. */
export function accumulatorType(type: TensorType): TensorType {
  if (type === 'bool' || type === 'int8' || type === 'int16') return 'int32';
  return type === 'uint8' || type === 'uint16' ? 'uint32' : type;
}
