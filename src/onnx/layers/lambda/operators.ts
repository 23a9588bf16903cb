import { FunctionError } from '../../../python/error.js';
import type { BinaryOperator, UnaryOperator } from '../../../python/expression.js';
import type { TensorType } from '../../../support/tensor.js';
import { Value } from '../../graph.js';
import { isFloat, toFloat } from '../../operators/index.js';
import { isNumber, NumpyArray, type PythonValue, Sequence } from './values.js';

/** Calls a function of {@link functions} by its name. */
export type CallFunction = (name: string, args: readonly PythonValue[]) => PythonValue;

/** TensorFlow's functions for Python's operators on tensors. `==` is missing: on old tensors it compares objects. */
const onTensors: Readonly<Record<string, string>> = {
  '+': 'tf.math.add',
  '-': 'tf.math.subtract',
  '*': 'tf.math.multiply',
  '/': 'tf.math.truediv',
  '//': 'tf.math.floordiv',
  '%': 'tf.math.floormod',
  '**': 'tf.math.pow',
  '@': 'tf.linalg.matmul',
  '<': 'tf.math.less',
  '<=': 'tf.math.less_equal',
  '>': 'tf.math.greater',
  '>=': 'tf.math.greater_equal',
};

const onBools: Readonly<Record<string, string>> = {
  '&': 'tf.math.logical_and',
  '|': 'tf.math.logical_or',
  '^': 'tf.math.logical_xor',
};

/** Integers that TensorFlow's arithmetic leaves as they are, and the small ones that its division makes float32 of. */
const integers: ReadonlySet<TensorType> = new Set(['int32', 'int64']);
const divisible: ReadonlySet<TensorType> = new Set(['uint8', 'int8', 'uint16', 'int16']);

const isWithin = (type: TensorType, value: bigint): boolean => {
  const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(type)!;
  const size = BigInt(bits!);
  return unsigned ? BigInt.asUintN(Number(size), value) === value : BigInt.asIntN(Number(size), value) === value;
};

/** Whether TensorFlow makes a tensor of this type of a number, or of numbers in lists. */
function fits(type: TensorType, value: PythonValue): boolean {
  if (value instanceof Value) return value.type === type;
  if (value instanceof Sequence) return value.items.every((item) => fits(type, item));
  const float = type === 'float32' || type === 'float64';
  if (value instanceof NumpyArray) return float && /^(float|int)/.test(String(value.config.dtype));
  if (typeof value === 'bigint') return float || (type !== 'bool' && type !== 'string' && isWithin(type, value));
  return typeof value === 'number' && float;
}

const shown = (value: PythonValue): string =>
  value instanceof Value
    ? `a tensor of ${value.type}`
    : typeof value === 'bigint'
      ? `${value}`
      : typeof value === 'number'
        ? `the float ${value}`
        : 'something else';

/**
 * Refuses what TensorFlow refuses, or what depends on which framework Keras ran on: operands of different types.
 * @throws FunctionError
 */
export function checkTypes(operator: string, left: PythonValue, right: PythonValue): TensorType {
  const tensor = [left, right].find((value) => value instanceof Value) as Value;
  const { type } = tensor;
  if (fits(type, left) && fits(type, right)) return type;
  throw new FunctionError(
    `its "${operator}" has ${shown(left)} and ${shown(right)}, whose common type depends on the framework; cast them with keras.ops.cast`,
  );
}

/** @throws FunctionError where the operator has no meaning, or one that isn't known */
export function binaryOperation(
  operator: BinaryOperator,
  left: PythonValue,
  right: PythonValue,
  call: CallFunction,
): PythonValue {
  if (!(left instanceof Value || right instanceof Value)) return ofPython(operator, left, right);
  const type = checkTypes(operator, left, right);
  const refuse = () => new FunctionError(`its "${operator}" of ${type} tensors is not supported`);
  if (type === 'bool') {
    if (!Object.hasOwn(onBools, operator)) throw refuse();
    return call(onBools[operator]!, [left, right]);
  }
  if (!Object.hasOwn(onTensors, operator)) throw refuse();
  const function_ = onTensors[operator]!;
  const float = type === 'float32' || type === 'float64';
  if (operator === '/' && divisible.has(type)) return call(function_, [left, right].map(floated));
  if (!float && (!integers.has(type) || operator === '/' || operator === '@' || operator === '**')) throw refuse();
  return call(function_, [left, right]);
}

const floated = (value: PythonValue): PythonValue => {
  if (value instanceof Value) return toFloat(value);
  return typeof value === 'bigint' ? Number(value) : value;
};

/** @throws FunctionError where the operator has no meaning, or one that isn't known */
export function unaryOperation(operator: UnaryOperator, operand: PythonValue, call: CallFunction): PythonValue {
  if (isNumber(operand) && operator === '-') return -operand;
  if (isNumber(operand) && operator === '+') return operand;
  if (operand instanceof Value) {
    if (operator === '-' && (isFloat(operand) || integers.has(operand.type)))
      return call('tf.math.negative', [operand]);
    if (operator === '~' && operand.type === 'bool') return call('tf.math.logical_not', [operand]);
  }
  throw new FunctionError(`its "${operator}" is not supported`);
}

const whole: Readonly<Record<string, (a: bigint, b: bigint) => bigint | number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => Number(a) / Number(b),
  '//': (a, b) => (a - modulo(a, b)) / b,
  '%': (a, b) => modulo(a, b),
  '**': (a, b) => (b < 0n ? Number(a) ** Number(b) : a ** b),
};

const fractional: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
};

const modulo = (a: bigint, b: bigint): bigint => ((a % b) + b) % b;

/** Whole numbers beyond which none are worked out. */
const largest = 2n ** 53n;

/** Python's own arithmetic on numbers; `+` joins lists, too. */
function ofPython(operator: BinaryOperator, left: PythonValue, right: PythonValue): PythonValue {
  const refuse = () => new FunctionError(`its "${operator}" of what is no tensor is not supported`);
  if (left instanceof Sequence && right instanceof Sequence && operator === '+')
    return new Sequence([...left.items, ...right.items]);
  if (!isNumber(left) || !isNumber(right)) throw refuse();
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    const compute = Object.hasOwn(whole, operator) ? whole[operator]! : undefined;
    const divides = operator === '/' || operator === '//' || operator === '%';
    const tooLarge = [left, right].some((value) => value > largest || value < -largest);
    if (
      !compute ||
      tooLarge ||
      (divides && right === 0n) ||
      (operator === '**' && (right > 64n || (right < 0n && left === 0n)))
    )
      throw refuse();
    return compute(left, right);
  }
  const [a, b] = [Number(left), Number(right)];
  if (!Object.hasOwn(fractional, operator) || (operator === '/' && b === 0) || (operator === '**' && a <= 0))
    throw refuse();
  return fractional[operator]!(a, b);
}
