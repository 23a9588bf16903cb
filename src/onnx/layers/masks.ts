import type { LayerCall } from '../context.js';
import { tensorsIn } from '../context.js';
import type { Value } from '../graph.js';
import { cast, greater } from '../operators/index.js';

/** The mask that a call is given by name, else the one that comes with its input; as bool. */
export function maskOf(x: Value, { kwargs }: LayerCall): Value | undefined {
  const mask = tensorsIn(kwargs.mask)[0] ?? x.mask;
  return mask && (mask.type === 'float32' ? greater(mask, 0.5) : cast(mask, 'bool'));
}
