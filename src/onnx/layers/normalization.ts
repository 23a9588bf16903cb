import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, type Value } from '../graph.js';
import {
  add,
  batchNorm,
  div,
  elementCount,
  filled,
  instanceNorm,
  layerNorm,
  min,
  mul,
  normalizeAxis,
  reciprocal,
  reduceMean,
  reduceSum,
  reshape,
  sizeOf,
  sizesOf,
  split,
  sqrt,
  square,
  sub,
  toFloat,
  transpose,
} from '../operators/index.js';
import { refuseWrapped } from './quantized.js';

/** Runs `body` with an axis brought to place 1, where ONNX wants the channels, and brings it back. */
function withAxisFirst(x: Value, axis: number, body: (x: Value) => Value): Value {
  const others = x.shape.map((_, index) => index).filter((index) => index !== axis && index !== 0);
  const perm = [0, axis, ...others];
  return transpose(
    body(transpose(x, perm)),
    perm.map((_, index) => perm.indexOf(index)),
  );
}

/** The axis of the channels, which is not that of the batch. */
function channelAxis(x: Value, call: LayerCall): number {
  const axis = normalizeAxis(call.config.axis('axis'), x.rank);
  return axis === 0 ? call.unsupported('it normalises along the batch') : axis;
}

/** An axis of `x` as weights are made for it: what another size than theirs means when the model runs is a failure, as in Keras. */
const ofSize = (x: Value, axis: number, size: number): Value =>
  x.shape[axis] === null ? split(x, [size], axis)[0]! : x;

/**
 * `x` with the size of an axis that weights are made for, which only they may tell.
 * @throws ShapeError when nothing tells it, or it is not that of the weights
 */
function knownSize(x: Value, axis: number, weights: readonly (Value | undefined)[] = []): [x: Value, size: number] {
  const size = x.shape[axis] ?? weights.find((weight) => weight?.rank === 1)?.shape[0] ?? null;
  if (size !== null && weights.every((weight) => !weight || weight.shape.join() === `${size}`))
    return [ofSize(x, axis, size), size];
  throw new ShapeError(`its weights are not made for axis ${axis} of ${size ?? 'unknown'} elements`);
}

const epsilonOf = ({ config }: LayerCall, fallback: number) => config.number('epsilon', fallback);

/** Keras 2 could keep statistics for several axes together; all weights then have the input's axes, of one element or more. */
function jointBatchNormalization(x: Value, call: LayerCall): Value {
  const deviation = sqrt(add(call.weight('moving_variance'), epsilonOf(call, 1e-3)));
  const normalized = div(sub(x, call.weight('moving_mean')), deviation);
  const [gamma, beta] = [call.optionalWeight('gamma'), call.optionalWeight('beta')];
  const scaled = gamma ? mul(normalized, gamma) : normalized;
  return beta ? add(scaled, beta) : scaled;
}

/** With the moving statistics. ONNX Runtime folds it into a convolution before it. */
const batchNormalization: LayerHandler = ([input], call) => {
  // Only training looks at it.
  call.argument('mask');
  const given = toFloat(input!);
  if (call.config.axes('axis').length > 1) return jointBatchNormalization(given, call);
  const axis = channelAxis(given, call);
  const [gamma, beta] = [call.optionalWeight('gamma'), call.optionalWeight('beta')];
  const statistics = [call.weight('moving_mean'), call.weight('moving_variance')];
  const [x, size] = knownSize(given, axis, [gamma, beta, ...statistics]);
  const parameters = [gamma ?? filled(call.graph, [size], 1), beta ?? filled(call.graph, [size], 0), ...statistics];
  return withAxisFirst(x, axis, (moved) => batchNorm(moved, parameters, epsilonOf(call, 1e-3)));
};

/** A weight for `axes` (in order) of `x`, with axes of one element between them so that it broadcasts. */
function alongAxes(weight: Value, x: Value, axes: readonly number[]): Value {
  if (axes.every((axis, index) => axis === x.rank - axes.length + index)) return weight;
  return reshape(
    weight,
    x.shape.map((size, axis) => (axes.includes(axis) ? (size ?? -1) : 1)),
  );
}

/** The axes of the weights in their own order: Keras 3 has those that count from the end first, Keras 2 all as they were given. */
function weightAxes(x: Value, { config, kerasVersion }: LayerCall): number[] {
  const given = config.axes('axis');
  const ordered = kerasVersion >= 3 ? given.toSorted((a, b) => a - b) : given;
  return [...new Set(ordered.map((axis) => normalizeAxis(axis, x.rank)))];
}

