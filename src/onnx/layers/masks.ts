import type { LayerCall } from '../context.js';
import type { Value } from '../graph.js';
import { cast, greater } from '../operators/index.js';

/** The mask that a call is given, else the one that comes with its input; as bool. */
export function maskOf(x: Value, call: LayerCall): Value | undefined {
  const mask = call.tensor('mask') ?? x.mask;
  return mask && (mask.type === 'float32' ? greater(mask, 0.5) : cast(mask, 'bool'));
}
