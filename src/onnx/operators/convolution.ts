import { type Dimension, ShapeError, showShape, type Value } from '../graph.js';
import { node } from './elementwise.js';
import {
  pad,
  type Size,
  sizeDifference,
  sizeMax,
  sizeOf,
  sizePlus,
  sizeQuotient,
  sizeSum,
  sizesOf,
  sizeTimes,
} from './shape.js';

/** How a window moves over the spatial axes of a channels-first tensor. */
export interface Window {
  kernel: readonly number[];
  strides: readonly number[];
  dilations: readonly number[];
  /** Keras's `padding`: `same` pads so that the output is the input's size over the stride, the odd one at the end. */
  padding: 'valid' | 'same';
}

/** How many elements a window spans when it is dilated. */
const span = (kernel: number, dilation: number) => (kernel - 1) * dilation + 1;

/**
 * Sizes of the spatial axes after the window has moved over them.
 * @throws ShapeError when the window is larger than what it moves over
 */
export function windowOutput(
  spatial: readonly Dimension[],
  { kernel, strides, dilations, padding }: Window,
): Dimension[] {
  if (spatial.length !== kernel.length)
    throw new ShapeError(`a window over ${kernel.length} axes can't move over ${spatial.length}`);
  return spatial.map((size, axis) => {
    if (size === null) return null;
    if (padding === 'same') return Math.ceil(size / strides[axis]!);
    const covered = span(kernel[axis]!, dilations[axis]!);
    if (covered > size) throw new ShapeError(`its window spans ${covered} elements, its input has ${size}`);
    return Math.floor((size - covered) / strides[axis]!) + 1;
  });
}

/** A window that may be of sizes known only when the model runs. */
type OpenWindow = Omit<Window, 'kernel'> & { kernel: readonly Size[] };

/** {@link span} of a window that may be of unknown size. */
const openSpan = (kernel: Size, dilation: number): Size => sizePlus(sizeTimes(sizePlus(kernel, -1), dilation), 1);

/** What `same` adds to an axis in all. For steps of 1 it does not depend on the axis's size. */
function samePadding(size: Size, { kernel, strides, dilations }: OpenWindow, axis: number): Size {
  const stride = strides[axis]!;
  const covered = openSpan(kernel[axis]!, dilations[axis]!);
  if (stride === 1) return sizePlus(covered, -1);
  const outputs = sizeQuotient(sizePlus(size, stride - 1), stride);
  return sizeMax(sizeDifference(sizeSum(sizeTimes(sizePlus(outputs, -1), stride), covered), size), 0);
}

/** ONNX's padding attributes. Sizes that are unknown until the model runs are left to ONNX's `SAME_UPPER`. */
function paddingAttributes(spatial: readonly Dimension[], window: Window) {
  if (window.padding === 'valid') return {};
  const totals = spatial.map((size, axis) =>
    size === null && window.strides[axis] !== 1 ? null : (samePadding(size ?? 0, window, axis) as number),
  );
  if (totals.includes(null)) return { auto_pad: 'SAME_UPPER' };
  return { pads: [...totals.map((total) => Math.floor(total! / 2)), ...totals.map((total) => Math.ceil(total! / 2))] };
}

/**
 * Pads for `same` beforehand: ONNX Runtime has no `SAME_UPPER` for windows that are dilated, and cuts off both ends of the input
 * where a window is narrower than its step.
 */
function padSame(x: Value, window: Window): [Value, Window] {
  const { kernel, dilations, strides, padding } = window;
  const spatial = x.shape.slice(2);
  const attributeDoes = spatial.every((size, axis) => size !== null || strides[axis] === 1);
  const isPlain = kernel.every((size, axis) => dilations[axis] === 1 && size >= strides[axis]!);
  if (padding === 'valid' || attributeDoes || isPlain) return [x, window];
  return [paddedSame(x, window), { ...window, padding: 'valid' }];
}

/** A tensor with all that `same` adds to it. */
function paddedSame(x: Value, window: OpenWindow): Value {
  const pads = x.shape.slice(2).map((_, axis): [Size, Size] => {
    const total = samePadding(sizeOf(x, axis + 2), window, axis);
    const before = sizeQuotient(total, 2);
    return [before, sizeDifference(total, before)];
  });
  return pad(x, [[0, 0], [0, 0], ...pads]);
}

