import type { Value } from '../../graph.js';
import {
  abs,
  allFinite,
  and,
  cast,
  channelsFirst,
  channelsLast,
  conv,
  either,
  equal,
  gather,
  int64s,
  isInf,
  largestFloat,
  lessOrEqual,
  node,
  not,
  or,
  pad,
  reduceSum,
  reshape,
  sizesOf,
  sizeTimes,
  slice,
  squeeze,
  toFloat,
  transpose,
  unsqueeze,
  type Window,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';
import { inChannelsFirst, isChannelsFirst, windowOf } from './windows.js';

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
  const take = (images: Value) =>
    inChannelsFirst(a, images, (input) => {
      const apart = patches(a, input, window);
      const [channels, elements] = [input.shape[1]!, apart.shape[1]! / input.shape[1]!];
      const [batch, , ...sizes] = sizesOf(apart);
      const split = reshape(apart, [apart.shape[0] === null ? -1 : batch!, channels, elements, ...sizes]);
      const perm = [0, 2, 1, ...sizes.map((_, axis) => axis + 3)];
      return reshape(transpose(split, perm), [apart.shape[0] === null ? -1 : batch!, elements * channels, ...sizes]);
    });
  const elements = kernel.reduce((product, size) => product * size, 1);
  const [taken] = either(
    allFinite(x),
    x,
    (images) => [take(images)],
    (images) => [amongOthers(take(images), isChannelsFirst(a) ? 1 : x.rank - 1, elements)],
  ) as [Value];
  return cast(single ? squeeze(taken, [0]) : taken, given.type);
}

/**
 * Keras multiplies all of a window with ones and zeros, of which only finite numbers come back as they are: the others make
 * everything in their window no number, but for an infinite one that is alone. By themselves channels have been treated so.
 */
function amongOthers(taken: Value, axis: number, elements: number): Value {
  const strange = not(lessOrEqual(abs(taken), largestFloat));
  const count = (what: Value) => reduceSum(toFloat(what), [axis], true);
  const singleInfinity = and(equal(count(isInf(taken)), 1), equal(count(strange), elements));
  const kept = or(equal(count(strange), 0), and(singleInfinity, isInf(taken)));
  return where(kept, taken, Number.NaN);
}

/** Two whole numbers of at least `least`: of rows and of columns. */
function pair(a: Arguments, name: string, least: number, fallback?: number): number[] {
  const sizes = a.numbers(name, 2, fallback === undefined ? undefined : [fallback]);
  return sizes.every((size) => Number.isInteger(size) && size >= least)
    ? sizes
    : a.unsupported(`its ${name} is not of whole numbers from ${least} on`);
}

/** Along an axis of this size, the places of each of a window's elements in all windows: (elements, windows). */
function placesOf(a: Arguments, size: number | null, kernel: number, stride: number, dilation: number): Value {
  if (size === null) return a.unsupported('its images are of unknown size');
  const windows = Math.floor((size - dilation * (kernel - 1) - 1) / stride) + 1;
  if (windows < 1) return a.unsupported('its window is larger than its images');
  const places = Array.from({ length: kernel * windows }, (_, index) => {
    const element = Math.floor(index / windows);
    return element * dilation + (index % windows) * stride;
  });
  return a.graph.constant('int64', [kernel, windows], BigInt64Array.from(places, BigInt), 'places');
}

/** Channels-first images as columns: (batch, channels · elements, windows). */
function unfold(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  if (x.rank !== 4) return a.unsupported(`its images are of rank ${x.rank}`);
  const channels = x.shape[1] ?? a.unsupported('the number of its channels is unknown');
  const [kernel, strides, dilations] = [pair(a, 'kernel_size', 1), pair(a, 'stride', 1, 1), pair(a, 'dilation', 1, 1)];
  const elements = kernel[0]! * kernel[1]!;
  if (elements > largestPatch) return a.unsupported('its patches are too large');
  const around = pair(a, 'padding', 0, 0).map((size): [number, number] => [size, size]);
  const padded = pad(x, [[0, 0], [0, 0], ...around]);
  const along = (side: 0 | 1) => placesOf(a, padded.shape[side + 2]!, kernel[side]!, strides[side]!, dilations[side]!);
  // (batch, channels, rows of a window, rows of windows, columns of a window, columns of windows)
  const taken = gather(gather(padded, along(0), 2), along(1), 4);
  const apart = transpose(taken, [0, 1, 2, 4, 3, 5]);
  return reshape(apart, [x.shape[0] ?? -1, channels * elements, apart.shape[4]! * apart.shape[5]!]);
}

