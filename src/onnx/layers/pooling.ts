import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, type Value } from '../graph.js';
import {
  abs,
  add,
  cast,
  channelsFirst,
  concat,
  div,
  gather,
  greatest,
  int64s,
  isFloat,
  isNan,
  less,
  min,
  mul,
  node,
  pool,
  range,
  reduceMax,
  reduceSum,
  sizeOf,
  sizePlus,
  sizeQuotient,
  squeeze,
  sub,
  toFloat,
  unsqueeze,
  type Window,
  where,
} from '../operators/index.js';
import { inChannelsFirst } from './convolution.js';

type Pool = 'MaxPool' | 'AveragePool';

const ones = (rank: number): number[] => Array<number>(rank).fill(1);

function poolWindow({ config }: LayerCall, rank: number): Window {
  const kernel = config.integers('pool_size', rank, Array<number>(rank).fill(2), 1);
  return {
    kernel,
    strides: config.integers('strides', rank, kernel, 1),
    dilations: ones(rank),
    padding: config.choice('padding', ['valid', 'same'], 'valid'),
  };
}

const pooling =
  (opType: Pool, rank: number): LayerHandler =>
  ([x], call) => {
    const pooled = (given: Value) =>
      inChannelsFirst(given, call, (input) => pool(opType, input, poolWindow(call, rank)));
    // The greatest of whole numbers is one; ONNX Runtime finds it among floats alone.
    if (opType === 'MaxPool' && !isFloat(x!)) return cast(pooled(cast(x!, 'float64')), x!.type);
    return pooled(toFloat(x!));
  };

/** The spatial axes of a tensor in the layer's data format. */
function spatialAxes(x: Value, call: LayerCall): number[] {
  const first = call.config.dataFormat === 'channels_first' ? 2 : 1;
  return Array.from({ length: x.rank - 2 }, (_, index) => first + index);
}

/** Not as a reduction: ONNX Runtime keeps these two in the blocked layout of the convolutions around them. */
const globalPooling =
  (opType: 'GlobalMaxPool' | 'GlobalAveragePool'): LayerHandler =>
  ([input], call) => {
    const x = toFloat(input!);
    if (x.rank < 3) throw new ShapeError('its input has no spatial axes');
    const keepDims = call.config.boolean('keepdims', false);
    if (opType === 'GlobalMaxPool' && !isFloat(input!)) return reduceMax(input!, spatialAxes(x, call), keepDims);
    const first = call.config.dataFormat === 'channels_first' ? x : channelsFirst(x);
    const shape = first.shape.map((size, axis) => (axis < 2 ? size : 1));
    const pool = (type: string, values: Value) => node(type, [values], {}, 'float32', shape);
    const found = pool(opType, first);
    // The greatest passes over what is no number, of which the mean of magnitudes tells.
    const pooled =
      opType === 'GlobalMaxPool' ? where(isNan(pool('GlobalAveragePool', abs(first))), Number.NaN, found) : found;
    const spatial = spatialAxes(x, call);
    const flat = squeeze(
      pooled,
      spatial.map((_, index) => index + 2),
    );
    return keepDims ? unsqueeze(flat, spatial) : flat;
  };

/** Over the steps that the mask does not hide; up to Keras 2 the mask weighs them. */
const globalAveragePooling1D: LayerHandler = (inputs, call) => {
  const [input] = inputs;
  const mask = call.tensor('mask') ?? input!.mask;
  if (!mask) return globalPooling('GlobalAveragePool')(inputs, call);
  const x = toFloat(input!);
  const keepDims = call.config.boolean('keepdims', false);
  const axes = spatialAxes(x, call);
  const steps = unsqueeze(mask, [call.config.dataFormat === 'channels_first' ? 1 : 2]);
  const kept = call.kerasVersion >= 3 ? cast(steps, 'bool') : toFloat(steps);
  const shown = kept.type === 'bool' ? where(kept, x, 0) : mul(x, kept);
  return div(reduceSum(shown, axes, keepDims), reduceSum(toFloat(kept), axes, keepDims));
};

