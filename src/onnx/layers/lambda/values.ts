import type { Config, ConfigValue } from '../../../keras/model.js';
import { FunctionError } from '../../../python/error.js';
import { Ellipsis, type PythonConstant, Tuple } from '../../../python/values.js';
import type { CallArgument } from '../../context.js';
import { Value } from '../../graph.js';
import { typeNamed } from '../operations/dtypes.js';

/** A tuple or list. */
export class Sequence {
  constructor(readonly items: readonly PythonValue[]) {}
}

export class Slice {
  constructor(readonly bounds: readonly PythonValue[]) {}
}

/** A module, or something in one, by its path: `tf.nn.relu`. */
export class Reference {
  constructor(readonly path: string) {}
}

/** An array of NumPy's: numbers in lists, and their dtype. */
export class NumpyArray {
  constructor(readonly config: { value: CallArgument; dtype: CallArgument }) {}
}

/** The type of {@link unknownSize}. */
export class UnknownSize {
  readonly kind = 'size';
}

/** The size of an axis that is known only when the model runs. */
export const unknownSize = new UnknownSize();

/** What a part of a function's expression is while it is compiled: a tensor, or something of Python's that is known now. */
export type PythonValue =
  | Exclude<PythonConstant, Tuple>
  | Value
  | Sequence
  | Slice
  | Reference
  | NumpyArray
  | UnknownSize;

export const isNumber = (value: PythonValue): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number';

/** A constant of a function's code. */
export const fromConstant = (value: PythonConstant): PythonValue =>
  value instanceof Tuple ? new Sequence(value.items.map(fromConstant)) : value;

const isObject = (value: ConfigValue): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A value that a layer's config holds, floats told from whole numbers.
 * @throws FunctionError for anything but numbers, texts, and lists and arrays of them
 */
export function fromConfig(value: ConfigValue, name: string): PythonValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return new Sequence(value.map((one) => fromConfig(one, name)));
  if (!isObject(value)) return value;
  const { class_name: kind, config, items } = value;
  if (kind === '__tuple__' && Array.isArray(items)) return fromConfig(items, name);
  if (kind === '__float__' && config && isObject(config) && typeof config.value === 'number') return config.value;
  const array =
    kind === '__numpy__' ? config : value.type === 'ndarray' ? { value: value.value!, dtype: 'float64' } : null;
  if (array && isObject(array) && array.value !== undefined)
    return new NumpyArray({ value: array.value, dtype: array.dtype ?? null });
  throw new FunctionError(`the value of its ${name.slice(0, 60)} is no number, text or list of them`);
}

/** Numbers beyond which an int isn't what a float of JavaScript can hold. */
function plainInteger(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new FunctionError('it has a whole number that is too large');
  return number;
}

const float = (value: number): CallArgument =>
  Number.isInteger(value) ? { class_name: '__float__', config: { value } } : value;

/**
 * A value as operations take their arguments.
 * @throws FunctionError for what is none: a module, a slice
 */
export function toArgument(value: PythonValue): CallArgument {
  if (typeof value === 'bigint') return plainInteger(value);
  if (typeof value === 'number') return float(value);
  if (value instanceof Ellipsis) return '...';
  if (value instanceof UnknownSize) throw new FunctionError('it uses the size of an axis that the model leaves open');
  if (value instanceof Sequence) return value.items.map(toArgument);
  if (value instanceof NumpyArray) return { class_name: '__numpy__', config: { ...value.config } };
  if (value instanceof Reference) return dtypeNamed(value);
  if (value instanceof Slice) throw new FunctionError('it has a slice where there is none');
  return value;
}

/** `tf.float32` and `np.int32` are dtypes. */
function dtypeNamed({ path }: Reference): string {
  const [, name] = /^(?:tf|np)\.(\w+)$/.exec(path) ?? [];
  if (name === undefined || typeNamed(name) === undefined)
    throw new FunctionError(`it uses ${path.slice(0, 80)}, which is not known`);
  return name;
}

/** Whether a value is a tensor, or a list that one is in. */
export const hasTensor = (value: PythonValue): boolean =>
  value instanceof Value || (value instanceof Sequence && value.items.some(hasTensor));

/** All tensors in values. */
export const tensorsIn = (values: readonly PythonValue[]): Value[] =>
  values.flatMap((value) =>
    value instanceof Value ? [value] : value instanceof Sequence ? tensorsIn(value.items) : [],
  );
