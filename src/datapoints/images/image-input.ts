import type { TensorInfo } from '../../support/tensor.js';

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
 * How an input takes an image, judged by its shape: four axes of which the last, or else the second, has 1, 3 or 4 channels.
 * Undefined for any other.
 */
export function imageInputOf({ shape, type }: TensorInfo): ImageInput | undefined {
  if (shape.length !== 4 || type === 'bool') return undefined;
  const [, second = null, third = null, last = null] = shape;
  if (isChannels(last)) return { height: second, width: third, channels: last, channelsFirst: false };
  if (isChannels(second)) return { height: third, width: last, channels: second, channelsFirst: true };
  return undefined;
}

/** Sides of pictures that are given to models as one list of numbers: MNIST's and CIFAR's. */
const flatImages: Record<number, Omit<ImageInput, 'channelsFirst'>> = {
  784: { height: 28, width: 28, channels: 1 },
  3072: { height: 32, width: 32, channels: 3 },
};

/** The layers by which pictures without an axis of channels go on to others. */
const reshaping = new Set([
  'Reshape',
  'Flatten',
  'Rescaling',
  'ExpandDims',
  'RandomFlip',
  'RandomRotation',
  'RandomZoom',
]);

/** The least side of a picture that nothing but its shape tells of: less is more often a matrix of something else. */
const leastSide = 8;

/**
 * How an input takes an image that has no axis of channels, `(batch, 28, 28)`, or is one list of numbers, `(batch, 784)`.
 * @param feeds the layers that take it first
 * @param size of the pictures, where the card says it
 */
export function bareImageOf(
  { shape, type }: TensorInfo,
  feeds: readonly string[] = [],
  size?: readonly [height: number, width: number],
): ImageInput | undefined {
  if (type === 'bool') return undefined;
  const [, second, third] = shape;
  if (
    shape.length === 3 &&
    second &&
    third &&
    (size || (second === third && second >= leastSide && feeds.some((layer) => reshaping.has(layer))))
  )
    return { height: second, width: third, channels: 1, channelsFirst: false };
  if (shape.length !== 2 || !second) return undefined;
  if (!size) return Object.hasOwn(flatImages, second) ? { ...flatImages[second]!, channelsFirst: false } : undefined;
  const channels = second / (size[0] * size[1]);
  return isChannels(channels) ? { height: size[0], width: size[1], channels, channelsFirst: false } : undefined;
}