/** @throws ShapeError unless a kernel of this shape, channels first, fits a window of this size. ONNX Runtime heeds channels. */
function checkKernel(x: Value, weight: Value, bias: Value | undefined, sizes: readonly number[], filters: number) {
  const fits =
    sizes.join() === weight.shape.slice(2 - weight.rank).join() && (!bias || bias.shape.join() === `${filters}`);
  if (!fits || x.rank !== weight.rank)
    throw new ShapeError(`its weights don't fit a window of ${showShape(sizes)} over ${showShape(x.shape)}`);
}

/**
 * Convolution.
 * @param x (batch, channels, …spatial)
 * @param weight (filters, channels / groups, …kernel)
 * @param bias (filters)
 * @throws ShapeError when these don't fit
 */
export function conv(x: Value, weight: Value, bias: Value | undefined, window: Window, groups: number): Value {
  const spatial = x.shape.slice(2);
  const [filters, channels] = weight.shape as number[];
  checkKernel(x, weight, bias, window.kernel, filters!);
  const given = x.shape[1] ?? channels! * groups;
  if (channels! * groups !== given || filters! % groups !== 0)
    throw new ShapeError(`its kernel takes ${channels! * groups} channels, its input has ${given}`);
  const [padded, moved] = padSame(x, window);
  const attributes = {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    group: groups,
    ...paddingAttributes(spatial, moved),
  };
  return node('Conv', [padded, weight, bias], attributes, x.type, [
    x.shape[0]!,
    filters!,
    ...windowOutput(spatial, window),
  ]);
}

/**
 * Convolution with a kernel some of whose sizes are known only when the model runs.
 * @param x (batch, channels, …spatial)
 * @param weight (filters, channels / groups, …kernel)
 * @throws ShapeError when these are not of one rank
 */
export function openConv(x: Value, weight: Value, window: Omit<Window, 'kernel'>, groups: number): Value {
  if (x.rank !== weight.rank) throw new ShapeError(`a kernel of ${weight.rank} axes doesn't fit an input of ${x.rank}`);
  const { strides, dilations, padding } = window;
  const spatial = x.shape
    .slice(2)
    .map((size, axis) => (padding === 'same' && size !== null ? Math.ceil(size / strides[axis]!) : null));
  const padded = padding === 'same' ? paddedSame(x, { ...window, kernel: sizesOf(weight).slice(2) }) : x;
  const attributes = { strides, dilations, group: groups };
  return node('Conv', [padded, weight], attributes, x.type, [x.shape[0]!, weight.shape[0]!, ...spatial]);
}

/** A window that a transposed convolution moves over its output. */
export interface TransposedWindow extends Window {
  /** What Keras adds to the size of each axis of the output; undefined where Keras works out the size by itself. */
  outputPadding: readonly number[] | undefined;
}

/**
 * What a transposed convolution cuts off the start and the end of an axis; below 0 at the end, where it adds. This does not
 * depend on the size of the input.
 */
function cut({ kernel, strides, dilations, padding, outputPadding }: TransposedWindow, axis: number) {
  const covered = span(kernel[axis]!, dilations[axis]!);
  const stride = strides[axis]!;
  const added = outputPadding?.[axis];
  // All that the windows cover, less what Keras's output has.
  if (padding === 'valid') return { start: 0, end: -(added ?? Math.max(covered, stride) - covered) };
  const total = added === undefined ? covered - stride : covered - (covered % 2) - added;
  const start = Math.floor(Math.max(total, 0) / 2);
  return { start, end: total - start };
}

/**
 * Transposed convolution: the gradient of a convolution.
 * @param x (batch, channels, …spatial)
 * @param weight (channels, filters, …kernel)
 * @param bias (filters)
 * @throws ShapeError when these don't fit
 */
