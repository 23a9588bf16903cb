import type { Dimension, Value } from '../graph.js';
import { node } from './elementwise.js';

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

/** Sizes of the spatial axes after the window has moved over them. */
export function windowOutput(
  spatial: readonly Dimension[],
  { kernel, strides, dilations, padding }: Window,
): Dimension[] {
  return spatial.map((size, axis) => {
    if (size === null) return null;
    if (padding === 'same') return Math.ceil(size / strides[axis]!);
    return Math.floor((size - span(kernel[axis]!, dilations[axis]!)) / strides[axis]!) + 1;
  });
}

/** ONNX's padding attributes; sizes that are unknown until the model runs are left to ONNX's `SAME_UPPER`. */
function paddingAttributes(spatial: readonly Dimension[], { kernel, strides, dilations, padding }: Window) {
  if (padding === 'valid') return {};
  if (spatial.includes(null)) return { auto_pad: 'SAME_UPPER' };
  const totals = spatial.map((size, axis) => {
    const outputs = Math.ceil(size! / strides[axis]!);
    return Math.max(0, (outputs - 1) * strides[axis]! + span(kernel[axis]!, dilations[axis]!) - size!);
  });
  return { pads: [...totals.map((total) => Math.floor(total / 2)), ...totals.map((total) => Math.ceil(total / 2))] };
}

/**
 * Convolution.
 * @param x (batch, channels, …spatial)
 * @param weight (filters, channels / groups, …kernel)
 * @param bias (filters)
 */
export function conv(x: Value, weight: Value, bias: Value | undefined, window: Window, groups: number): Value {
  const spatial = x.shape.slice(2);
  const attributes = {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    group: groups,
    ...paddingAttributes(spatial, window),
  };
  return node('Conv', [x, weight, bias], attributes, x.type, [
    x.shape[0]!,
    weight.shape[0]!,
    ...windowOutput(spatial, window),
  ]);
}

/** Max or average pooling of a (batch, channels, …spatial) tensor; padding does not count in an average. */
export function pool(opType: 'MaxPool' | 'AveragePool', x: Value, window: Window): Value {
  const spatial = x.shape.slice(2);
  const attributes = {
    kernel_shape: window.kernel,
    strides: window.strides,
    ...paddingAttributes(spatial, window),
  };
  return node(opType, [x], attributes, x.type, [...x.shape.slice(0, 2), ...windowOutput(spatial, window)]);
}