/** Puts columns back to where {@link unfold} takes them from, adding up what overlaps. */
function fold(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const [size, kernel] = [pair(a, 'output_size', 1), pair(a, 'kernel_size', 1)];
  const around = pair(a, 'padding', 0, 0);
  const attributes = {
    dilations: pair(a, 'dilation', 1, 1),
    pads: [...around, ...around],
    strides: pair(a, 'stride', 1, 1),
  };
  const elements = x.shape[1] ?? null;
  const channels = elements === null ? null : elements / (kernel[0]! * kernel[1]!);
  const shape = [x.shape[0] ?? null, channels, ...size];
  return node('Col2Im', [x, int64s(a.graph, size), int64s(a.graph, kernel)], attributes, x.type, shape);
}

/** Along an axis of so many patches of this size, where what they cover begins and how long it is. */
function covered(a: Arguments, grid: number | null, size: number, output: number): { start: number; end: number } {
  if (grid === null) return a.unsupported('it has an output_size, and the number of its patches is unknown');
  const beyond = grid * size - output;
  const isSame = a.choice('padding', ['valid', 'same'], 'valid') === 'same';
  if (beyond < 0 || beyond >= (isSame ? size : 1))
    return a.unsupported(`its output_size is ${output} where there are ${grid} patches of ${size}`);
  const start = Math.floor(beyond / 2);
  return { start, end: start + output };
}

/** Puts patches that don't overlap side by side again; what padding was added when they were taken is cut off. */
function reconstructPatches(a: Arguments): Value {
  const given = a.tensor('patches');
  const size = a.numbers('size', a.numbers('size').length === 3 ? 3 : 2);
  const rank = size.length;
  if (!size.every((one) => Number.isInteger(one) && one >= 1)) return a.unsupported(`its size is ${size}`);
  const strides = a.numbers('strides', rank, size);
  if (strides.join() !== size.join()) return a.unsupported('its patches overlap, which Keras refuses as well');
  if (given.rank !== rank + 1 && given.rank !== rank + 2) return a.unsupported(`its patches are of rank ${given.rank}`);
  const single = given.rank === rank + 1;
  const batch = single ? unsqueeze(given, [0]) : given;
  const isFirst = isChannelsFirst(a);
  const x = isFirst ? channelsLast(batch) : batch;
  const elements = size.reduce((product, one) => product * one, 1);
  const flat = x.shape.at(-1) ?? a.unsupported('the number of its channels is unknown');
  if (flat % elements !== 0) return a.unsupported(`its patches of ${flat} are not of ${elements} places`);
  const grid = x.shape.slice(1, -1);
  const output = a.has('output_size') ? a.numbers('output_size', rank) : undefined;
  if (!output && a.choice('padding', ['valid', 'same'], 'valid') === 'same')
    return a.unsupported('it has no output_size');
  const ranges = output?.map((one, axis) => ({ axis: axis + 1, ...covered(a, grid[axis]!, size[axis]!, one) })) ?? [];
  const [count, ...sizes] = sizesOf(x).slice(0, -1);
  const apart = reshape(x, [count!, ...sizes, ...size, flat / elements]);
  // (batch, patches and places of the first axis, of the second, …, channels)
  const beside = size.flatMap((_, axis) => [1 + axis, 1 + rank + axis]);
  const turned = transpose(apart, [0, ...beside, 1 + 2 * rank]);
  const whole = reshape(turned, [count!, ...sizes.map((one, axis) => sizeTimes(one, size[axis]!)), flat / elements]);
  const result = slice(
    whole,
    ranges.filter(({ axis, start, end }) => start !== 0 || end !== whole.shape[axis]),
  );
  const placed = isFirst ? channelsFirst(result) : result;
  return single ? squeeze(placed, [0]) : placed;
}

/** Windows as tensors of their own. https://keras.io/api/ops/image/ */
export const patchOperations: OperationTable = {
  ExtractPatches: operation('images', extractPatches),
  ReconstructPatches: operation('patches', reconstructPatches),
  Unfold: operation('x', unfold),
  Fold: operation('x', fold),
};
