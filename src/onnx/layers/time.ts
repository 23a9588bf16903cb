import type { Value } from '../graph.js';
import { reshape, sizeOf, sizesOf, transpose } from '../operators/index.js';

/** (batch, time, …) to (batch · time, …): each step becomes a sample. */
export const mergeTime = (x: Value): Value => reshape(x, [-1, ...sizesOf(x).slice(2)]);

/** (batch · time, …) back to (batch, time, …), as `like` has them. */
export function splitTime(x: Value, like: Value): Value {
  const time = sizeOf(like, 1);
  return reshape(x, [like.shape[0] ?? (typeof time === 'number' ? -1 : sizeOf(like, 0)), time, ...sizesOf(x).slice(1)]);
}

/** (batch, time, …) to (time, batch, …), and back. */
export const swapTime = (x: Value): Value => transpose(x, [1, 0, ...x.shape.map((_, axis) => axis).slice(2)]);
