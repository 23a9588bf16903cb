import { float, type GraphBuilder, type Value } from '../graph.js';
import { constant, node } from './elementwise.js';

/** A float32 constant of one number all over. */
export function filled(graph: GraphBuilder, shape: readonly number[], value: number): Value {
  const count = shape.reduce((a, b) => a * b, 1);
  return constant(graph, 'float32', shape, Array<number>(count).fill(value));
}

/**
 * `(x - mean) / sqrt(variance + epsilon) · gamma + beta` by channel.
 * @param x (batch, channels, …)
 * @param parameters gamma, beta, mean and variance, each (channels)
 */
export const batchNorm = (x: Value, parameters: readonly Value[], epsilon: number): Value =>
  node('BatchNormalization', [x, ...parameters], { epsilon: float(epsilon) }, x.type, x.shape);

/**
 * Mean 0 and variance 1 for each sample over all axes from `axis` on, then `· gamma + beta`.
 * @param gamma of the shape of those axes
 */
export const layerNorm = (x: Value, gamma: Value, beta: Value | undefined, axis: number, epsilon: number): Value =>
  node('LayerNormalization', [x, gamma, beta], { axis, epsilon: float(epsilon) }, x.type, x.shape);

/**
 * Mean 0 and variance 1 for each sample and channel, over the axes behind the channels.
 * @param x (batch, channels, …)
 * @param channels how many there are
 */
export const instanceNorm = (x: Value, channels: number, epsilon: number): Value =>
  node(
    'InstanceNormalization',
    [x, filled(x.graph, [channels], 1), filled(x.graph, [channels], 0)],
    { epsilon: float(epsilon) },
    x.type,
    x.shape,
  );
