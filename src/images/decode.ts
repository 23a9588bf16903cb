import sharp, { type Metadata, type Sharp } from 'sharp';
import { ImageError } from './errors.js';
import { type ImageFormat, recogniseFormat } from './formats.js';
import { type Frame, frameOf } from './framing.js';
import { firstGifFrame, type Rgb } from './gif.js';
import { inverted, isLighterAround } from './inverting.js';
import { fromLayout, inLayout, layoutOf, withoutAlpha } from './layout.js';
import type { ImageOptions, ImageTensor, Interpolation, Pixels } from './options.js';
import { paintTransparent, premultiply, recolour, unpremultiply } from './pixels.js';
import { type Axis, pad, planAxis, resample } from './resampling.js';
import { isPlainYCbCr } from './tiff.js';

/** What one image may cost. */
export interface ImageBounds {
  /** Width times height, read from the header before any pixel is decoded. */
  maxPixels: number;
  /** Whole seconds of decoding. */
  timeoutSeconds: number;
}

/** The longest side of a JPEG image. Longer ones are made to cost time: libvips works row by row. */
const MAX_SIDE = 65_535;

/** What libvips calls the formats, and the compression where the container holds several. */
const LOADERS: Record<ImageFormat, { format: string; compression?: string }> = {
  JPEG: { format: 'jpeg' },
  PNG: { format: 'png' },
  WebP: { format: 'webp' },
  GIF: { format: 'gif' },
  TIFF: { format: 'tiff' },
  AVIF: { format: 'heif', compression: 'av1' },
};

const KERNELS = {
  nearest: 'nearest',
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
} as const satisfies Record<Interpolation, string>;

/**
 * How the eight EXIF orientations are turned upright: mirrored first, then rotated clockwise. Said step by step because
 * libvips can shrink while it loads only if the image is turned after it is resized.
 */
const ORIENTATIONS: Record<number, { flip?: boolean; flop?: boolean; angle?: number }> = {
  1: {},
  2: { flop: true },
  3: { angle: 180 },
  4: { flip: true },
  5: { flip: true, angle: 90 },
  6: { angle: 90 },
  7: { flop: true, angle: 90 },
  8: { angle: 270 },
};

/**
 * Decodes a JPEG, PNG, WebP, GIF (first frame), TIFF (first page) or AVIF (first frame) image to a tensor, as PIL would:
 * upright, `convert('RGB')` (which drops alpha, and ignores colour profiles), then resized. 16-bit values keep their
 * high byte, unless the options say that grey is to keep them whole.
 *
 * @throws ImageError
 * @throws RangeError when the options make no sense.
 */
export async function decodeImage(bytes: Uint8Array, options: ImageOptions, bounds: ImageBounds): Promise<ImageTensor> {
  const { size, channels = 3, interpolation = 'bicubic', antialias, color = 'rgb' } = options;
  const format = recogniseFormat(bytes);
  const image = sharp(readable(bytes, format), { failOn: 'truncated', ignoreIcc: true, limitInputPixels: false });
  const header = await attempt(format, image.metadata(), bytes);
  checkHeader(header, format, bounds.maxPixels);
  if (format === 'TIFF') checkTiff(header, bytes);

  const { height, width } = header.autoOrient;
  const sides = frameOf(header.autoOrient, options);
  const vertical = planAxis(height, sides.vertical, interpolation, antialias);
  const horizontal = planAxis(width, sides.horizontal, interpolation, antialias);
  const isWhole = horizontal.resized === width && vertical.resized === height;

  const layout = layoutOf(header, bytes, options);
  const frame = format === 'GIF' ? firstGifFrame(bytes) : undefined;
  const source = inLayout(image, layout).timeout({ seconds: bounds.timeoutSeconds });
  const opaque = await attempt(format, withoutAlpha(source, layout, header, frame));
  const resized = resize(opaque, header.orientation, horizontal, vertical, KERNELS[interpolation]);
  const raw = resized.raw(layout.deep ? { depth: 'float' } : {});
  const { data, info } = await attempt(format, raw.toBuffer({ resolveWithObject: true }));
  if (info.channels !== layout.channels) {
    throw new ImageError('image_invalid', `The ${format} image isn't grey, RGB or CMYK: convert it to RGB.`);
  }
  const tensor = { shape: [...size, channels] satisfies ImageTensor['shape'], source: { height, width } };
  if (layout.deep) {
    const grey = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    const [least, most] = layout.deep;
    const whole = (value: number) => Math.min(most, Math.max(least, Math.round(value)));
    return {
      ...tensor,
      type: 'float32',
      data: finish(resample(grey, 1, horizontal, vertical).map(whole), options, sides, layout.deep),
    };
  }
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const resampled =
    layout.space === 'srgb' && channels === 4
      ? resampleRgba(pixels, horizontal, vertical, isWhole ? frame?.transparent : undefined)
      : resample(pixels, layout.channels, horizontal, vertical);
  return {
    ...tensor,
    type: 'uint8',
    data: finish(recolour(fromLayout(resampled, layout, channels), channels, color), options, sides),
  };
}

