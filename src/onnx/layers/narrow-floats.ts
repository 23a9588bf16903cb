import type { Weight } from '../../keras/model.js';
import { floats } from '../weights.js';

/** The nearest whole number, the even one of two. */
function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** A type of floats: bits behind the first, the least exponent of a number that has all of them, and the greatest number. */
interface FloatType {
  bits: number;
  leastExponent: number;
  greatest: number;
}

const types = {
  float8: { bits: 3, leastExponent: -6, greatest: 448 },
  float16: { bits: 10, leastExponent: -14, greatest: 65504 },
  bfloat16: { bits: 7, leastExponent: -126, greatest: 2 ** 128 - 2 ** 120 },
} satisfies Record<string, FloatType>;

/** The nearest number of a type, the even one of two, and beyond its greatest that. */
function roundTo(value: number, { bits, leastExponent, greatest }: FloatType): number {
  const size = Math.min(Math.abs(value), greatest);
  if (!(size > 0)) return value;
  let exponent = Math.max(Math.floor(Math.log2(size)), leastExponent);
  // The logarithm may be off at a power of two.
  if (2 ** (exponent + 1) <= size) exponent++;
  else if (exponent > leastExponent && 2 ** exponent > size) exponent--;
  const step = 2 ** (exponent - bits);
  return Math.sign(value) * Math.min(roundEven(size / step) * step, greatest);
}

/** A type of half precision in which a layer computes; undefined of one that computes in float32. */
export type Half = 'float16' | 'bfloat16' | undefined;

/** A number as a layer that computes in half precision has it. */
export const inHalf = (value: number, half: Half): number => (half ? roundTo(value, types[half]) : Math.fround(value));

/**
 * A variable's numbers divided by a scale, rounded to float8 and multiplied by the scale, each step in the type in which the layer
 * computes: Keras's `quantize_and_dequantize`.
 */
export function float8(weight: Weight, scale: number, half: Half): Float32Array {
  const by = inHalf(scale, half);
  return floats(weight).map((value) =>
    inHalf(roundTo(inHalf(inHalf(value, half) / by, half), types.float8) * by, half),
  );
}

/** A variable's numbers rounded to bfloat16, the upper half of a float32; the even one of two. */
export function bfloat16(weight: Weight): Float32Array {
  const bits = new Uint32Array(Float32Array.from(floats(weight)).buffer);
  const rounded = bits.map((value) => {
    const isNan = (value & 0x7fffffff) > 0x7f800000;
    return isNan ? value : (value + 0x7fff + ((value >>> 16) & 1)) & 0xffff0000;
  });
  return new Float32Array(rounded.buffer);
}
