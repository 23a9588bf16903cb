import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import { add, constant, div, expand, max, mul, normalizeAxis, sqrt, sub, toFloat } from '../operators/index.js';
import { floats } from '../weights.js';

/** Numbers of the config as a float32 constant. */
function floatsOf({ config, graph }: LayerCall, key: string, fallback: number): Value {
  if (!config.has(key)) return constant(graph, 'float32', [], [fallback]);
  const { shape, values } = config.array(key);
  return constant(graph, 'float32', shape, values);
}

const rescaling: LayerHandler = ([x], call) =>
  add(mul(toFloat(x!), floatsOf(call, 'scale', 1)), floatsOf(call, 'offset', 0));

/** Deviations are no smaller than Keras's epsilon. */
const smallest = 1e-7;

/**
 * A statistic for the axes that are kept, with axes of one element between them. What is given in the config may have fewer
 * axes than are kept: those are the last. The layer was built for these axes, whatever the size of its input is now.
 */
function statistic(x: Value, call: LayerCall, key: 'mean' | 'variance'): Value {
  const built = call.layer.builtShape ?? x.shape;
  const given = call.config.raw('axis') === null ? [] : call.config.axes('axis');
  const kept = [...new Set(given.map((axis) => normalizeAxis(axis, built.length)))].sort((a, b) => a - b);
  const adapted = call.hasWeight(key) && !call.config.has('mean');
  const { shape, values } = adapted
    ? { shape: call.rawWeight(key).shape, values: [...floats(call.rawWeight(key))] }
    : call.config.array(key);
  if (kept.some((axis) => built[axis] === null)) throw new ShapeError('the size of an axis that it keeps is unknown');
  if (shape.length > kept.length) throw new ShapeError(`its ${key} of the shape ${showShape(shape)} has too many axes`);
  const axes = kept.slice(kept.length - shape.length);
  const sizes = built.map((_, axis) => shape[axes.indexOf(axis)] ?? 1);
  const spread = built.map((size, axis) => (kept.includes(axis) ? size! : 1));
  if (sizes.some((size, axis) => size !== 1 && size !== spread[axis]))
    throw new ShapeError(`its ${key} of the shape ${showShape(shape)} is not made for the shape ${showShape(built)}`);
  const made = constant(call.graph, 'float32', sizes, values);
  const isWide = spread.every((size, axis) => size === sizes[axis] || size === x.shape.at(axis - built.length));
  return isWide ? made : expand(made, spread);
}

const normalization: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  const mean = statistic(x, call, 'mean');
  const deviation = max(sqrt(statistic(x, call, 'variance')), smallest);
  const inverted = call.config.boolean('invert', false);
  return inverted ? add(mul(x, deviation), mean) : div(sub(x, mean), deviation);
};

/** https://keras.io/api/layers/preprocessing_layers/numerical/ */
export const preprocessingLayers: LayerTable = {
  Rescaling: rescaling,
  Normalization: normalization,
};
