import type { Value } from '../../graph.js';
import {
  cast,
  channelsFirst,
  channelsLast,
  conv,
  convTranspose,
  node,
  openConv,
  pad,
  pool,
  reshape,
  sizesOf,
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

/** How a kernel over so many axes moves. */
const movesOf = (a: Arguments, rank: number, strides: readonly number[] = ones(rank)): Omit<Window, 'kernel'> => ({
  strides: perAxis(a, 'strides', rank, strides),
  dilations: perAxis(a, 'dilation_rate', rank, ones(rank)),
  padding: a.choice('padding', ['valid', 'same'], 'valid'),
});

/** How a kernel of this size moves. */
export const windowOf = (a: Arguments, kernel: readonly number[], strides?: readonly number[]): Window => ({
  kernel,
  ...movesOf(a, kernel.length, strides),
});

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

/** A convolution by a kernel, (filters, channels / groups, …kernel), whose sizes may be open. */
const convolve = (x: Value, kernel: Value, moves: Omit<Window, 'kernel'>, groups: number): Value =>
  kernel.shape.includes(null)
    ? openConv(x, kernel, moves, groups)
    : conv(x, kernel, undefined, { ...moves, kernel: kernel.shape.slice(2) as number[] }, groups);

/** A filter for each channel and multiplier of a kernel, (…kernel, channels, multiplier), over its channel alone. */
function depthwiseConv(a: Arguments, x: Value, kernel: Value, moves: Omit<Window, 'kernel'>): Value {
  const rank = kernel.rank - 2;
  const first = transpose(kernel, [rank, rank + 1, ...ones(rank).map((_, axis) => axis)]);
  const [channels, multiplier, ...sizes] = sizesOf(first);
  if (typeof channels !== 'number' || typeof multiplier !== 'number')
    return a.unsupported('the channels of its kernel are of unknown number');
  return convolve(x, reshape(first, [channels * multiplier, 1, ...sizes]), moves, channels);
}

/** The kernel of that name, and how it moves over an input of its rank. */
function movingKernel(a: Arguments, name: string): [kernel: Value, moves: Omit<Window, 'kernel'>] {
  const kernel = toFloat(a.tensor(name));
  if (kernel.rank < 3) return a.unsupported(`its ${name} is of rank ${kernel.rank}`);
  return [kernel, movesOf(a, kernel.rank - 2)];
}

function convolution(a: Arguments): Value {
  const x = toFloat(a.tensor('inputs'));
  const [kernel, moves] = movingKernel(a, 'kernel');
  return inChannelsFirst(a, x, (input) => {
    const [given, taken] = [input.shape[1], kernel.shape.at(-2)];
    // Where either is open they are taken to be the same: groups of fewer fail when the model runs.
    return convolve(input, kernelFirst(kernel), moves, given && taken ? given / taken : 1);
  });
}

function depthwiseConvolution(a: Arguments): Value {
  const x = toFloat(a.tensor('inputs'));
  const [kernel, moves] = movingKernel(a, 'kernel');
  return inChannelsFirst(a, x, (input) => depthwiseConv(a, input, kernel, moves));
}

function separableConvolution(a: Arguments): Value {
  const x = toFloat(a.tensor('inputs'));
  const [depthwise, moves] = movingKernel(a, 'depthwise_kernel');
  const pointwise = toFloat(a.tensor('pointwise_kernel'));
  const { rank } = depthwise;
  if (pointwise.rank !== rank) return a.unsupported('its kernels are not of one rank');
  const still = { strides: ones(rank - 2), dilations: ones(rank - 2), padding: 'valid' } as const;
  return inChannelsFirst(a, x, (input) =>
    convolve(depthwiseConv(a, input, depthwise, moves), kernelFirst(pointwise), still, 1),
  );
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
