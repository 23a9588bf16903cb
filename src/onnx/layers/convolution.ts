import type { ConfigValue } from '../../keras/model.js';
import { activation } from '../activations.js';
import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import { channelsFirst, channelsLast, conv, convTranspose, pad, toFloat, type Window } from '../operators/index.js';

const spatialAxes = (rank: number) => Array.from({ length: rank }, (_, axis) => axis);

/**
 * Keras's kernels, (…kernel, channels, filters), as ONNX has them: (filters, channels, …kernel). Those of transposed
 * convolutions are (…kernel, filters, channels), and become (channels, filters, …kernel).
 */
const kernelAxes = (rank: number) => [rank + 1, rank, ...spatialAxes(rank)];

/** Runs `body` on the channels-first form of a layer's input, and gives its result the layer's own form. */
export function inChannelsFirst(x: Value, call: LayerCall, body: (x: Value) => Value): Value {
  if (call.config.dataFormat === 'channels_first') return body(x);
  return channelsLast(body(channelsFirst(x)));
}

/** The window of a layer's settings. `causal` has been padded for by {@link padCausal} and is valid here. */
export function windowOf({ config }: LayerCall, rank: number): Window {
  const ones = Array<number>(rank).fill(1);
  return {
    kernel: config.integers('kernel_size', rank, undefined, 1),
    strides: config.integers('strides', rank, ones, 1),
    dilations: config.integers('dilation_rate', rank, ones, 1),
    padding:
      config.choice('padding', rank === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'], 'valid') === 'same'
        ? 'same'
        : 'valid',
  };
}

/** `padding="causal"`: what the window spans is padded before the first step. */
function padCausal(x: Value, { config }: LayerCall, { kernel, dilations }: Window): Value {
  if (config.string('padding', 'valid') !== 'causal') return x;
  return pad(x, [
    [0, 0],
    [0, 0],
    [(kernel[0]! - 1) * dilations[0]!, 0],
  ]);
}

/**
 * A depthwise kernel, (…kernel, channels, multiplier), as ONNX's convolution in groups of one channel has it.
 * @throws ModelFileError when the file lacks it
 */
function depthwiseKernel(call: LayerCall, name: string, rank: number): Value {
  const { shape } = call.rawWeight(name);
  const [channels = 0, multiplier = 0] = shape.slice(rank);
  const perm = [rank, rank + 1, ...spatialAxes(rank)];
  return call.weight(name, perm, [channels * multiplier, 1, ...shape.slice(0, rank)]);
}

/** @throws ShapeError when the input has not `rank` spatial axes */
export function checkRank(x: Value, rank: number): void {
  if (x.rank !== rank + 2) throw new ShapeError(`it takes ${rank + 2} axes, its input is ${showShape(x.shape)}`);
}

/**
 * A handler from what happens between the channels-first input and the activation. It throws a ShapeError when the input has not
 * `rank` spatial axes.
 */
const convolving =
  (rank: number, body: (x: Value, window: Window, call: LayerCall) => Value): LayerHandler =>
  ([x], call) => {
    checkRank(x!, rank);
    const window = windowOf(call, rank);
    return activation(call)(inChannelsFirst(toFloat(x!), call, (input) => body(input, window, call)));
  };

const convolution = (rank: number) =>
  convolving(rank, (x, window, call) => {
    const kernel = call.weight('kernel', kernelAxes(rank));
    const groups = call.config.integer('groups', 1, 1);
    return conv(padCausal(x, call, window), kernel, call.optionalWeight('bias'), window, groups);
  });

/** Old files of Keras 2 have a setting `groups` here, which never meant anything. */
const depthwise = (rank: number) =>
  convolving(rank, (x, window, call) => {
    const kernel = depthwiseKernel(call, 'kernel', rank);
    const channels = x.shape[1] ?? call.rawWeight('kernel').shape[rank]!;
    return conv(padCausal(x, call, window), kernel, call.optionalWeight('bias'), window, channels);
  });

const separable = (rank: number) =>
  convolving(rank, (x, window, call) => {
    const ones = Array<number>(rank).fill(1);
    const depthwiseWeight = depthwiseKernel(call, 'depthwise_kernel', rank);
    const channels = x.shape[1] ?? call.rawWeight('depthwise_kernel').shape[rank]!;
    const apart = conv(padCausal(x, call, window), depthwiseWeight, undefined, window, channels);
    const pointwiseWeight = call.weight('pointwise_kernel', kernelAxes(rank));
    const point: Window = { kernel: ones, strides: ones, dilations: ones, padding: 'valid' };
    return conv(apart, pointwiseWeight, call.optionalWeight('bias'), point, 1);
  });

const transposed = (rank: number): LayerHandler => {
  const compute = convolving(rank, (x, window, call) => {
    const kernel = call.weight('kernel', kernelAxes(rank));
    const outputPadding = call.config.has('output_padding') ? call.config.integers('output_padding', rank) : undefined;
    return convTranspose(x, kernel, call.optionalWeight('bias'), { ...window, outputPadding });
  });
  return (inputs, call) => {
    const output = compute(inputs, call) as Value;
    // Keras 1 lets the model choose among the sizes that a convolution makes its input's size of.
    const chosen = call.config.raw('output_shape');
    const fits = (size: ConfigValue, axis: number) => axis === 0 || size === null || size === output.shape[axis];
    if (Array.isArray(chosen) && !chosen.every(fits))
      return call.unsupported(
        `its output_shape is ${JSON.stringify(chosen).slice(0, 60)}, not ${showShape(output.shape)}`,
      );
    return output;
  };
};

/** Layers that move a kernel over their input. https://keras.io/api/layers/convolution_layers/ */
export const convolutionLayers: LayerTable = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),
  Conv1DTranspose: transposed(1),
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3),
};
