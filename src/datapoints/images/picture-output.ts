import type { Size } from '../../images/framing.js';
import type { Picture, PictureData } from '../../images/picture.js';
import { type Framing, sourceSizeBytes, toSourceSize } from '../../images/source-size.js';
import type { Tensor, TensorInfo } from '../../support/tensor.js';
import type { Facts } from '../kind.js';
import { type ImageSpec, image } from '../kinds/image.js';

/** How the numbers of an output lie over a picture: (height, width), (height, width, channels) or (channels, height, width). */
export interface PictureLayout {
  channels: number;
  channelsFirst: boolean;
  /** How the picture that the model was given had been brought to its size; undefined where it takes none. */
  framing?: Framing;
}

/** An output that may be a picture. */
export interface PictureOutput extends PictureLayout {
  /** The first image that the model takes. */
  input?: ImageSpec & { channels: number };
  /** How its size is like that picture's: the same, or each side so many times as long or as short. */
  fit?: 'equal' | 'multiple';
}

/** How many times longer or shorter a picture may be that is told by its size. */
const mostTimes = 8;

/** What an output would be as a picture; undefined where its shape or type is none's. */
export function pictureOutputOf(
  { shape, type }: TensorInfo,
  { signature, inputs = {} }: Facts,
): PictureOutput | undefined {
  const info = signature.inputs.find(({ name }) => inputs[name]?.kind === image.name);
  const spec = info && (inputs[info.name]!.spec as ImageSpec);
  const channelsFirst = spec?.preparation.channelsFirst === true && shape.length === 4;
  const sizes = shape.slice(1);
  const channels = shape.length === 3 ? 1 : channelsFirst ? sizes.shift() : sizes.splice(2, 1)[0];
  if (!type.startsWith('float') || sizes.length !== 2 || !channels) return undefined;
  if (!info || !spec) return { channels, channelsFirst };
  const { size, resize, cropFraction, channels: given = 3 } = spec.options;
  return {
    channels,
    channelsFirst,
    framing: { size, resize, cropFraction },
    input: { ...spec, channels: given },
    fit: fitOf(sizes, size, info.shape.includes(null, 1)),
  };
}

/** @param isOpen whether the model takes pictures of any size */
function fitOf([height, width]: (number | null)[], size: Framing['size'], isOpen: boolean): PictureOutput['fit'] {
  if (!height || !width) return isOpen && height === width ? 'equal' : undefined;
  const [times, across] = [height / size[0], width / size[1]];
  if (times === 1 && across === 1) return 'equal';
  const most = Math.max(times, 1 / times);
  return times === across && Number.isInteger(most) && most <= mostTimes ? 'multiple' : undefined;
}

/** Where the values of a row lie: pixel `p` has that of channel `c` at `p * pixel + c * channel`. */
export interface PicturePlan {
  height: number;
  width: number;
  pixel: number;
  channel: number;
}

/** How a row of an output lies. */
export function planOf({ shape }: Pick<Tensor, 'shape'>, { channels, channelsFirst }: PictureLayout): PicturePlan {
  const [height, width] = (channelsFirst ? shape.slice(1) : shape) as [number, number];
  const pixels = height * width;
  return { height, width, pixel: channelsFirst ? 1 : channels, channel: channelsFirst ? pixels : 1 };
}

/** A picture at the size of its source, where that is given and the model was given it. */
export const atSourceSize = <Data extends PictureData>(
  picture: Picture<Data>,
  { framing }: PictureLayout,
  source: Size | undefined,
  interpolation: 'nearest' | 'bilinear',
): Picture<Data> => (source && framing ? toSourceSize(picture, source, framing, interpolation) : picture);

/** What PNG costs for each byte of a picture at most: its lines, the file, and that as base64 in a text and in UTF-8. */
const encodedCost = 5;

/**
 * The most memory that it takes to make a PNG of a row, in bytes, and to have it in JSON.
 * @param picture what is made of the row, at the model's size; its data may be empty
 * @param source the size that it is brought to
 */
export function pictureBytes(
  picture: Omit<Picture<PictureData>, 'height' | 'width'>,
  { shape }: TensorInfo,
  { channels, channelsFirst, framing }: PictureLayout,
  source: Size | undefined,
): number {
  const sides = shape.slice(channelsFirst ? 2 : 1);
  const [height, width] = [0, 1].map((side) => sides[side] ?? framing?.size[side] ?? 1) as [number, number];
  const { height: finalHeight, width: finalWidth } = source ?? { height, width };
  const encoded = finalHeight * finalWidth * picture.channels * picture.data.BYTES_PER_ELEMENT * encodedCost;
  const resized = source ? sourceSizeBytes({ ...picture, height, width }, source) : 0;
  return height * width * channels * Float32Array.BYTES_PER_ELEMENT + resized + encoded;
}
