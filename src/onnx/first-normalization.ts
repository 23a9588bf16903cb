import type { SeenConvolution } from '../images/scaling-likelihood.js';
import { tensorsOf } from '../keras/call-order.js';
import type { Call, Layer } from '../keras/model.js';
import type { Front } from './front.js';

/** The first convolution of a model by its name, and what batch normalisation has seen of it in training. */
export interface FirstNormalization extends SeenConvolution {
  name: string;
}

type Kernel = Pick<SeenConvolution, 'kernel' | 'shape'>;

/** The largest kernel that is looked at: its side in pixels, and its numbers with 512 filters for three channels. */
const longestSide = 11;
const largestKernel = longestSide ** 2 * 3 * 512;

/** A weight of single precision that has this many axes. */
function weightOf({ weights }: Layer, name: string, axes: number): { shape: number[]; data: Float32Array } | undefined {
  const { shape, data } = weights.get(name) ?? {};
  return data instanceof Float32Array && shape?.length === axes && data.length <= largestKernel
    ? { shape, data }
    : undefined;
}

/** Kernels by the layers that have them. */
const kernels: Record<string, (layer: Layer) => Kernel | undefined> = {
  Conv2D(layer) {
    const { shape, data } = weightOf(layer, 'kernel', 4) ?? {};
    return shape && { kernel: data!, shape: shape as unknown as Kernel['shape'] };
  },
  SeparableConv2D(layer) {
    const depthwise = weightOf(layer, 'depthwise_kernel', 4);
    const pointwise = weightOf(layer, 'pointwise_kernel', 4);
    if (!depthwise || !pointwise) return undefined;
    const [height, width, channels, depth] = depthwise.shape as [number, number, number, number];
    const [, , parts, filters] = pointwise.shape as [number, number, number, number];
    const length = height * width * channels * filters;
    if (parts !== channels * depth || length > largestKernel) return undefined;
    const kernel = new Float32Array(length);
    for (let tap = 0; tap < height * width * channels; tap++)
      for (let filter = 0; filter < filters; filter++)
        for (let part = 0; part < depth; part++)
          kernel[tap * filters + filter]! +=
            depthwise.data[tap * depth + part]! * pointwise.data[((tap % channels) * depth + part) * filters + filter]!;
    return { kernel, shape: [height, width, channels, filters] };
  },
};

/** The first convolution behind a model's front, where batch normalisation comes next; of images with one channel or three. */
export function firstNormalizationOf({ first }: Front): FirstNormalization | undefined {
  if (!first) return undefined;
  const after = (call: Call) => {
    const next = first.calls.filter((one) => tensorsOf(one).includes(`${call.output}:0`));
    return next.length === 1 ? next[0] : undefined;
  };
  const convolution = first.call.layer.className === 'ZeroPadding2D' ? after(first.call) : first.call;
  if (!convolution || !Object.hasOwn(kernels, convolution.layer.className)) return undefined;
  const { layer } = convolution;
  let activation = nameOf(layer);
  let next = after(convolution);
  if (next && activation === 'linear' && activationLayers.has(next.layer.className)) {
    activation = next.layer.className === 'ReLU' ? reluOf(next.layer) : nameOf(next.layer);
    next = after(next);
  }
  if (next?.layer.className !== 'BatchNormalization') return undefined;
  const mean = weightOf(next.layer, 'moving_mean', 1)?.data;
  const variance = weightOf(next.layer, 'moving_variance', 1)?.data;
  const kernel = kernels[layer.className]!(layer);
  if (!kernel || !mean || !variance) return undefined;
  const [height, width, channels, filters] = kernel.shape;
  if (Math.max(height, width) > longestSide) return undefined;
  const bias = weightOf(layer, 'bias', 1)?.data ?? new Float32Array(filters);
  const isWhole = [mean, variance, bias].every(({ length }) => length === filters);
  if (!isWhole || ![1, 3].includes(channels) || (layer.config.groups ?? 1) !== 1) return undefined;
  return { name: layer.name, ...kernel, bias, activation, mean, variance };
}

const activationLayers: ReadonlySet<string> = new Set(['Activation', 'ReLU']);

const nameOf = ({ config }: Layer): string =>
  typeof config.activation === 'string' ? config.activation : config.activation === null ? 'linear' : '?';

/** ReLU with settings of its own is another function. */
const reluOf = ({ config }: Layer): string =>
  (config.max_value ?? null) === null && !config.negative_slope && !config.threshold ? 'relu' : '?';