/** Over the last axes it is ONNX's own; otherwise, and for `rms_scaling`, it is spelt out. */
const layerNormalization: LayerHandler = ([input], call) => {
  const given = toFloat(input!);
  const made = weightAxes(given, call);
  const axes = made.toSorted((a, b) => a - b);
  const weights = [call.optionalWeight('gamma'), call.optionalWeight('beta')];
  const weight = weights.find((one) => one);
  if (axes[0] === 0 && given.shape[0] === null && weight) return call.unsupported('it normalises along the batch');
  const shape = axes.map((axis) => given.shape[axis] ?? weight?.shape[made.indexOf(axis)] ?? null);
  const x = axes.reduce(
    (sized, axis, index) => (shape[index] == null ? sized : ofSize(sized, axis, shape[index])),
    given,
  );
  const expected = made.map((axis) => shape[axes.indexOf(axis)]).join();
  if (weights.some((one) => one && one.shape.join() !== expected))
    throw new ShapeError(`its weights are not made for axes of ${shape.join(' and ')} elements`);
  // Keras takes their elements as they lie, whatever order they were made in.
  const [gamma, beta] = weights.map(
    (one) => one && (made.join() === axes.join() ? one : reshape(one, shape as number[])),
  );
  const epsilon = epsilonOf(call, 1e-3);
  const onlyScales = call.config.boolean('rms_scaling', false);
  const known = shape.filter((size) => size !== null);
  if (!onlyScales && axes[0] === x.rank - axes.length && known.length === axes.length)
    return layerNorm(x, gamma ?? filled(call.graph, known, 1), beta, axes[0], epsilon);
  const centered = sub(x, reduceMean(x, axes, true));
  const deviation = sqrt(add(reduceMean(square(centered), axes, true), epsilon));
  const normalized = div(onlyScales ? x : centered, deviation);
  const scaled = gamma ? mul(normalized, alongAxes(gamma, x, axes)) : normalized;
  return beta ? add(scaled, alongAxes(beta, x, axes)) : scaled;
};

/** Each group of channels of a sample by its own statistics. `groups` of -1 are as many as there are channels. */
const groupNormalization: LayerHandler = ([input], call) => {
  const features = toFloat(input!);
  if (call.kerasVersion < 3 && (call.tensor('mask') ?? input!.mask))
    return call.unsupported('a mask weighs what it normalises');
  const axis = channelAxis(features, call);
  const [gamma, beta] = [call.optionalWeight('gamma'), call.optionalWeight('beta')];
  const [x, channels] = knownSize(features, axis, [gamma, beta]);
  const given = call.config.integer('groups', 32, -1);
  const groups = given === -1 ? channels : given;
  if (channels % groups !== 0) return call.unsupported(`its ${channels} channels can't be split into ${groups} groups`);
  const perChannel = (weight: Value) => reshape(weight, [channels, ...Array<number>(x.rank - 2).fill(1)]);
  return withAxisFirst(x, axis, (moved) => {
    const each = elementCount(moved.shape.slice(1));
    const sizes = [sizeOf(moved, 0), groups, each === null ? -1 : each / groups];
    const grouped = instanceNorm(reshape(moved, sizes), groups, epsilonOf(call, 1e-3));
    const normalized = reshape(grouped, sizesOf(moved));
    const scaled = gamma ? mul(normalized, perChannel(gamma)) : normalized;
    return beta ? add(scaled, perChannel(beta)) : scaled;
  });
};

/** Divides by the root of the mean square along `axis`. */
const rmsNormalization: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  const axes = call.config.axes('axis').map((axis) => normalizeAxis(axis, x.rank));
  const meanSquare = add(reduceMean(square(x), axes, true), epsilonOf(call, 1e-6));
  return mul(mul(x, reciprocal(sqrt(meanSquare))), call.weight('scale'));
};

/** Divides by the length of the vectors along `axes`, or by `epsilon` where they are shorter. */
export function unitVectors(x: Value, axes: readonly number[], epsilon: number): Value {
  const length = sqrt(reduceSum(square(x), axes, true));
  return mul(x, min(reciprocal(length), 1 / epsilon));
}

/** In training it normalises the kernel of the layer that it wraps; the file has the kernel as it is used. */
const spectralNormalization: LayerHandler = (inputs, call) => {
  const wrapped = call.layer.layers.layer;
  if (!wrapped) return call.unsupported('it wraps no layer');
  refuseWrapped(wrapped, call);
  return call.call(wrapped, inputs);
};

/** https://keras.io/api/layers/normalization_layers/ */
export const normalizationLayers: LayerTable = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  RMSNormalization: rmsNormalization,
  UnitNormalization: ([x], call) => unitVectors(toFloat(x!), call.config.axes('axis'), 1e-12),
  SpectralNormalization: spectralNormalization,
};
