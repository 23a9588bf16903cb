import type { Value } from '../../graph.js';
import {
  abs,
  add,
  div,
  floor,
  greater,
  greaterOrEqual,
  less,
  max,
  min,
  mul,
  neg,
  type Operand,
  sub,
  where,
} from '../../operators/index.js';

/** Brings float32 coordinates that may lie outside an axis of `size` pixels into it. */
type Fill = (at: Value, size: Operand) => Value;

const plus = (size: Operand, more: number): Operand => (typeof size === 'number' ? size + more : add(size, more));
const times = (size: Operand, by: number): Operand => (typeof size === 'number' ? size * by : mul(size, by));
const atLeast = (size: Operand, least: number): Operand =>
  typeof size === 'number' ? Math.max(size, least) : max(size, least);

const clamp: Fill = (at, size) => min(max(at, 0), plus(size, -1));

/** The whole part of a count, or 0 where TensorFlow's integer of 64 bits can't hold it and overflows. */
const counted = (count: Value): Value => where(less(count, 2 ** 63), floor(count), 0);

/** What stands before the first pixel, after the last one, and between them. */
const byPlace = (at: Value, size: Operand, before: Value, after: Value): Value =>
  where(less(at, 0), before, where(greater(at, plus(size, -1)), after, at));

/** abcd as dcba|abcd|dcba. */
const reflect: Fill = (at, size) => {
  const period = times(size, 2);
  const low = add(mul(counted(div(neg(at), period)), period), at);
  const high = sub(at, mul(counted(div(at, period)), period));
  const before = where(less(low, times(size, -1)), add(low, period), sub(neg(low), 1));
  const after = where(greaterOrEqual(high, size), sub(sub(period, high), 1), high);
  return clamp(byPlace(at, size, before, after), size);
};

/** abcd as abcd|abcd|abcd; TensorFlow counts how often with one pixel less. */
const wrap: Fill = (at, size) => {
  const shorter = atLeast(plus(size, -1), 1);
  const before = add(at, mul(add(counted(div(neg(at), shorter)), 1), size));
  const after = sub(at, mul(counted(div(at, shorter)), size));
  return clamp(byPlace(at, size, before, after), size);
};

/** What TensorFlow's `ImageProjectiveTransformV3` makes of coordinates outside an image, by its `fill_mode`. */
export const fillModes: Readonly<Record<'constant' | 'nearest' | 'reflect' | 'wrap', Fill>> = {
  constant: (at) => at,
  nearest: clamp,
  reflect,
  wrap,
};

/** Rounds halves away from zero, as C++ does. */
export function roundAway(x: Value): Value {
  const distance = abs(x);
  const whole = floor(distance);
  const rounded = where(greaterOrEqual(sub(distance, whole), 0.5), add(whole, 1), whole);
  return where(less(x, 0), neg(rounded), rounded);
}
