import type { TensorInfo } from '../tensor.js';

/** How a model takes an image. */
export interface ImageInput {
  /** null where the model takes any. */
  height: number | null;
  width: number | null;
  channels: 1 | 3 | 4;
  channelsFirst: boolean;
}

const isChannels = (size: number | null | undefined): size is 1 | 3 | 4 => size === 1 || size === 3 || size === 4;

/**
 * How a model takes an image, judged by its signature: one input of four axes of which the last, or else the second, has 1, 3
 * or 4 channels, and one output with a score for every class. Undefined for any other model.
 */
export function imageInputOf(inputs: readonly TensorInfo[], outputs: readonly TensorInfo[]): ImageInput | undefined {
  if (inputs.length !== 1 || outputs.length !== 1) return undefined;
  const { shape, type } = inputs[0]!;
  const output = outputs[0]!;
  if (shape.length !== 4 || type === 'bool' || output.shape.length !== 2 || output.shape[1] == null) return undefined;
  const [, second, third, last] = shape as [number | null, number | null, number | null, number | null];
  if (isChannels(last)) return { height: second, width: third, channels: last, channelsFirst: false };
  if (isChannels(second)) return { height: third, width: last, channels: second, channelsFirst: true };
  return undefined;
}
