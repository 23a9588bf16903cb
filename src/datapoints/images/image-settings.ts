import type { CardImage, Scaling } from '../../../schemas/card.js';
import type { ImageOptions } from '../../images/options.js';
import { CardError } from '../../support/card-error.js';
import type { Preparation } from '../../support/preparation.js';
import type { Place } from '../kind.js';
import type { ImageInput } from './image-input.js';

/** `unit`, and the modes of `preprocess_input` in keras/src/applications/imagenet_utils.py. One number is for all channels. */
const SCALINGS: Record<Extract<Scaling, string>, Pick<Preparation, 'mean' | 'std' | 'reverseChannels'>> = {
  none: { mean: [0], std: [1] },
  unit: { mean: [0], std: [255] },
  tf: { mean: [127.5], std: [127.5] },
  torch: { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] },
  caffe: { mean: [103.939, 116.779, 123.68], std: [1], reverseChannels: true },
};

/** How an image becomes the input of a model: all that a card can say. */
export interface ImageSettings extends CardImage {
  size: [height: number, width: number];
  resize: NonNullable<CardImage['resize']>;
  interpolation: NonNullable<CardImage['interpolation']>;
  scaling: Scaling;
}

/**
 * How pixels from 0 to 255 become a model's input.
 * @throws CardError when the scaling is for another number of channels.
 */
export function resolveScaling(
  scaling: Scaling,
  { channels, channelsFirst }: Pick<ImageInput, 'channels' | 'channelsFirst'>,
  place: Place,
): Preparation {
  const { mean, std, ...order } = typeof scaling === 'string' ? SCALINGS[scaling] : scaling;
  const perChannel = (values: readonly number[]): readonly number[] => {
    if (values.length === channels) return values;
    if (values.length === 1) return Array<number>(channels).fill(values[0]!);
    throw new CardError(`${place('scaling')} is for ${values.length} channels where the model takes ${channels}.`);
  };
  return { type: 'uint8', mean: perChannel(mean), std: perChannel(std), ...order, channelsFirst };
}

/** The size of images where neither card nor model says one: that of most Keras Applications. */
const usualLength = 224;

/**
 * The size to which images are brought.
 * @throws CardError when the card's isn't what the model takes.
 */
export function imageSize(
  given: readonly [height: number, width: number] | undefined,
  { height, width }: Pick<ImageInput, 'height' | 'width'>,
  place: Place,
): [height: number, width: number] {
  const [cardHeight, cardWidth] = given ?? [height ?? usualLength, width ?? usualLength];
  if (cardHeight === (height ?? cardHeight) && cardWidth === (width ?? cardWidth)) return [cardHeight, cardWidth];
  const taken = `[${height ?? 'any'}, ${width ?? 'any'}]`;
  throw new CardError(`${place('size')} is [${cardHeight}, ${cardWidth}] where the model takes ${taken}.`);
}

/** The settings as what reads images takes them. */
export const imageOptions = (
  {
    size,
    resize,
    crop_fraction: cropFraction = 1,
    interpolation,
    antialias,
    color = 'rgb',
    invert = false,
  }: ImageSettings,
  { channels }: Pick<ImageInput, 'channels'>,
): ImageOptions => ({
  size,
  channels,
  resize,
  cropFraction,
  interpolation,
  ...(antialias === false && { antialias }),
  color,
  invert,
});
