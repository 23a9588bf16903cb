import sharp, { type Metadata, type Sharp } from 'sharp';
import { ImageError } from './errors.js';
import { type ImageFormat, recogniseFormat } from './formats.js';
import type { ImageOptions, ImageTensor, Interpolation } from './options.js';
import { addAlpha, cmykToRgb, luminance, premultiply, unpremultiply } from './pixels.js';
import { type Axis, planAxis, resample } from './resampling.js';

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
 * Decodes a JPEG, PNG, WebP, GIF (first frame), TIFF (first page) or AVIF image to a tensor, as PIL would:
 * upright, `convert('RGB')` (which drops alpha, and ignores colour profiles), then resized. 16-bit values keep their
 * high byte.
 *
 * @throws ImageError
 * @throws RangeError when the options make no sense.
 */
export async function decodeImage(bytes: Uint8Array, options: ImageOptions, bounds: ImageBounds): Promise<ImageTensor> {
  const { size, channels = 3, interpolation = 'bicubic' } = options;
  const [height, width] = size;
  const format = recogniseFormat(bytes);
  const image = sharp(bytes, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: false });
  const header = await attempt(format, image.metadata());
  checkHeader(header, format, bounds.maxPixels);

  const [scaledHeight, scaledWidth] = scaledSize(header.autoOrient, options);
  const vertical = planAxis(header.autoOrient.height, scaledHeight, height, interpolation);
  const horizontal = planAxis(header.autoOrient.width, scaledWidth, width, interpolation);

  const isCmyk = header.space === 'cmyk';
  const source = colours(image, isCmyk, channels).timeout({ seconds: bounds.timeoutSeconds });
  // PIL drops alpha before it resizes, libvips would weigh the colours with it: only a second pass sees none.
  const opaque = header.hasAlpha && channels !== 4 && !isCmyk ? await attempt(format, dropAlpha(source)) : source;
  const resized = resize(opaque, header.orientation, horizontal, vertical, KERNELS[interpolation]);
  const { data, info } = await attempt(format, resized.raw().toBuffer({ resolveWithObject: true }));
  if (info.channels !== (isCmyk || channels === 4 ? 4 : 3)) {
    throw new ImageError('image_invalid', `The ${format} image isn't grey, RGB or CMYK: convert it to RGB.`);
  }

  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return {
    type: 'uint8',
    shape: [height, width, channels],
    data: isCmyk
      ? fromRgb(cmykToRgb(resample(pixels, 4, horizontal, vertical)), channels)
      : channels === 4
        ? resampleRgba(pixels, horizontal, vertical)
        : fromRgb(resample(pixels, 3, horizontal, vertical), channels),
  };
}

/** Awaits libvips, whose messages are for whoever reads the log, not for whoever sent the image. */
async function attempt<Result>(format: ImageFormat, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('timeout:')) {
      throw new ImageError('image_timeout', `The ${format} image takes too long to decode: send a smaller one.`, {
        cause,
      });
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

function millions(pixels: number): number {
  return Math.round(pixels / 1e5) / 10;
}

/** Height and width of the whole image after resizing, before the centre is cut out. */
function scaledSize(source: { width: number; height: number }, options: ImageOptions): [number, number] {
  const [height, width] = options.size;
  const { resize = 'stretch', cropFraction = 1 } = options;
  if (
    ![height, width].every((length) => Number.isInteger(length) && length > 0) ||
    !(cropFraction > 0 && cropFraction <= 1)
  ) {
    throw new RangeError(`The size must be two positive integers and the crop fraction be over 0 and at most 1.`);
  }
  if (resize === 'stretch') {
    return [height, width];
  }
  const scale = Math.max(
    Math.round(width / cropFraction) / source.width,
    Math.round(height / cropFraction) / source.height,
  );
  return [Math.round(source.height * scale), Math.round(source.width * scale)];
}

/** CMYK stays CMYK, as libvips would put a colour profile between it and RGB where PIL has none. */
function colours(image: Sharp, isCmyk: boolean, channels: number): Sharp {
  if (isCmyk) {
    return image.pipelineColourspace('cmyk').toColourspace('cmyk').removeAlpha();
  }
  const rgb = image.toColourspace('srgb');
  return channels === 4 ? rgb.ensureAlpha() : rgb.removeAlpha();
}

async function dropAlpha(image: Sharp): Promise<Sharp> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: info, limitInputPixels: false });
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

function fromRgb(rgb: Uint8Array, channels: 1 | 3 | 4): Uint8Array {
  if (channels === 3) {
    return rgb;
  }
  return channels === 1 ? luminance(rgb) : addAlpha(rgb);
}

/** As PIL, which resizes RGBA with the colours multiplied by alpha, so that what can't be seen doesn't bleed. */
function resampleRgba(pixels: Uint8Array, horizontal: Axis, vertical: Axis): Uint8Array {
  const mixes = [horizontal, vertical].some(({ taps }) => taps?.some(({ weights }) => weights.length > 1));
  return mixes
    ? unpremultiply(resample(premultiply(pixels), 4, horizontal, vertical))
    : resample(pixels, 4, horizontal, vertical);
}
