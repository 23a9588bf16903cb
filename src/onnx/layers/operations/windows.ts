import type { Value } from '../../graph.js';
import {
  cast,
  channelsFirst,
  channelsLast,
  constant,
  conv,
  convTranspose,
  int64s,
  node,
  pad,
  pool,
  reshape,
  sizesOf,
  squeeze,
  toFloat,
  transpose,
  unsqueeze,
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
function windowOf(a: Arguments, kernel: readonly number[], strides: readonly number[] = ones(kernel.length)): Window {
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

function convolution(a: Arguments): Value {
  const [x, kernel] = [toFloat(a.tensor('inputs')), toFloat(a.tensor('kernel'))];
  const window = windowOf(a, spatialOf(a, kernel));
  return inChannelsFirst(a, x, (input) => {
    const groups = (input.shape[1] ?? 1) / kernel.shape.at(-2)!;
    return conv(input, kernelFirst(kernel), undefined, window, groups);
  });
}

function depthwiseConvolution(a: Arguments): Value {
  const [x, kernel] = [toFloat(a.tensor('inputs')), toFloat(a.tensor('kernel'))];
  const window = windowOf(a, spatialOf(a, kernel));
  return inChannelsFirst(a, x, (input) => conv(input, depthwiseFirst(kernel), undefined, window, input.shape[1] ?? 1));
}

function separableConvolution(a: Arguments): Value {
  const x = toFloat(a.tensor('inputs'));
  const [depthwise, pointwise] = [toFloat(a.tensor('depthwise_kernel')), toFloat(a.tensor('pointwise_kernel'))];
  const rank = spatialOf(a, depthwise).length;
  const window = windowOf(a, spatialOf(a, depthwise));
  if (spatialOf(a, pointwise).length !== rank) return a.unsupported('its kernels are not of one rank');
  const point: Window = { kernel: ones(rank), strides: ones(rank), dilations: ones(rank), padding: 'valid' };
  return inChannelsFirst(a, x, (input) => {
    const apart = conv(input, depthwiseFirst(depthwise), undefined, window, input.shape[1] ?? 1);
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

/** Elements of a window beyond which its patches are not taken: the kernel that takes them is of their square. */
const largestPatch = 4096;

/**
 * The windows of a channels-first tensor, each channel's elements one after the other: a convolution whose filters pick one
 * element each. (batch, channels · elements, …)
 */
function patches(a: Arguments, x: Value, window: Window): Value {
  const elements = window.kernel.reduce((product, size) => product * size, 1);
  const channels = x.shape[1] ?? a.unsupported('the number of its channels is unknown');
  if (elements > largestPatch || channels * elements * elements > 2 ** 26)
    return a.unsupported('its patches are too large');
  const picking = new Float32Array(elements * elements);
  for (let index = 0; index < elements; index++) picking[index * (elements + 1)] = 1;
  const one = a.graph.constant('float32', [elements, 1, ...window.kernel], picking, 'patches');
  const batch = reshape(x, [-1, 1, ...sizesOf(x).slice(2)]);
  const taken = conv(batch, one, undefined, window, 1);
  const sizes = sizesOf(taken).slice(2);
  return reshape(taken, [x.shape[0] ?? -1, channels * elements, ...sizes]);
}

/** The last axis holds a window's elements, of all channels at each place. */
function extractPatches(a: Arguments): Value {
  const given = a.tensor('images');
  // TensorFlow gives the size in the batch and the channels too.
  const size =
    a.numbers('size').length === given.rank && given.rank === 4 ? a.numbers('size').slice(1, 3) : a.numbers('size');
  const rank = size.length === 3 ? 3 : 2;
  const kernel = size.length === 1 ? Array<number>(rank).fill(size[0]!) : size;
  const single = given.rank === rank + 1;
  const x = toFloat(single ? unsqueeze(given, [0]) : given);
  const window = windowOf(a, kernel, kernel);
  const taken = inChannelsFirst(a, x, (input) => {
    const apart = patches(a, input, window);
    const [channels, elements] = [input.shape[1]!, apart.shape[1]! / input.shape[1]!];
    const [batch, , ...sizes] = sizesOf(apart);
    const split = reshape(apart, [apart.shape[0] === null ? -1 : batch!, channels, elements, ...sizes]);
    const perm = [0, 2, 1, ...sizes.map((_, axis) => axis + 3)];
    return reshape(transpose(split, perm), [apart.shape[0] === null ? -1 : batch!, elements * channels, ...sizes]);
  });
  return cast(single ? squeeze(taken, [0]) : taken, given.type);
}

/** Blocks of channels-first images as columns. */
function unfold(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  if (x.rank !== 4) return a.unsupported(`its images are of rank ${x.rank}`);
  const kernel = a.numbers('kernel_size', 2);
  const window: Window = {
    kernel,
    strides: a.numbers('stride', 2, [1]),
    dilations: a.numbers('dilation', 2, [1]),
    padding: 'valid',
  };
  const around = a.numbers('padding', 2, [0]).map((size): [number, number] => [size, size]);
  const taken = patches(a, pad(x, [[0, 0], [0, 0], ...around]), window);
  const [, columns] = taken.shape;
  const places = taken.shape.slice(2).includes(null) ? -1 : taken.shape[2]! * taken.shape[3]!;
  return reshape(taken, [places === -1 ? sizesOf(taken)[0]! : (taken.shape[0] ?? -1), columns!, places]);
}

/** Puts columns back to where {@link unfold} takes them from, adding up what overlaps. */
function fold(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const pair = (name: string, fallback?: number) => {
    const sizes = a.numbers(name, 2, fallback === undefined ? undefined : [fallback]);
    return sizes.every((size) => Number.isInteger(size) && size >= 0)
      ? sizes
      : a.unsupported(`its ${name} is not of whole numbers`);
  };
  const [size, kernel] = [pair('output_size'), pair('kernel_size')];
  const attributes = {
    dilations: pair('dilation', 1),
    pads: [...pair('padding', 0), ...pair('padding', 0)],
    strides: pair('stride', 1),
  };
  const channels = (x.shape[1] ?? Number.NaN) / (kernel[0]! * kernel[1]!);
  const shape = [x.shape[0] ?? null, channels, ...size];
  return node('Col2Im', [x, int64s(a.graph, size), int64s(a.graph, kernel)], attributes, x.type, shape);
}

const spaced = (opType: 'DepthToSpace' | 'SpaceToDepth') =>
  operation('x', (a) => {
    const given = a.tensor('x');
    const block = a.number('block_size');
    const changed = (size: number | null, factor: number) => (size === null ? null : size * factor);
    return inChannelsFirst(a, toFloat(given), (x) => {
      const factor = opType === 'DepthToSpace' ? block : 1 / block;
      const shape = x.shape.map((size, axis) =>
        axis === 0 ? size : changed(size, axis === 1 ? factor ** -2 : factor),
      );
      const attributes = opType === 'DepthToSpace' ? { blocksize: block, mode: 'DCR' } : { blocksize: block };
      return node(opType, [x], attributes, x.type, shape);
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
  const indices = Array.from({ length }, (_, index) => start + index);
  return node('Gather', [whole, constant(a.graph, 'int64', [length], indices)], { axis: 0 }, 'float32', [length]);
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
  ExtractPatches: operation('images', extractPatches),
  Unfold: operation('x', unfold),
  Fold: operation('x', fold),
  DepthToSpace: spaced('DepthToSpace'),
  SpaceToDepth: spaced('SpaceToDepth'),
  Correlate: operation('x1 x2', correlate),
};
