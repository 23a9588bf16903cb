import type { Value } from '../../graph.js';
import {
  abs,
  add,
  and,
  constant,
  div,
  equal,
  floor,
  greater,
  isInf,
  less,
  log,
  min,
  mul,
  reciprocal,
  round,
  sin,
  square,
  sub,
  where,
} from '../../operators/index.js';

/** The sum of coefficients times rising powers, the coefficient of the highest first. */
const polynomial = (x: Value, [first, ...rest]: readonly number[]): Value =>
  rest.reduce<Value>((sum, next) => add(mul(sum, x), next), constant(x.graph, 'float32', [], [first!]));

/** Of `ln Γ(2 + z)` at 0: `(1 - γ) z + Σ (-1)^k (ζ(k) - 1) / k z^k`. https://dlmf.nist.gov/5.7#E3 */
const nearTwo = [
  -9.439488275e-6, 2.050721278e-5, -4.492623674e-5, 9.945751278e-5, -0.0002231547585, 0.0005096695247, -0.001192753912,
  0.002890510331, -0.007385551029, 0.02058080843, -0.06735230105, 0.3224670334, 0.4227843351,
];

/** `ln Γ(x)` of x from 1.5 to 2.5, by its series at 2, which keeps its digits beside the root there. */
const seriesAtTwo = (z: Value): Value => mul(z, polynomial(z, nearTwo));

/** Stirling's series, of x from 8 on. https://dlmf.nist.gov/5.11#E1 */
const stirling = (x: Value): Value => {
  const inverse = reciprocal(x);
  const correction = mul(inverse, polynomial(square(inverse), [1 / 1260, -1 / 360, 1 / 12]));
  return add(mul(sub(x, 0.5), sub(log(x), 1)), add(correction, 0.5 * Math.log(2 * Math.PI) - 0.5));
};

/** `ln(1 + z)` of z from -0.5 to 0.5: `2 artanh(z / (2 + z))` by its series. */
const logOnePlus = (z: Value): Value => {
  const t = div(z, add(z, 2));
  return mul(mul(t, 2), polynomial(square(t), [1 / 13, 1 / 11, 1 / 9, 1 / 7, 1 / 5, 1 / 3, 1]));
};

/**
 * `ln Γ(x)` of x above 0. Below 8 the argument is brought to 1.5 … 2.5 by `Γ(x + 1) = x Γ(x)`, and what is multiplied or divided by on the
 * way goes into a logarithm: that of an x beside the root at 1 is found with the digits of `x - 1`.
 */
const ofPositive = (x: Value): Value => {
  const bounded = min(x, 8);
  // Down from 8 in at most six steps: the product of x - 1, x - 2, … as long as they are at least 1.5.
  let [rest, product] = [bounded, constant(x.graph, 'float32', [], [1])];
  for (let step = 0; step < 6; step++) {
    const isLarge = greater(rest, 2.5);
    const lower = sub(rest, 1);
    product = mul(product, where(isLarge, lower, 1));
    rest = where(isLarge, lower, rest);
  }
  const isSmall = less(rest, 1.5);
  const isTiny = less(rest, 0.5);
  // Γ(x) = Γ(x + 1) / x, and once more where x + 1 is still below 1.5.
  const offset = where(isTiny, rest, where(isSmall, sub(rest, 1), sub(rest, 2)));
  const divided = where(isTiny, log(mul(rest, add(rest, 1))), where(isSmall, logOnePlus(sub(rest, 1)), 0));
  return where(greater(x, 8), stirling(x), add(sub(seriesAtTwo(offset), divided), log(product)));
};

/**
 * The logarithm of |Γ(x)|: below 0 by the reflection `Γ(x) Γ(1 - x) = π / sin(πx)`; infinite at whole numbers up to 0.
 * https://dlmf.nist.gov/5.5#E3
 */
export const logGamma = (x: Value): Value => {
  const size = abs(x);
  const positive = ofPositive(size);
  // From the nearest whole number, so that the sine keeps its digits: |sin(πx)| = |sin(π(x - round(x)))|.
  const sine = abs(sin(mul(sub(size, round(size)), Math.PI)));
  const reflected = sub(sub(sub(Math.log(Math.PI), log(sine)), log(size)), positive);
  const isPole = and(less(x, 0.5), equal(floor(x), x));
  const finite = where(isPole, Number.POSITIVE_INFINITY, where(less(x, 0), reflected, positive));
  return where(isInf(x), Number.POSITIVE_INFINITY, finite);
};
