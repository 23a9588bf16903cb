import sharp, { type Metadata, type Sharp } from 'sharp';
import type { GifFrame } from './gif.js';
import type { ImageOptions } from './options.js';
import { addAlpha, cmykToRgb, luminance } from './pixels.js';

/** How the pixels come from libvips. */
export interface Layout {
  space: 'cmyk' | 'srgb' | 'grey16' | 'b-w';
  channels: number;
  /** The least and the largest value of grey that keeps more than 8 bits. */
  deep?: readonly [least: number, most: number];
}

/** Values of grey that PIL keeps as they are, by libvips's name: its modes I;16 and I. */
const DEPTHS: Record<string, readonly [least: number, most: number]> = {
  ushort: [0, 65_535],
  int: [-(2 ** 31), 2 ** 31 - 1],
  uint: [0, 2 ** 32 - 1],
};

/** The layout in which an image comes closest to what is wanted of it. */
export function layoutOf(
  header: Metadata,
  bytes: Uint8Array,
  { channels = 3, keepDepth = false }: ImageOptions,
): Layout {
  const { space, depth } = header;
  // CMYK stays CMYK, as libvips would put a colour profile between it and RGB where PIL has none.
  if (space === 'cmyk') return { space, channels: 4 };
  const deep = keepDepth && channels === 1 && isGrey(header, bytes) ? DEPTHS[depth] : undefined;
  if (deep && (space === 'grey16' || space === 'b-w')) return { space, channels: 1, deep };
  return { space: 'srgb', channels: channels === 4 ? 4 : 3 };
}

/** Whether there is nothing but grey: a PNG file may name a grey that is transparent, which PIL passes over. */
const isGrey = ({ channels, format }: Metadata, bytes: Uint8Array) =>
  channels === 1 || (channels === 2 && format === 'png' && bytes[PNG_COLOUR_TYPE] === 0);

const PNG_COLOUR_TYPE = 25;

/** Makes libvips give an image in a layout. */
export function inLayout(image: Sharp, { space, channels, deep }: Layout): Sharp {
  const pipeline = space === 'cmyk' || deep ? image.pipelineColourspace(space) : image;
  const converted = pipeline.toColourspace(space);
  return space === 'srgb' && channels === 4 ? converted.ensureAlpha() : converted.removeAlpha();
}

/**
 * PIL drops alpha before it resizes, libvips would weigh the colours with it: only a second pass sees none. Of a GIF image libvips
 * has only black where it is transparent, or where the first picture of several leaves the canvas free.
 */
export async function withoutAlpha(
  image: Sharp,
  layout: Layout,
  { hasAlpha, width, height }: Metadata,
  frame: GifFrame | undefined,
): Promise<Sharp> {
  const { space, channels, deep } = layout;
  if (frame && !frame.transparent) return covering(image, frame, width, height);
  if (!hasAlpha || channels === 4 || space === 'cmyk') return image;
  if (frame?.transparent) {
    const [r, g, b] = frame.transparent;
    return image.flatten({ background: { r, g, b } });
  }
  const { data, info } = await image.raw(deep ? { depth: 'ushort' } : {}).toBuffer({ resolveWithObject: true });
  if (!deep) return sharp(data, { raw: info, limitInputPixels: false });
  const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  return inLayout(sharp(values, { raw: info, limitInputPixels: false }), layout);
}

/** A picture on a canvas of its ground colour. */
async function covering(image: Sharp, frame: GifFrame, width: number, height: number): Promise<Sharp> {
  const { left, top, ground } = frame;
  const [right, bottom] = [Math.min(width, left + frame.width), Math.min(height, top + frame.height)];
  if (left === 0 && top === 0 && right === width && bottom === height) return image;
  if (right <= left || bottom <= top) return image;
  const [r, g, b] = ground;
  const { data, info } = await image
    .extract({ left, top, width: right - left, height: bottom - top })
    .extend({ left, top, right: width - right, bottom: height - bottom, background: { r, g, b } })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: info, limitInputPixels: false });
}

/** Pixels of a layout as grey, RGB or RGBA. */
export function fromLayout(pixels: Uint8Array, { space }: Layout, channels: 1 | 3 | 4): Uint8Array {
  if (space !== 'cmyk' && channels === 4) return pixels;
  const rgb = space === 'cmyk' ? cmykToRgb(pixels) : pixels;
  if (channels === 3) return rgb;
  return channels === 1 ? luminance(rgb) : addAlpha(rgb);
}
