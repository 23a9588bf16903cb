import type { Layer } from '../keras/model.js';
import { LayerConfig } from '../onnx/config.js';
import { floats } from '../onnx/weights.js';

/** What the numbers of an input were like in training, as a layer that takes it first has kept it. */
export interface InputStatistics {
  /** The class of the layer. */
  layer: string;
  /** One for each place along the last axis, or one for all. */
  mean: number[];
  /** Standard deviations, as many as means. */
  deviation: number[];
}

/** The most places along an axis of which something is told; nothing of a longer one. */
export const maxPlaces = 256;

interface Kept {
  mean: readonly number[];
  variance: readonly number[];
  /** Those that have numbers of their own; none where one number is for all. */
  axes: readonly number[];
}

/** How each class keeps them. They throw where a file has something else. */
const readers: Record<string, (layer: Layer, config: LayerConfig) => Kept | undefined> = {
  Normalization(layer, config) {
    if (config.boolean('invert', false)) return undefined;
    const numbers = (key: string) =>
      config.has('mean') ? config.array(key).values : Array.from(floats(layer.weights.get(key)!));
    return {
      mean: numbers('mean'),
      variance: numbers('variance'),
      axes: config.has('axis') ? config.axes('axis') : [],
    };
  },
  BatchNormalization: ({ weights }, config) => ({
    mean: Array.from(floats(weights.get('moving_mean')!)),
    variance: Array.from(floats(weights.get('moving_variance')!)),
    axes: config.has('axis') ? config.axes('axis') : [-1],
  }),
};

/**
 * What the layers that take an input first know of its numbers; undefined where they know nothing, or not along the last axis.
 * @param layers by their classes
 * @param shape of the input
 */
export function statisticsOf(
  layers: ReadonlyMap<string, Layer>,
  shape: readonly (number | null)[],
): InputStatistics | undefined {
  for (const [name, read] of Object.entries(readers)) {
    const layer = layers.get(name);
    const kept = layer && attempt(() => read(layer, new LayerConfig(layer.config)));
    if (!kept) continue;
    const { mean, variance, axes } = kept;
    const isLast = axes.every((axis) => axis === -1 || axis === shape.length - 1);
    const count = axes.length === 0 ? 1 : shape.at(-1);
    const numbers = [...mean, ...variance];
    if (!isLast || count === null || count === undefined || count > maxPlaces) continue;
    if (mean.length !== count || variance.length !== count || !numbers.every(Number.isFinite)) continue;
    // Nobody has fitted what is as it was made.
    if (mean.every((one) => one === 0) && variance.every((one) => one === 1)) continue;
    if (variance.every((one) => one >= 0)) return { layer: name, mean: [...mean], deviation: variance.map(Math.sqrt) };
  }
  return undefined;
}

/** What a hint can't be made of is none. */
function attempt<Result>(body: () => Result): Result | undefined {
  try {
    return body();
  } catch {
    return undefined;
  }
}
