import type { Value } from '../graph.js';
import { reshape, sizeOf, sizeQuotient, sizesOf, sizeTimes, transpose } from '../operators/index.js';

/** (batch, time, …) to (batch · time, …): each step becomes a sample. */
export const mergeTime = (x: Value): Value =>
  reshape(x, [sizeTimes(sizeOf(x, 0), sizeOf(x, 1)), ...sizesOf(x).slice(2)]);

/**
 * (batch · time, …) back to (batch, time, …), as `like` has them. Where neither is known it divides: ONNX Runtime (1.30) takes sizes
 * that are those of another tensor for those of this one, where it comes from an If.
 */
export const splitTime = (x: Value, like: Value): Value => {
  const [batch, time] = [sizeOf(like, 0), sizeOf(like, 1)];
  const sizes =
    typeof batch === 'number' || typeof time === 'number' ? [batch, time] : [sizeQuotient(sizeOf(x, 0), time), -1];
  return reshape(x, [...sizes, ...sizesOf(x).slice(1)]);
};

/** (batch, time, …) to (time, batch, …), and back. */
export const swapTime = (x: Value): Value => transpose(x, [1, 0, ...x.shape.map((_, axis) => axis).slice(2)]);
