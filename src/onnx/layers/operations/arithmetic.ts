import type { Value } from '../../graph.js';
import {
  abs,
  add,
  and,
  broadcast,
  cast,
  constant,
  div,
  equal,
  exp,
  floor,
  greater,
  isFloat,
  isInf,
  isNan,
  less,
  log,
  max,
  min,
  mod,
  mul,
  neg,
  node,
  not,
  or,
  pow,
  sign,
  sqrt,
  square,
  sub,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { computed } from './dtypes.js';
import { isSigned } from './elementwise.js';
import { type OperationTable, operation } from './operation.js';
import { scalarOf } from './sizes.js';

type Binary = (a: Value, b: Value) => Value;

/** The two that an operation such as a sum is called with. */
export const pair = ['x1', 'x2'] as const;

/** Two numbers that are known now, put together now: arithmetic on shapes stays known. */
function folded(a: Value, b: Value, compute: Binary, now?: (a: number, b: number) => number): Value {
  const [left, right] = [scalarOf(a), scalarOf(b)];
  if (now && left !== undefined && right !== undefined && a.rank + b.rank === 0 && !isFloat(a) && a.type !== 'bool')
    return constant(a.graph, a.type, [], [now(left, right)]);
  return computed([a, b], compute);
}

/** An operation on two tensors in the type that holds both. */
const binary = (compute: Binary, now?: (a: number, b: number) => number, check?: typeof checkDivisor) =>
  operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair);
    check?.(a, x2!);
    return folded(x1!, x2!, compute, now);
  });

/** An operation on two tensors in float32, whatever they are. */
export const floating = (compute: Binary) =>
  operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair, 'float');
    return compute(x1!, x2!);
  });

/** The quotient rounded down; that of integers is exact, and nothing on the way to it is larger than they are. */
export const floorDivide: Binary = (a, b) => {
  if (isFloat(a)) return floor(div(a, b));
  const cutOff = not(or(equal(mod(a, b), 0), equal(less(a, 0), less(b, 0))));
  return sub(div(a, b), cast(cutOff, a.type));
};

const divideNoNan: Binary = (a, b) => where(equal(b, 0), 0, div(a, where(equal(b, 0), 1, b)));

/** Refuses whole numbers by a constant of which one is 0: Keras fails for them, too. */
export function checkDivisor(a: Arguments, divisor: Value): void {
  if (!isFloat(divisor) && divisor.data?.some((one: number | bigint) => Number(one) === 0))
    a.unsupported('it divides whole numbers by 0');
}

/** Remainder with the sign of the dividend, as C has it. */
const fmod: Binary = (a, b) => mul(sign(a), mod(abs(a), abs(b)));

/** `log(1 + exp(-|x - y|)) + max(x, y)` to the given base's logarithm. */
const logAddExp =
  (unit: number): Binary =>
  (a, b) => {
    const difference = sub(a, b);
    const sum = add(max(a, b), mul(log(add(exp(mul(abs(difference), -unit)), 1)), 1 / unit));
    return where(isNan(difference), add(a, b), sum);
  };

/** The angle of the point (x, y) in all four quadrants. */
export const arctan2: Binary = (y, x) => {
  const shape = broadcast(y.shape, x.shape);
  const infinite = and(isInf(y), isInf(x));
  const slope = where(infinite, mul(sign(y), sign(x)), div(y, x));
  const angle = node('Atan', [slope], {}, 'float32', shape);
  const turned = where(less(x, 0), where(less(y, 0), sub(angle, Math.PI), add(angle, Math.PI)), angle);
  return where(and(equal(x, 0), equal(y, 0)), 0, turned);
};

const hypot: Binary = (a, b) => {
  const [large, small] = [max(abs(a), abs(b)), min(abs(a), abs(b))];
  return mul(large, sqrt(add(square(divideNoNan(small, large)), 1)));
};

/** Where only one of two floats is a number, that one. */
const ignoringNan =
  (compute: Binary): Binary =>
  (a, b) => {
    if (!isFloat(a)) return compute(a, b);
    return where(isNan(a), b, where(isNan(b), a, compute(a, b)));
  };

/** The power of 1/2: the root, but for negative infinity, which has none. */
const squareRoot = (x: Value): Value => where(equal(x, Number.NEGATIVE_INFINITY), Number.POSITIVE_INFINITY, sqrt(x));

