import type { Value } from '../../graph.js';
import {
  cast,
  channelsFirst,
  channelsLast,
  conv,
  convTranspose,
  node,
  pad,
  pool,
  reshape,
  slice,
  toFloat,
  transpose,
  type Window,
} from '../../operators/index.js';
import { adaptivePool } from '../pooling.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';

/** Whether the channels stand before the spatial axes, in Keras's words or TensorFlow's. */
export const isChannelsFirst = (a: Arguments): boolean =>
  a.has('data_format') && /^(channels_first|NC[DHW]+)$/.test(a.string('data_format'));

/** Runs `body` on the channels-first form of images, and gives its result their own form. */
export const inChannelsFirst = (a: Arguments, x: Value, body: (x: Value) => Value): Value =>
  isChannelsFirst(a) ? body(x) : channelsLast(body(channelsFirst(x)));

/** The largest size, stride and dilation of a window. */
const largestStep = 2 ** 16;

/** A number for each spatial axis; TensorFlow gives those of the batch and channels too. */
function perAxis(a: Arguments, name: string, rank: number, fallback?: readonly number[]): number[] {
  const given = a.optionalNumbers(name);
  const inner = given?.length === rank + 2 ? (isChannelsFirst(a) ? given.slice(2) : given.slice(1, -1)) : given;
  const all = inner?.length === 1 ? Array<number>(rank).fill(inner[0]!) : (inner ?? fallback);
  if (all?.length === rank && all.every((one) => Number.isInteger(one) && one > 0 && one <= largestStep))
    return [...all];
  return a.unsupported(`its ${name} should be ${rank} whole numbers`);
}

const ones = (rank: number): number[] => Array<number>(rank).fill(1);

/** How a kernel of this size moves. */
export function windowOf(
  a: Arguments,
  kernel: readonly number[],
  strides: readonly number[] = ones(kernel.length),
): Window {
  const rank = kernel.length;
  return {
    kernel,
    strides: perAxis(a, 'strides', rank, strides),
    dilations: perAxis(a, 'dilation_rate', rank, ones(rank)),
    padding: a.choice('padding', ['valid', 'same'], 'valid'),
  };
}

/** The sizes of a kernel's spatial axes. */
function spatialOf(a: Arguments, kernel: Value): number[] {
  if (kernel.rank < 3 || kernel.shape.includes(null)) return a.unsupported('its kernel is not of known sizes');
  return kernel.shape.slice(0, -2) as number[];
}

/** How many spatial axes a tensor with a batch and channels has. */
const spatialRank = (a: Arguments, x: Value): number =>
  x.rank > 2 ? x.rank - 2 : a.unsupported(`its input is of rank ${x.rank}`);

/** (…kernel, in, out) to (out, in, …kernel). */
function kernelFirst(kernel: Value): Value {
  const rank = kernel.rank - 2;
  return transpose(kernel, [rank + 1, rank, ...ones(rank).map((_, axis) => axis)]);
}

/** (…kernel, channels, multiplier) to one filter for each of those, over one channel. */
function depthwiseFirst(kernel: Value): Value {
  const rank = kernel.rank - 2;
  const first = transpose(kernel, [rank, rank + 1, ...ones(rank).map((_, axis) => axis)]);
  const [channels, multiplier, ...spatial] = first.shape as number[];
  return reshape(first, [channels! * multiplier!, 1, ...spatial]);
}

const depthwiseConv = (x: Value, kernel: Value, window: Window): Value =>
  conv(x, depthwiseFirst(kernel), undefined, window, x.shape[1] ?? kernel.shape.at(-2)!);

function convolution(a: Arguments): Value {
  const [x, kernel] = [toFloat(a.tensor('inputs')), toFloat(a.tensor('kernel'))];
  const window = windowOf(a, spatialOf(a, kernel));
  return inChannelsFirst(a, x, (input) => {
    const channels = input.shape[1] ?? a.unsupported('its channels are of unknown number, and its groups depend on it');
    const groups = channels / kernel.shape.at(-2)!;
    return conv(input, kernelFirst(kernel), undefined, window, groups);
  });
}

function depthwiseConvolution(a: Arguments): Value {
  const [x, kernel] = [toFloat(a.tensor('inputs')), toFloat(a.tensor('kernel'))];
  const window = windowOf(a, spatialOf(a, kernel));
  return inChannelsFirst(a, x, (input) => depthwiseConv(input, kernel, window));
}

