import type { Layer } from '../keras/model.js';
import { nodeDefOf } from './layers/operations/node-def.js';

/** Classes of Keras 2's calls of TensorFlow's functions on symbolic tensors. */
export const functionClasses: readonly string[] = ['TFOpLambda', 'SlicingOpLambda'];

/**
 * What a layer does, by which its handler is found and messages name it: its class, and for calls of TensorFlow's functions
 * the function too, as in `TFOpLambda(tf.math.add)` and `TensorFlowOpLayer(AddV2)`.
 */
export function layerKey({ className, config }: Layer): string {
  if (functionClasses.includes(className)) return `${className}(tf.${String(config.function ?? '?').slice(0, 80)})`;
  if (className === 'TensorFlowOpLayer') return `${className}(${nodeDefOf(config)?.op.slice(0, 80) ?? '?'})`;
  return className;
}
