import type { Value } from '../graph.js';
import { reshape, sizeOf, sizesOf, sizeTimes, transpose } from '../operators/index.js';

/** (batch, time, …) to (batch · time, …): each step becomes a sample. */
export const mergeTime = (x: Value): Value =>
  reshape(x, [sizeTimes(sizeOf(x, 0), sizeOf(x, 1)), ...sizesOf(x).slice(2)]);

/** (batch · time, …) back to (batch, time, …), as `like` has them. */
export const splitTime = (x: Value, like: Value): Value =>
  reshape(x, [sizeOf(like, 0), sizeOf(like, 1), ...sizesOf(x).slice(1)]);

/** (batch, time, …) to (time, batch, …), and back. */
export const swapTime = (x: Value): Value => transpose(x, [1, 0, ...x.shape.map((_, axis) => axis).slice(2)]);