function power([x1, x2]: readonly Value[]): Value {
  return folded(x1!, x2!, (x, y) => {
    const exponent = scalarOf(y);
    if (exponent === 2) return mul(x, x);
    return exponent === 0.5 ? squareRoot(x) : pow(x, y);
  });
}

function clip(a: Arguments): Value {
  const [least, greatest] = ['x_min', 'x_max'].map((name) => (a.has(name) ? scalarOf(a.tensor(name)) : undefined));
  if (least !== undefined && greatest !== undefined && least > greatest)
    return a.unsupported('its least value is above the greatest, of which each backend of Keras makes another thing');
  const given = a.tensor('x');
  const x = given.type === 'bool' ? cast(given, 'int32') : given;
  const bounded = (value: Value, name: string, limit: Binary) =>
    a.has(name) ? limit(value, cast(a.tensor(name), value.type)) : value;
  return computed([x], (wide) => bounded(bounded(wide, 'x_min', max), 'x_max', min));
}

/** Shifts as multiplication by a power of two: ONNX Runtime shifts unsigned integers only. */
const shift = (apply: Binary) =>
  operation('x y', (a) => {
    const [x, y] = a.promoted(['x', 'y']);
    return computed([x!, y!], (value, count) => apply(value, pow(constant(a.graph, value.type, [], [2]), count)));
  });

const bitwise = (opType: string, logical: Binary) =>
  operation('x y', (a) => {
    const [x, y] = a.converted(['x', 'y']);
    if (x!.type === 'bool') return logical(x!, y!);
    return node(opType, [x, y], {}, x!.type, broadcast(x!.shape, y!.shape));
  });

const bitwiseNot = operation('x', (a) => {
  const x = a.tensor('x');
  return x.type === 'bool' ? not(x) : node('BitwiseNot', [x], {}, x.type, x.shape);
});

const xor: Binary = (a, b) => node('Xor', [a, b], {}, 'bool', broadcast(a.shape, b.shape));

/** Keras's `mod` and `fmod` of bools are those of int32. */
const remainder = (compute: Binary) =>
  operation('x1 x2', (a) => {
    const values = a.converted(pair);
    checkDivisor(a, values[1]!);
    const [x1, x2] = values[0]!.type === 'bool' ? values.map((value) => cast(value, 'int32')) : values;
    return folded(x1!, x2!, compute);
  });

const divide = floating(div);
const leftShift = shift(mul);
const rightShift = shift(floorDivide);

/** Arithmetic on two tensors. https://keras.io/api/ops/numpy/ */
export const arithmeticOperations: OperationTable = {
  Add: binary(add, (a, b) => a + b),
  Subtract: binary(sub, (a, b) => a - b),
  Multiply: binary(mul, (a, b) => a * b),
  Divide: divide,
  TrueDivide: divide,
  DivideNoNan: floating(divideNoNan),
  FloorDivide: binary(floorDivide, (a, b) => Math.floor(a / b), checkDivisor),
  Mod: remainder(mod),
  Fmod: remainder(fmod),
  Power: operation('x1 x2', (a) => power(a.promoted(pair))),
  FloatPower: operation('x1 x2', (a) => power(a.promoted(pair, 'float'))),
  Maximum: binary(max, Math.max),
  Minimum: binary(min, Math.min),
  Fmax: binary(ignoringNan(max)),
  Fmin: binary(ignoringNan(min)),
  Arctan2: floating(arctan2),
  Hypot: floating(hypot),
  Logaddexp: floating(logAddExp(1)),
  Logaddexp2: floating(logAddExp(Math.LN2)),
  Ldexp: floating((x, exponent) => mul(x, pow(constant(x.graph, 'float32', [], [2]), exponent))),
  // The next number of float64, which Keras asks for, is the same float32; only what is no number shows.
  Nextafter: floating((x, towards) => where(isNan(towards), towards, x)),
  Copysign: floating((x, y) => where(isSigned(y), neg(abs(x)), abs(x))),
  Heaviside: floating((x, atZero) => where(less(x, 0), 0, where(greater(x, 0), 1, atZero))),
  Clip: operation('x x_min x_max', clip),
  BitwiseAnd: bitwise('BitwiseAnd', and),
  BitwiseOr: bitwise('BitwiseOr', or),
  BitwiseXor: bitwise('BitwiseXor', xor),
  BitwiseNot: bitwiseNot,
  BitwiseInvert: bitwiseNot,
  LeftShift: leftShift,
  BitwiseLeftShift: leftShift,
  RightShift: rightShift,
  BitwiseRightShift: rightShift,
};
