import type { Signature } from '../tensor.js';

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
export function imageInputOf({ inputs, outputs }: Signature): ImageInput | undefined {
  const [input, ...otherInputs] = inputs;
  const [output, ...otherOutputs] = outputs;
  if (!input || !output || otherInputs.length > 0 || otherOutputs.length > 0) return undefined;
  if (input.shape.length !== 4 || input.type === 'bool' || output.shape.length !== 2 || output.shape[1] === null)
    return undefined;
  const [, second = null, third = null, last = null] = input.shape;
  if (isChannels(last)) return { height: second, width: third, channels: last, channelsFirst: false };
  if (isChannels(second)) return { height: third, width: last, channels: second, channelsFirst: true };
  return undefined;
}
