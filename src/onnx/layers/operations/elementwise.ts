import type { Value } from '../../graph.js';
import {
  abs,
  acos,
  acosh,
  add,
  and,
  asin,
  asinh,
  atan,
  atanh,
  cast,
  ceil,
  constant,
  cos,
  cosh,
  div,
  equal,
  erf,
  exp,
  fill,
  floor,
  greater,
  isFloat,
  isInf,
  isNan,
  largestFloat,
  less,
  log,
  mul,
  neg,
  not,
  or,
  pow,
  reciprocal,
  round,
  sign,
  sin,
  sinh,
  sizesOf,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  toFloat,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { computed } from './dtypes.js';
import { logGamma } from './gamma.js';
import { type OperationTable, operation } from './operation.js';

type Unary = (x: Value) => Value;

/** An operation whose result is float32. */
const floating = (compute: Unary) => operation('x', (a) => compute(toFloat(a.tensor('x'))));

/** An operation that keeps the type, computed where ONNX Runtime can. */
const typed = (compute: Unary) => operation('x', (a) => computed([a.tensor('x')], (x) => compute(x)));

/** An operation that does nothing to integers and bools. */
const onFloats = (compute: Unary) =>
  operation('x', (a) => {
    const x = a.tensor('x');
    return isFloat(x) ? compute(x) : x;
  });

/** A test of floats; integers always answer `otherwise`. */
const test = (compute: Unary, otherwise: boolean) =>
  operation('x', (a) => {
    const x = a.tensor('x');
    return isFloat(x) ? compute(x) : fill(a.graph, 'bool', sizesOf(x), Number(otherwise));
  });

const identity = onFloats((x) => x);
const absolute = operation('x', (a) => {
  const x = a.tensor('x');
  return x.type === 'bool' ? x : computed([x], (wide) => abs(wide));
});

/** `exp(x) - 1`, by its series where the difference would lose digits. */
const expm1: Unary = (x) => {
  const series = mul(x, add(mul(x, add(mul(x, 1 / 6), 0.5)), 1));
  return where(less(abs(x), 1e-2), series, sub(exp(x), 1));
};

/** `log(1 + x)`, by its series where the sum would lose digits. */
const log1p: Unary = (x) => {
  const series = mul(x, add(mul(x, add(mul(x, 1 / 3), -0.5)), 1));
  return where(less(abs(x), 1e-2), series, log(add(x, 1)));
};

const polynomial = (x: Value, coefficients: readonly number[]): Value =>
  coefficients
    .slice(1)
    .reduce<Value>((sum, next) => add(mul(sum, x), next), constant(x.graph, 'float32', [], [coefficients[0]!]));

/** The inverse of the error function: M. Giles, "Approximating the erfinv function", single precision. */
const erfinv: Unary = (x) => {
  const w = neg(log(mul(sub(constant(x.graph, 'float32', [], [1]), x), add(x, 1))));
  const central = [
    2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
    0.246640727, 1.50140941,
  ];
  const tail = [
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
    1.00167406, 2.83297682,
  ];
  const near = polynomial(sub(w, 2.5), central);
  const far = polynomial(sub(sqrt(w), 3), tail);
  const inside = mul(where(less(w, 5), near, far), x);
  return where(equal(abs(x), 1), mul(sign(x), Number.POSITIVE_INFINITY), inside);
};

/** The modified Bessel function of order 0: Abramowitz and Stegun 9.8.1 and 9.8.2. */
const besselI0: Unary = (x) => {
  const size = abs(x);
  const t = square(div(x, 3.75));
  const small = polynomial(t, [0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1]);
  const inverse = div(constant(x.graph, 'float32', [], [3.75]), size);
  const series = polynomial(
    inverse,
    [0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281, -0.00157565, 0.00225319, 0.01328592, 0.39894228],
  );
  return where(less(size, 3.75), small, mul(div(exp(size), sqrt(size)), series));
};

const sinc: Unary = (x) => {
  const angle = mul(where(equal(x, 0), 1, x), Math.PI);
  return where(equal(x, 0), 1, div(sin(angle), angle));
};

const isPositive: Unary = (x) => greater(x, 0);
const isNegative: Unary = (x) => less(x, 0);

/** Whether floats have a minus before them, as -0 has. */
export const isSigned: Unary = (x) => or(isNegative(x), and(equal(x, 0), isNegative(reciprocal(x))));

function signBit(a: Arguments): Value {
  const x = a.tensor('x');
  if (x.type === 'bool') return fill(a.graph, 'bool', sizesOf(x), 0);
  if (!isFloat(x)) return isNegative(computed([x], (wide) => sign(wide)));
  return isSigned(x);
}

function roundTo(a: Arguments): Value {
  const x = a.tensor('x');
  const decimals = a.number('decimals', 0);
  if (!isFloat(x) && decimals >= 0) return x;
  if (decimals === 0) return round(x);
  const factor = 10 ** decimals;
  return cast(div(round(mul(toFloat(x), factor)), factor), x.type);
}

function nanToNum(a: Arguments): Value {
  const x = a.tensor('x');
  if (!isFloat(x)) return x;
  const numbers = where(isNan(x), a.number('nan', 0), x);
  const finite = where(and(isInf(numbers), isPositive(numbers)), a.number('posinf', largestFloat), numbers);
  return where(and(isInf(finite), isNegative(finite)), a.number('neginf', -largestFloat), finite);
}

const infinite = (direction: Unary) => test((x) => and(isInf(x), direction(x)), false);

/** Mathematics on one tensor, element by element. https://keras.io/api/ops/numpy/ */
export const elementwiseOperations: OperationTable = {
  Absolute: absolute,
  Abs: absolute,
  Fabs: floating(abs),
  Negative: typed(neg),
  Sign: typed(sign),
  Signbit: operation('x', signBit),
  Square: operation('x', (a) => {
    const x = a.tensor('x');
    return computed([x.type === 'bool' ? cast(x, 'int32') : x], square);
  }),
  Reciprocal: floating(reciprocal),
  Sqrt: floating(sqrt),
  Rsqrt: floating((x) => reciprocal(sqrt(x))),
  Cbrt: floating((x) => mul(sign(x), pow(abs(x), 1 / 3))),
  Exp: floating(exp),
  Exp2: floating((x) => pow(constant(x.graph, 'float32', [], [2]), x)),
  Expm1: floating(expm1),
  Log: floating(log),
  Log1p: floating(log1p),
  Log2: floating((x) => mul(log(x), Math.LOG2E)),
  Log10: floating((x) => mul(log(x), Math.LOG10E)),
  Sin: floating(sin),
  Cos: floating(cos),
  Tan: floating(tan),
  Arcsin: floating(asin),
  Arccos: floating(acos),
  Arctan: floating(atan),
  Sinh: floating(sinh),
  Cosh: floating(cosh),
  Tanh: floating(tanh),
  Arcsinh: floating(asinh),
  Arccosh: floating(acosh),
  Arctanh: floating(atanh),
  Sinc: floating(sinc),
  I0: floating(besselI0),
  Lgamma: floating(logGamma),
  Erf: floating(erf),
  Erfc: floating((x) => sub(constant(x.graph, 'float32', [], [1]), erf(x))),
  Erfinv: floating(erfinv),
  Deg2rad: floating((x) => mul(x, Math.PI / 180)),
  Rad2deg: floating((x) => mul(x, 180 / Math.PI)),
  Floor: floating(floor),
  Ceil: floating(ceil),
  Trunc: onFloats((x) => where(isNegative(x), ceil(x), floor(x))),
  Round: operation('x decimals', roundTo),
  NanToNum: operation('x nan posinf neginf', nanToNum),
  Isnan: test(isNan, false),
  Isinf: test(isInf, false),
  Isfinite: test((x) => not(or(isNan(x), isInf(x))), true),
  Isposinf: infinite(isPositive),
  Isneginf: infinite(isNegative),
  Isreal: operation('x', (a) => fill(a.graph, 'bool', sizesOf(a.tensor('x')), 1)),
  /** Tensors are never complex here. */
  Real: identity,
  Conjugate: identity,
  Conj: identity,
  Imag: typed((x) => fill(x.graph, x.type, sizesOf(x), 0)),
  Angle: floating((x) => where(isNegative(x), constant(x.graph, 'float32', [], [Math.PI]), 0)),
  Copy: identity,
  StopGradient: operation('variable', (a) => a.tensor('variable')),
};
