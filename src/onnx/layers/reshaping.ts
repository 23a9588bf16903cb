import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import {
  allFinite,
  channelsLast,
  div,
  either,
  elementCount,
  enlarge,
  expand,
  gather,
  interpolations,
  pad,
  range,
  reshape,
  resizeImages,
  type Size,
  sizeDifference,
  sizeOf,
  sizeProduct,
  sizesOf,
  sizeTimes,
  sliceFrom,
  toFloat,
  transpose,
  unsqueeze,
} from '../operators/index.js';
import { checkRank, inChannelsFirst } from './convolution.js';
import { likeInput } from './image-preprocessing.js';

const flatten: LayerHandler = ([x], { config }) => {
  const ordered = config.dataFormat === 'channels_first' && x!.rank > 2 ? channelsLast(x!) : x!;
  const rest = elementCount(ordered.shape.slice(1));
  return reshape(ordered, [sizeOf(ordered, 0), rest ?? sizeProduct(sizesOf(ordered).slice(1))]);
};

/** One size of the target may be -1: what is left of a sample. */
const reshapeLayer: LayerHandler = ([x], { config }) => {
  const target = config.integers('target_shape', undefined, undefined, -1);
  const total = elementCount(x!.shape.slice(1));
  const given = target.filter((size) => size !== -1).reduce((a, b) => a * b, 1);
  const fits = total === null || (target.includes(-1) ? total % given === 0 : total === given);
  if (!fits || target.indexOf(-1) !== target.lastIndexOf(-1))
    throw new ShapeError(`a sample of the shape ${showShape(x!.shape.slice(1))} can't become ${showShape(target)}`);
  const sizes = target.map((size) => (size === -1 && total !== null ? total / given : size));
  return reshape(x!, [sizeOf(x!, 0), ...sizes]);
};

const repeatVector: LayerHandler = ([x], { config }) => {
  const [batch, features] = sizesOf(x!);
  return expand(unsqueeze(x!, [1]), [batch!, config.integer('n', undefined, 1), features!]);
};

/** The place of the first spatial axis. */
const firstSpatial = ({ config }: LayerCall) => (config.dataFormat === 'channels_first' ? 2 : 1);

const zeroPadding =
  (rank: number): LayerHandler =>
  ([x], call) => {
    checkRank(x!, rank);
    const pads = call.config.pairs('padding', rank, [1, 1]);
    const none: [number, number] = [0, 0];
    return pad(x!, call.config.dataFormat === 'channels_first' ? [none, none, ...pads] : [none, ...pads, none]);
  };

/** Keras's default cuts one element off either end, but none of images. */
const cropping =
  (rank: number): LayerHandler =>
  ([x], call) => {
    checkRank(x!, rank);
    const pairs = call.config.pairs('cropping', rank, rank === 2 ? [0, 0] : [1, 1]);
    const first = firstSpatial(call);
    return pairs.reduce((cropped, [before, after], index) => {
      const axis = first + index;
      return sliceFrom(cropped, axis, before, sizeDifference(sizeOf(cropped, axis), before + after));
    }, x!);
  };

/** Repeats the elements of the spatial axes; ONNX Runtime enlarges few types. */
function repeat(x: Value, factors: readonly number[]): Value {
  if (x.type === 'float32') return enlarge(x, [1, 1, ...factors], 'nearest');
  return factors.reduce((repeated, factor, index) => {
    const size = sizeTimes(sizeOf(repeated, index + 2), factor);
    return gather(repeated, div(range(x.graph, size), factor), index + 2);
  }, x);
}

const upSampling =
  (rank: number): LayerHandler =>
  ([x], call) => {
    checkRank(x!, rank);
    const factors = call.config.integers('size', rank, Array<number>(rank).fill(2), 1);
    return inChannelsFirst(x!, call, (input) => repeat(input, factors));
  };

const upSampling2D: LayerHandler = (inputs, call) => {
  const interpolation = call.config.choice('interpolation', interpolations, 'nearest');
  if (interpolation === 'nearest') return upSampling(2)(inputs, call);
  const x = toFloat(inputs[0]!);
  checkRank(x, 2);
  const factors = call.config.integers('size', 2, [2, 2], 1);
  const asTensorFlow = (input: Value) =>
    inChannelsFirst(input, call, (images) => {
      const size = factors.map((factor, index) => sizeTimes(sizeOf(images, index + 2), factor)) as [Size, Size];
      return resizeImages(images, size, interpolation, false);
    });
  const first = firstSpatial(call);
  const fast = (input: Value) => enlarge(input, [1, 1, 1, 1].toSpliced(first, 2, ...factors), 'linear');
  const [resized] =
    interpolation === 'bilinear'
      ? either(
          allFinite(x),
          x,
          (input) => [fast(input)],
          (input) => [asTensorFlow(input)],
        )
      : [asTensorFlow(x)];
  return likeInput(resized!, inputs[0]!, call);
};

/** https://keras.io/api/layers/reshaping_layers/ */
export const reshapingLayers: LayerTable = {
  Flatten: flatten,
  Reshape: reshapeLayer,
  Permute: ([x], { config }) => transpose(x!, [0, ...config.integers('dims')]),
  RepeatVector: repeatVector,
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  ZeroPadding3D: zeroPadding(3),
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling2D,
  UpSampling3D: upSampling(3),
};
