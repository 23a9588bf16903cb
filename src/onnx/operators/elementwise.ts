import type { TensorType } from '../../support/tensor.js';
import { type Attribute, type Dimension, float, type GraphBuilder, ShapeError, showShape, Value } from '../graph.js';
import { dataTypes } from '../protobuf.js';

/** A value, or a number that becomes a constant of the other operand's type. */
export type Operand = Value | number;

function big(value: number): bigint {
  if (Number.isInteger(value)) return BigInt(value);
  if (Number.isNaN(value)) throw new ShapeError('they need the size of an axis that the model leaves open');
  throw new ShapeError(`${value} is no whole number, which a size, an axis or an index should be`);
}

const arrays: Record<TensorType, (values: readonly number[]) => NonNullable<Value['data']>> = {
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
  int8: (values) => Int8Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  int16: (values) => Int16Array.from(values),
  uint16: (values) => Uint16Array.from(values),
  int32: (values) => Int32Array.from(values),
  uint32: (values) => Uint32Array.from(values),
  int64: (values) => BigInt64Array.from(values, big),
  uint64: (values) => BigUint64Array.from(values, big),
  bool: (values) => Uint8Array.from(values),
  string: () => {
    throw new ShapeError('they put numbers beside strings');
  },
};

/** A constant from plain numbers; shape `[]` is a scalar. */
export function constant(
  graph: GraphBuilder,
  type: TensorType,
  shape: readonly number[],
  values: readonly number[],
): Value {
  return graph.constant(type, shape, arrays[type](values));
}

/** A one-dimensional int64 constant: axes, sizes, indices. */
export const int64s = (graph: GraphBuilder, values: readonly number[]): Value =>
  constant(graph, 'int64', [values.length], values);

/** The greatest number of float32. */
export const largestFloat = 3.4028234663852886e38;

export const isFloat = (value: Value): boolean => value.type === 'float32' || value.type === 'float64';

/** The graph that a node with these inputs belongs to: the innermost, since subgraphs see what is outside. */
export function graphOf(values: readonly (Value | undefined)[]): GraphBuilder {
  const present = values.filter((value) => value !== undefined);
  return present.reduce((deepest, { graph }) => (graph.depth > deepest.depth ? graph : deepest), present[0]!.graph);
}

/** Adds a node with one output. */
export function node(
  opType: string,
  inputs: readonly (Value | undefined)[],
  attributes: Record<string, Attribute>,
  type: TensorType,
  shape: readonly Dimension[],
): Value {
  return graphOf(inputs).node(opType, inputs, attributes, [{ type, shape }])[0]!;
}

/**
 * The shape of two shapes broadcast as NumPy does it. An unknown axis beside a known one above 1 is taken to fit it.
 * @throws ShapeError when two sizes don't fit
 */
export function broadcast(a: readonly Dimension[], b: readonly Dimension[]): Dimension[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = axis < rank - a.length ? 1 : a[axis - rank + a.length]!;
    const right = axis < rank - b.length ? 1 : b[axis - rank + b.length]!;
    if (left === 1) return right;
    if (right === 1 || right === null) return left;
    if (left !== null && left !== right)
      throw new ShapeError(`the shapes ${showShape(a)} and ${showShape(b)} can't be combined`);
    return right;
  });
}

function operands(a: Operand, b: Operand): [Value, Value] {
  if (a instanceof Value) return [a, b instanceof Value ? b : constant(a.graph, a.type, [], [b])];
  if (b instanceof Value) return [constant(b.graph, b.type, [], [a]), b];
  throw new TypeError('an operator needs at least one value that is not a number');
}

/** An operator on one value that keeps its shape and type, with FLOAT attributes. */
const unary =
  (opType: string) =>
  (x: Value, attributes: Record<string, number> = {}): Value =>
    node(
      opType,
      [x],
      Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, float(value)])),
      x.type,
      x.shape,
    );

const binary =
  (opType: string) =>
  (a: Operand, b: Operand): Value => {
    const [left, right] = operands(a, b);
    return node(opType, [left, right], {}, left.type, broadcast(left.shape, right.shape));
  };

const comparison =
  (opType: string) =>
  (a: Operand, b: Operand): Value => {
    const [left, right] = operands(a, b);
    return node(opType, [left, right], {}, 'bool', broadcast(left.shape, right.shape));
  };

const test =
  (opType: string) =>
  (x: Value): Value =>
    node(opType, [x], {}, 'bool', x.shape);

export const abs = unary('Abs');
export const neg = unary('Neg');
export const sign = unary('Sign');
export const exp = unary('Exp');
export const log = unary('Log');
export const sqrt = unary('Sqrt');
export const reciprocal = unary('Reciprocal');
export const floor = unary('Floor');
export const ceil = unary('Ceil');
/** Rounds halves to even, as NumPy does. */
export const round = unary('Round');
export const erf = unary('Erf');
export const sin = unary('Sin');
export const cos = unary('Cos');
export const tan = unary('Tan');
export const asin = unary('Asin');
export const acos = unary('Acos');
export const atan = unary('Atan');
export const sinh = unary('Sinh');
export const cosh = unary('Cosh');
export const asinh = unary('Asinh');
export const acosh = unary('Acosh');
export const atanh = unary('Atanh');
export const tanh = unary('Tanh');
export const sigmoid = unary('Sigmoid');
export const relu = unary('Relu');
/** Attribute `alpha`, default 0.01. */
export const leakyRelu = unary('LeakyRelu');
/** Attribute `alpha`, default 1. */
export const elu = unary('Elu');
/** Attributes `alpha` and `gamma`, by default those of the SELU paper. */
export const selu = unary('Selu');
export const softplus = unary('Softplus');
export const softsign = unary('Softsign');
/** Attributes `alpha` (default 0.2) and `beta` (default 0.5): `max(0, min(1, alpha·x + beta))`. */
export const hardSigmoid = unary('HardSigmoid');
export const not = test('Not');
export const isNan = test('IsNaN');
export const isInf = test('IsInf');