/** What is left to do of a picture that has its size: to swap dark and light, and to pad it. */
function finish<T extends Pixels>(
  picture: T,
  { size, channels = 3, invert = false }: ImageOptions,
  { horizontal, vertical }: Frame,
  range: readonly [least: number, most: number] = [0, 255],
): T {
  const isInverted =
    invert === 'auto' ? isLighterAround(picture, [vertical.length, horizontal.length, channels]) : invert;
  return pad(isInverted ? inverted(picture, channels, range) : picture, channels, size, horizontal, vertical);
}

/** What libvips can read: it knows an animated AVIF, which holds its first frame as a still image, too, by another name. */
function readable(bytes: Uint8Array, format: ImageFormat): Uint8Array {
  if (!isAnimatedAvif(bytes, format)) return bytes;
  const still = Buffer.from(bytes);
  still.write('avif', 8, 'latin1');
  return still;
}

const isAnimatedAvif = (bytes: Uint8Array, format: ImageFormat) =>
  format === 'AVIF' && Buffer.from(bytes.subarray(8, 12)).toString('latin1') === 'avis';

/** Awaits libvips, whose messages are for whoever reads the log, not for whoever sent the image. */
async function attempt<Result>(format: ImageFormat, work: Promise<Result>, bytes?: Uint8Array): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('timeout:')) {
      throw new ImageError('image_timeout', `The ${format} image takes too long to decode: send a smaller one.`, {
        cause,
      });
    }
    if (bytes && isAnimatedAvif(bytes, format)) {
      const message = 'The AVIF image is animated, and its first frame can’t be read: send that frame as a PNG.';
      throw new ImageError('image_invalid', message, { cause });
    }
    throw new ImageError(
      'image_truncated',
      `The ${format} image is cut short or damaged: check that it opens in an image viewer and send the whole file.`,
      { cause },
    );
  }
}

function checkHeader(header: Metadata, format: ImageFormat, maxPixels: number): void {
  const loader = LOADERS[format];
  if (header.format !== loader.format || (loader.compression && header.compression !== loader.compression)) {
    throw new ImageError(
      'image_invalid',
      `The image begins like ${format} but holds something else: save it again as PNG.`,
    );
  }
  const { width, height } = header;
  if (width * height > maxPixels || Math.max(width, height) > MAX_SIDE) {
    throw new ImageError(
      'image_too_many_pixels',
      `The image is ${width} × ${height}, ${millions(width * height)} million pixels; at most ${millions(maxPixels)} ` +
        `million, and ${MAX_SIDE} on either side, are allowed: send it scaled down.`,
    );
  }
}

/** Refuses what libvips would take for other colours than PIL, or PIL doesn't read. */
function checkTiff({ depth, space, channels }: Metadata, bytes: Uint8Array): void {
  const isGrey = space === 'b-w' && channels <= 2;
  const isKnown = depth === 'uchar' || depth === 'ushort' || (isGrey && ['int', 'uint', 'float'].includes(depth));
  const odd = !isKnown
    ? `has numbers of the kind ${depth} for its colours`
    : space === 'b-w' && channels > 2
      ? `has ${channels} channels that aren’t said to be colours`
      : isPlainYCbCr(bytes)
        ? 'has YCbCr colours'
        : undefined;
  if (odd) throw new ImageError('image_invalid', `The TIFF image ${odd}: save it as grey or RGB of 8 bits.`);
}

function millions(pixels: number): number {
  return Math.round(pixels / 1e5) / 10;
}

function resize(
  image: Sharp,
  orientation: number | undefined,
  horizontal: Axis,
  vertical: Axis,
  kernel: (typeof KERNELS)[Interpolation],
): Sharp {
  const { flip = false, flop = false, angle = 0 } = ORIENTATIONS[orientation ?? 1] ?? {};
  const sides = [horizontal.resized, vertical.resized] as const;
  const [width, height] = angle % 180 === 0 ? sides : [sides[1], sides[0]];
  // Two steps of shrinking, the loader's taking no more than half of it away from the kernel, keep near PIL.
  const resized = image.resize(width, height, { fit: 'fill', kernel, fastShrinkOnLoad: false });
  // Nothing is cut here: libvips would leave the rows below unread, and a file that ends there would pass for whole.
  return resized.flip(flip).flop(flop).rotate(angle);
}

/**
 * As PIL, which resizes RGBA with the colours multiplied by alpha, so that what can't be seen doesn't bleed.
 * @param transparent the colour of pixels that can't be seen, where libvips doesn't tell and has mixed no pixels
 */
function resampleRgba(pixels: Uint8Array, horizontal: Axis, vertical: Axis, transparent?: Rgb): Uint8Array {
  const mixes = [horizontal, vertical].some(({ taps }) => taps?.some(({ weights }) => weights.length > 1));
  if (mixes) return unpremultiply(resample(premultiply(pixels), 4, horizontal, vertical));
  const chosen = resample(pixels, 4, horizontal, vertical);
  return transparent ? paintTransparent(chosen, transparent) : chosen;
}