function separableConvolution(a: Arguments): Value {
  const x = toFloat(a.tensor('inputs'));
  const [depthwise, pointwise] = [toFloat(a.tensor('depthwise_kernel')), toFloat(a.tensor('pointwise_kernel'))];
  const rank = spatialOf(a, depthwise).length;
  const window = windowOf(a, spatialOf(a, depthwise));
  if (spatialOf(a, pointwise).length !== rank) return a.unsupported('its kernels are not of one rank');
  const point: Window = { kernel: ones(rank), strides: ones(rank), dilations: ones(rank), padding: 'valid' };
  return inChannelsFirst(a, x, (input) => {
    const apart = depthwiseConv(input, depthwise, window);
    return conv(apart, kernelFirst(pointwise), undefined, point, 1);
  });
}

function transposedConvolution(a: Arguments): Value {
  const [x, kernel] = [toFloat(a.tensor('inputs')), toFloat(a.tensor('kernel'))];
  const window = windowOf(a, spatialOf(a, kernel));
  const outputPadding = a.has('output_padding') ? a.numbers('output_padding', kernel.rank - 2) : undefined;
  return inChannelsFirst(a, x, (input) =>
    convTranspose(input, kernelFirst(kernel), undefined, { ...window, outputPadding }),
  );
}

const pooling = (opType: 'MaxPool' | 'AveragePool') =>
  operation('inputs', (a) => {
    const x = a.tensor('inputs');
    const size = perAxis(a, 'pool_size', spatialRank(a, x));
    const window = windowOf(a, size, size);
    return cast(
      inChannelsFirst(a, toFloat(x), (input) => pool(opType, input, window)),
      x.type,
    );
  });

const adaptivePooling = (opType: 'MaxPool' | 'AveragePool') =>
  operation('inputs', (a) => {
    const x = toFloat(a.tensor('inputs'));
    const counts = perAxis(a, 'output_size', spatialRank(a, x));
    return inChannelsFirst(a, x, (input) => adaptivePool(opType, input, counts));
  });

const spaced = (opType: 'DepthToSpace' | 'SpaceToDepth') =>
  operation('x', (a) => {
    const block = a.count('block_size');
    if (block < 1) return a.unsupported('its block_size is 0');
    const times = (factor: number) => (size: number) => size * factor;
    const over = (factor: number) => (size: number) =>
      size % factor === 0 ? size / factor : a.unsupported(`its block_size is ${block}, but an axis has ${size}`);
    const toSpace = opType === 'DepthToSpace';
    const [channels, spatial] = toSpace ? [over(block ** 2), times(block)] : [times(block ** 2), over(block)];
    return inChannelsFirst(a, toFloat(a.tensor('x')), (x) => {
      const shape = x.shape.map((size, axis) =>
        axis === 0 || size === null ? size : (axis === 1 ? channels : spatial)(size),
      );
      return node(opType, [x], { blocksize: block, ...(toSpace && { mode: 'DCR' }) }, x.type, shape);
    });
  });

/** The products of a vector with another that moves along it. */
function correlate(a: Arguments): Value {
  const [x, kernel] = a.promoted(['x1', 'x2'], 'float');
  const [n, m] = [x!.shape[0], kernel!.shape[0]];
  if (n == null || m == null) return a.unsupported('its vectors are of unknown length');
  const mode = a.choice('mode', ['valid', 'same', 'full'], 'valid');
  const around = mode === 'valid' ? 0 : m - 1;
  const padded = pad(reshape(x!, [1, 1, n]), [
    [0, 0],
    [0, 0],
    [around, around],
  ]);
  const window: Window = { kernel: [m], strides: [1], dilations: [1], padding: 'valid' };
  const whole = reshape(conv(padded, reshape(kernel!, [1, 1, m]), undefined, window, 1), [-1]);
  if (mode !== 'same') return whole;
  const length = Math.max(n, m);
  const start = Math.floor((n + m - 1 - length) / 2);
  return slice(whole, [{ axis: 0, start, end: start + length }]);
}

/** Functions that move a window over their input. https://keras.io/api/ops/nn/ */
export const windowOperations: OperationTable = {
  Conv: operation('inputs kernel', convolution),
  DepthwiseConv: operation('inputs kernel', depthwiseConvolution),
  SeparableConv: operation('inputs depthwise_kernel pointwise_kernel', separableConvolution),
  ConvTranspose: operation('inputs kernel', transposedConvolution),
  MaxPool: pooling('MaxPool'),
  AveragePool: pooling('AveragePool'),
  AdaptiveMaxPool: adaptivePooling('MaxPool'),
  AdaptiveAveragePool: adaptivePooling('AveragePool'),
  DepthToSpace: spaced('DepthToSpace'),
  SpaceToDepth: spaced('SpaceToDepth'),
  Correlate: operation('x1 x2', correlate),
};