export const add = binary('Add');
export const sub = binary('Sub');
export const mul = binary('Mul');
export const pow = binary('Pow');
export const min = binary('Min');
export const max = binary('Max');

export const equal = comparison('Equal');
export const less = comparison('Less');
export const lessOrEqual = comparison('LessOrEqual');
export const greater = comparison('Greater');
export const greaterOrEqual = comparison('GreaterOrEqual');
export const and = comparison('And');
export const or = comparison('Or');
export const xor = comparison('Xor');

export const bitwiseXor = binary('BitwiseXor');

export const bitwiseOr = binary('BitwiseOr');

const shift =
  (direction: 'LEFT' | 'RIGHT') =>
  (x: Value, bits: Operand): Value => {
    const [left, right] = operands(x, bits);
    return node('BitShift', [left, right], { direction }, x.type, broadcast(left.shape, right.shape));
  };

/** Unsigned integers, their bits moved towards the lowest. */
export const shiftRight = shift('RIGHT');
/** Unsigned integers, their bits moved towards the highest. */
export const shiftLeft = shift('LEFT');

/** Whether a divisor may be -1 in whole numbers: dividing the least of them by that ends the process, for its opposite is none. */
const mayOverflow = (b: Operand, divisor: Value): boolean =>
  divisor.type.startsWith('int') && (typeof b !== 'number' || b === -1);

/** The quotient; that of whole numbers is cut off, and where it is too large by one it wraps around. */
export function div(a: Operand, b: Operand): Value {
  const [left, right] = operands(a, b);
  const quotient = (by: Value) => node('Div', [left, by], {}, left.type, broadcast(left.shape, by.shape));
  if (!mayOverflow(b, right)) return quotient(right);
  const negates = equal(right, -1);
  return where(negates, neg(left), quotient(where(negates, 1, right)));
}

/** Remainder with the sign of the divisor, as NumPy's `mod`. That of floats has the dividend's sign at first. */
export function mod(a: Operand, b: Operand): Value {
  const [left, right] = operands(a, b);
  const fmod = isFloat(left) ? 1 : 0;
  // Of whole numbers nothing is left by 1 and by -1.
  const by = mayOverflow(b, right) ? where(equal(right, -1), 1, right) : right;
  const rest = node('Mod', [left, by], { fmod }, left.type, broadcast(left.shape, right.shape));
  if (!fmod) return rest;
  const turned = and(not(equal(rest, 0)), xor(less(rest, 0), less(right, 0)));
  return where(turned, add(rest, right), rest);
}

export const square = (x: Value): Value => mul(x, x);

/** `x` as `type`; the same value when it is that already. */
export const cast = (x: Value, type: TensorType): Value =>
  x.type === type ? x : node('Cast', [x], { to: dataTypes[type] }, type, x.shape);

/** `x` as float32, the type that layers compute in. */
export const toFloat = (x: Value): Value => cast(x, 'float32');

/** The types of ONNX that {@link roundTo} goes through: float8 is FLOAT8E4M3FN. */
const narrow = { float8: 17, float16: 10, bfloat16: 16 };

/**
 * Float32 rounded to the nearest number of a narrower type, the even one of two; of float8 (`float8_e4m3fn`) beyond its greatest, 448,
 * to that.
 */
export const roundTo = (x: Value, type: keyof typeof narrow): Value =>
  // No tensor of ours has such a type: to the graph it is one of bytes.
  cast(node('Cast', [x], { to: narrow[type], saturate: 1 }, 'uint8', x.shape), x.type);

/** `x` limited to the range; a bound that is undefined does not limit. */
export function clip(x: Value, low: number | undefined, high: number | undefined): Value {
  const bound = (value: number | undefined) =>
    value === undefined ? undefined : constant(x.graph, x.type, [], [value]);
  return node('Clip', [x, bound(low), bound(high)], {}, x.type, x.shape);
}

/** `yes` where `condition` holds, else `no`; all three broadcast. */
export function where(condition: Value, yes: Operand, no: Operand): Value {
  const [left, right] = operands(yes, no);
  const shape = broadcast(condition.shape, broadcast(left.shape, right.shape));
  return node('Where', [condition, left, right], {}, left.type, shape);
}

/** PReLU: `slope · x` where x is negative; `slope` broadcasts to `x`. */
export const prelu = (x: Value, slope: Value): Value => node('PRelu', [x, slope], {}, x.type, x.shape);

/** `exp(x) / sum(exp(x))` along `axis`. */
export const softmax = (x: Value, axis: number): Value => node('Softmax', [x], { axis }, x.type, x.shape);
export const logSoftmax = (x: Value, axis: number): Value => node('LogSoftmax', [x], { axis }, x.type, x.shape);
