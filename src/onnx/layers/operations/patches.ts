import type { Value } from '../../graph.js';
import {
  abs,
  allFinite,
  and,
  cast,
  conv,
  either,
  equal,
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

/** Blocks of channels-first images as columns. */
/** Two whole numbers of at least `least`: of rows and of columns. */
function pair(a: Arguments, name: string, least: number, fallback?: number): number[] {
  const sizes = a.numbers(name, 2, fallback === undefined ? undefined : [fallback]);
  return sizes.every((size) => Number.isInteger(size) && size >= least)
    ? sizes
    : a.unsupported(`its ${name} is not of whole numbers from ${least} on`);
}

function unfold(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  if (x.rank !== 4) return a.unsupported(`its images are of rank ${x.rank}`);
  const window: Window = {
    kernel: pair(a, 'kernel_size', 1),
    strides: pair(a, 'stride', 1, 1),
    dilations: pair(a, 'dilation', 1, 1),
    padding: 'valid',
  };
  const around = pair(a, 'padding', 0, 0).map((size): [number, number] => [size, size]);
  const taken = patches(a, pad(x, [[0, 0], [0, 0], ...around]), window);
  const [, columns] = taken.shape;
  const places = taken.shape.slice(2).includes(null) ? -1 : taken.shape[2]! * taken.shape[3]!;
  return reshape(taken, [places === -1 ? sizesOf(taken)[0]! : (taken.shape[0] ?? -1), columns!, places]);
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
  const channels = (x.shape[1] ?? Number.NaN) / (kernel[0]! * kernel[1]!);
  const shape = [x.shape[0] ?? null, channels, ...size];
  return node('Col2Im', [x, int64s(a.graph, size), int64s(a.graph, kernel)], attributes, x.type, shape);
}

/** Windows as tensors of their own. https://keras.io/api/ops/image/ */
export const patchOperations: OperationTable = {
  ExtractPatches: operation('images', extractPatches),
  Unfold: operation('x', unfold),
  Fold: operation('x', fold),
};
