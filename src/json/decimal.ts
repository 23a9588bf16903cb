/** Powers of ten that a double holds exactly. */
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Cuts a double into two halves of 26 bits, whose products are exact (Dekker). */
const splitter = 2 ** 27 + 1;

/** What product(a, b) was rounded by: exactly `a * b - rounded`. */
function productError(a: number, b: number, rounded: number): number {
  const ca = splitter * a;
  const ah = ca - (ca - a);
  const al = a - ah;
  const cb = splitter * b;
  const bh = cb - (cb - b);
  const bl = b - bh;
  return al * bl - (rounded - ah * bh - al * bh - ah * bl);
}

/**
 * The double nearest to `(head × 10^tailDigits + tail) × 10^exponent`, in twice a double's precision; NaN where that isn't
 * enough to tell which is nearest.
 * @param head an integer up to 2⁵³
 * @param tail an integer up to 10^tailDigits
 * @param tailDigits up to 15
 */
export function nearestDouble(head: number, tail: number, tailDigits: number, exponent: number): number {
  if (exponent < -22 || exponent > 22) return Number.NaN;
  if (tailDigits === 0) return exponent < 0 ? head / powers[-exponent]! : head * powers[exponent]!;
  const scale = powers[tailDigits]!;
  const product = head * scale;
  const high = product + tail;
  const low = tail - (high - product) + productError(head, scale, product);
  const power = powers[Math.abs(exponent)]!;
  let first: number;
  let second: number;
  if (exponent < 0) {
    first = high / power;
    const back = first * power;
    second = (high - back - productError(first, power, back) + low) / power;
  } else {
    first = high * power;
    second = productError(high, power, first) + low * power;
  }
  const nearest = first + second;
  const error = first - nearest + second;
  // So near to the middle between two doubles that the digits beyond would decide.
  return nearest + error * (1 + 2 ** -40) === nearest ? nearest : Number.NaN;
}