/** {@link adapt} along an axis of unknown size: every window is gathered, its last element again where others are longer. */
function adaptOpen(opType: Pool, x: Value, axis: number, count: number): Value {
  const size = sizeOf(x, axis);
  const starts = div(mul(range(x.graph, count), size), count);
  const ends = div(add(mul(add(range(x.graph, count), 1), size), count - 1), count);
  const places = range(x.graph, sizePlus(sizeQuotient(sizePlus(size, count - 1), count), 1));
  const beside = x.shape.slice(axis + 1).map((_, index) => index + 1);
  const each = (value: Value) => unsqueeze(value, [1]);
  const indices = min(add(each(starts), unsqueeze(places, [0])), sub(each(ends), 1));
  const windows = gather(x, indices, axis);
  if (opType === 'MaxPool') return greatest(windows, [axis + 1]);
  const lengths = sub(ends, starts);
  const own = unsqueeze(
    less(unsqueeze(places, [0]), each(lengths)),
    beside.map((place) => place + 1),
  );
  return div(reduceSum(where(own, windows, 0), [axis + 1]), toFloat(unsqueeze(lengths, beside)));
}

/**
 * Pools one axis to `count` elements, each over a window from `floor(i · size / count)` to `ceil((i + 1) · size / count)`.
 * There are at most two sizes of window; each moves over the axis step by step, and what is wanted is picked.
 */
function adapt(opType: Pool, x: Value, axis: number, count: number): Value {
  const size = x.shape[axis] ?? null;
  if (size === null) return adaptOpen(opType, x, axis, count);
  const windows = Array.from({ length: count }, (_, index) => {
    const start = Math.floor((index * size) / count);
    return { start, length: Math.ceil(((index + 1) * size) / count) - start };
  });
  const rank = x.rank - 2;
  const along = (value: number) => ones(rank).with(axis - 2, value);
  const move = (length: number, stride: number) =>
    pool(opType, x, { kernel: along(length), strides: along(stride), dilations: ones(rank), padding: 'valid' });
  const stride = size / count;
  if (Number.isInteger(stride)) return move(stride, stride);
  const lengths = [...new Set(windows.map(({ length }) => length))];
  const moved = lengths.map((length) => move(length, 1));
  const offsets = moved.map((_, index) => moved.slice(0, index).reduce((sum, { shape }) => sum + shape[axis]!, 0));
  const wanted = windows.map(({ start, length }) => offsets[lengths.indexOf(length)]! + start);
  return gather(concat(moved, axis), int64s(x.graph, wanted), axis);
}

/** Pools every spatial axis of a (batch, channels, …spatial) tensor to a number of elements. */
export const adaptivePool = (opType: Pool, x: Value, counts: readonly number[]): Value =>
  counts.reduce((pooled, count, index) => adapt(opType, pooled, index + 2, count), x);

/** The most elements that an adaptive pooling makes of an axis. */
const largestOutput = 2 ** 16;

const adaptivePooling =
  (opType: Pool, rank: number): LayerHandler =>
  ([input], call) => {
    const counts = call.config.integers('output_size', rank, undefined, 1);
    if (counts.some((count) => count > largestOutput)) return call.unsupported('its output_size is too large');
    return inChannelsFirst(toFloat(input!), call, (x) => adaptivePool(opType, x, counts));
  };

/** https://keras.io/api/layers/pooling_layers/ */
export const poolingLayers: LayerTable = {
  MaxPooling1D: pooling('MaxPool', 1),
  MaxPooling2D: pooling('MaxPool', 2),
  MaxPooling3D: pooling('MaxPool', 3),
  AveragePooling1D: pooling('AveragePool', 1),
  AveragePooling2D: pooling('AveragePool', 2),
  AveragePooling3D: pooling('AveragePool', 3),
  GlobalMaxPooling1D: globalPooling('GlobalMaxPool'),
  GlobalMaxPooling2D: globalPooling('GlobalMaxPool'),
  GlobalMaxPooling3D: globalPooling('GlobalMaxPool'),
  GlobalAveragePooling1D: globalAveragePooling1D,
  GlobalAveragePooling2D: globalPooling('GlobalAveragePool'),
  GlobalAveragePooling3D: globalPooling('GlobalAveragePool'),
  AdaptiveMaxPooling1D: adaptivePooling('MaxPool', 1),
  AdaptiveMaxPooling2D: adaptivePooling('MaxPool', 2),
  AdaptiveMaxPooling3D: adaptivePooling('MaxPool', 3),
  AdaptiveAveragePooling1D: adaptivePooling('AveragePool', 1),
  AdaptiveAveragePooling2D: adaptivePooling('AveragePool', 2),
  AdaptiveAveragePooling3D: adaptivePooling('AveragePool', 3),
};
