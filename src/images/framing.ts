import type { ImageOptions } from './options.js';

/** The size of a picture, in pixels. */
export interface Size {
  height: number;
  width: number;
}

/**
 * How one side of a picture comes to lie in the tensor: of its `scaled` pixels those from `start` on, `length` of them, are the
 * tensor's from `before` on. The tensor's other pixels are padding.
 */
export interface Side {
  /** The length of the whole side once it is resized. */
  scaled: number;
  start: number;
  length: number;
  before: number;
}

/** Both sides of a picture. */
export interface Frame {
  vertical: Side;
  horizontal: Side;
}

type Sides = readonly [vertical: number, horizontal: number];

const framings: Record<
  NonNullable<ImageOptions['resize']>,
  (source: Sides, target: Sides, cropFraction: number) => Side[]
> = {
  stretch: (_, target) => target.map((length) => ({ scaled: length, start: 0, length, before: 0 })),

  crop(source, target, cropFraction) {
    const scale = Math.max(...target.map((length, side) => Math.round(length / cropFraction) / source[side]!));
    return target.map((length, side) => {
      const scaled = Math.round(source[side]! * scale);
      return { scaled, start: Math.ceil((scaled - length) / 2), length, before: 0 };
    });
  },

  // Step by step as TensorFlow, whose fractions end up below a whole number now and then.
  pad(source, target) {
    const ratio = Math.max(...source.map((length, side) => length / target[side]!));
    return source.map((sourceLength, side) => {
      const exact = sourceLength / ratio;
      const length = Math.max(1, Math.floor(exact));
      return { scaled: length, start: 0, length, before: Math.max(0, Math.floor((target[side]! - exact) / 2)) };
    });
  },
};

/**
 * How a picture is resized and then cut or padded to be as large as the tensor. Of an odd number of pixels, `crop` cuts the extra one
 * off at the start; `pad` rounds the resized length and the padding before it down, as `tf.image.resize_with_pad`.
 * @throws RangeError when the options make no sense
 */
export function frameOf(
  { height, width }: Size,
  { size, resize = 'stretch', cropFraction = 1 }: Pick<ImageOptions, 'size' | 'resize' | 'cropFraction'>,
): Frame {
  const isSize = size.every((length) => Number.isInteger(length) && length > 0);
  if (!isSize || !(cropFraction > 0 && cropFraction <= 1))
    throw new RangeError('The size must be two positive integers and the crop fraction be over 0 and at most 1.');
  const [vertical, horizontal] = framings[resize]([height, width], size, cropFraction);
  return { vertical: vertical!, horizontal: horizontal! };
}
