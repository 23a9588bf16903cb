import type { Weight } from '../../keras/model.js';
import { floats } from '../weights.js';

/** The nearest whole number, the even one of two. */
function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

const greatestFloat8 = 448;

/** The nearest of the numbers that float8 (`float8_e4m3fn`) has: three bits behind the first, exponents from −6 to 8. */
function roundToFloat8(value: number): number {
  const size = Math.min(Math.abs(value), greatestFloat8);
  if (!(size > 0)) return value;
  let exponent = Math.max(Math.floor(Math.log2(size)), -6);
  // The logarithm may be off at a power of two.
  if (2 ** (exponent + 1) <= size) exponent++;
  else if (exponent > -6 && 2 ** exponent > size) exponent--;
  const step = 2 ** (exponent - 3);
  return Math.sign(value) * Math.min(roundEven(size / step) * step, greatestFloat8);
}

/** A variable's numbers divided by a scale, rounded to float8 and multiplied by the scale: Keras's `quantize_and_dequantize`. */
export const float8 = (weight: Weight, scale: number): Float32Array =>
  floats(weight).map((value) => roundToFloat8(Math.fround(value / scale)) * scale);

/** A variable's numbers rounded to bfloat16, the upper half of a float32; the even one of two. */
export function bfloat16(weight: Weight): Float32Array {
  const bits = new Uint32Array(Float32Array.from(floats(weight)).buffer);
  const rounded = bits.map((value) => {
    const isNan = (value & 0x7fffffff) > 0x7f800000;
    return isNan ? value : (value + 0x7fff + ((value >>> 16) & 1)) & 0xffff0000;
  });
  return new Float32Array(rounded.buffer);
}
