import { zero } from './characters.js';

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

/** Digits that a double holds exactly. */
const headDigits = 15;

/** The digits of a number, as they are read off the bytes of a text. */
export class Digits {
  /** The first digits that count, and those behind them. */
  private head = 0;
  private tail = 0;
  private count = 0;

  /** Begins with another number. */
  clear(): void {
    this.head = 0;
    this.tail = 0;
    this.count = 0;
  }

  /** Takes the digits that begin at a byte. @returns where they end */
  take(bytes: Uint8Array, from: number): number {
    let { head, tail, count } = this;
    let at = from;
    for (let digit = bytes[at]! - zero; digit >= 0 && digit <= 9; digit = bytes[++at]! - zero) {
      if (count < headDigits) head = head * 10 + digit;
      else tail = tail * 10 + digit;
      if (head > 0) count++;
    }
    this.head = head;
    this.tail = tail;
    this.count = count;
    return at;
  }

  /** The double nearest to the whole number of all digits, times 10^exponent; NaN where that takes more than is kept of them. */
  times(exponent: number): number {
    const { head, tail, count } = this;
    return count <= 2 * headDigits ? nearestDouble(head, tail, Math.max(0, count - headDigits), exponent) : Number.NaN;
  }
}