export function convTranspose(x: Value, weight: Value, bias: Value | undefined, window: TransposedWindow): Value {
  const { kernel, strides, dilations } = window;
  const [channels, filters] = weight.shape as number[];
  checkKernel(x, weight, bias, kernel, filters!);
  if (channels !== (x.shape[1] ?? channels) || x.rank !== weight.rank)
    throw new ShapeError(`its kernel takes ${channels} channels, its input is ${showShape(x.shape)}`);
  const cuts = kernel.map((_, axis) => cut(window, axis));
  if (cuts.some(({ end }, axis) => -end >= Math.max(strides[axis]!, dilations[axis]!)))
    throw new ShapeError('its output_padding is not smaller than its strides');
  const attributes = {
    kernel_shape: kernel,
    strides,
    dilations,
    pads: [...cuts.map(({ start }) => start), ...cuts.map(({ end }) => Math.max(end, 0))],
    output_padding: cuts.map(({ end }) => Math.max(-end, 0)),
  };
  const spatial = x.shape.slice(2).map((size, axis) => {
    const { start, end } = cuts[axis]!;
    return size === null ? null : (size - 1) * strides[axis]! + span(kernel[axis]!, dilations[axis]!) - start - end;
  });
  return node('ConvTranspose', [x, weight, bias], attributes, x.type, [x.shape[0]!, filters!, ...spatial]);
}

/** Elements of a window over axes of unknown size; each costs time for every element of the output. */
const largestWindow = 2 ** 20;

/**
 * The window without what never reaches an element of an axis: what is left of its first element when the last window is
 * placed, and right of its last when the first is. ONNX Runtime would go over all of it.
 */
function trimmed(spatial: readonly Dimension[], window: Window) {
  const axes = spatial.map((size, axis) => {
    const [kernel, stride] = [window.kernel[axis]!, window.strides[axis]!];
    const reach = (Math.ceil(size! / stride) - 1) * stride;
    const before = Math.floor((samePadding(size!, window, axis) as number) / 2);
    const left = Math.min(before, reach);
    const right = Math.min(kernel - before, size!);
    return { kernel: left + right, left, after: Math.max(0, reach + right - size!) };
  });
  const pads = [...axes.map(({ left }) => left), ...axes.map(({ after }) => after)];
  return { kernel_shape: axes.map(({ kernel }) => kernel), strides: window.strides, pads };
}

/**
 * The padding by its name wherever it has one. ONNX Runtime (1.30) makes a Pad before a pooling with padding in numbers part of
 * it, although the zeros of a Pad count in a maximum and in an average, and a pooling's own padding does not.
 */
function poolPadding(kernel: readonly number[], pads: readonly number[] | undefined, window: Window) {
  if (!pads) return window.padding === 'valid' ? { auto_pad: 'VALID' } : {};
  if (pads.every((length) => length === 0)) return { auto_pad: 'VALID' };
  return kernel.join() === window.kernel.join() ? { auto_pad: 'SAME_UPPER' } : { pads };
}

/**
 * Max or average pooling of a (batch, channels, …spatial) tensor; padding does not count in an average.
 * @throws ShapeError when the window doesn't fit
 */
export function pool(opType: 'MaxPool' | 'AveragePool', x: Value, window: Window): Value {
  const spatial = x.shape.slice(2);
  const outputs = windowOutput(spatial, window);
  if (spatial.includes(null) && window.kernel.reduce((a, b) => a * b, 1) > largestWindow)
    throw new ShapeError(`its window of ${showShape(window.kernel)} is too large for an input of unknown size`);
  // ONNX Runtime would cut off both ends of the input.
  if (
    window.padding === 'same' &&
    spatial.some((size, axis) => size === null && window.kernel[axis]! < window.strides[axis]! - 1)
  )
    throw new ShapeError('its window is narrower than its step, which takes an input of known size');
  const known = window.padding === 'same' && !spatial.includes(null);
  const { pads, ...attributes } = known
    ? trimmed(spatial, window)
    : { kernel_shape: window.kernel, strides: window.strides, ...paddingAttributes(spatial, window) };
  const padding = poolPadding(attributes.kernel_shape, pads, window);
  return node(opType, [x], { ...attributes, ...padding }, x.type, [...x.shape.slice(0, 2), ...outputs]);
}
