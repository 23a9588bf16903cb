/** Arithmetic on interleaved 8-bit pixels, with PIL's rounding. */
import type { Color } from './options.js';

/** CMYK, 0 being no ink, to RGB: PIL's `convert('RGB')`, which knows no colour profile. */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  return mapPixels(cmyk, 4, 3, (at, channel) => ((255 - cmyk[at + channel]!) * (255 - cmyk[at + 3]!)) / 255);
}

/** RGB to ITU-R 601 luminance: PIL's `convert('L')`. */
export function luminance(rgb: Uint8Array): Uint8Array {
  return mapPixels(rgb, 3, 1, (at) => luminanceAt(rgb, at));
}

const luminanceAt = (rgb: Uint8Array, at: number) =>
  (rgb[at]! * 19595 + rgb[at + 1]! * 38470 + rgb[at + 2]! * 7471) / 65536;

/** What each channel of a pixel becomes; alpha, the fourth, is left as it is. */
const colors: Record<Exclude<Color, 'rgb'>, (pixels: Uint8Array, at: number, channel: number) => number> = {
  bgr: (pixels, at, channel) => pixels[at + 2 - channel]!,
  gray: luminanceAt,
};

/** RGB or RGBA with its colours reversed, or grey; pixels of one channel as they are. */
export function recolour(pixels: Uint8Array, channels: 1 | 3 | 4, color: Color): Uint8Array {
  if (color === 'rgb' || channels === 1) return pixels;
  return mapPixels(pixels, channels, channels, (at, channel) =>
    channel === 3 ? pixels[at + 3]! : colors[color](pixels, at, channel),
  );
}

/** RGB to RGBA that hides nothing. */
export function addAlpha(rgb: Uint8Array): Uint8Array {
  return mapPixels(rgb, 3, 4, (at, channel) => (channel === 3 ? 255 : rgb[at + channel]!));
}

/** RGBA with its colours multiplied by alpha: PIL's `RGBa`. */
export function premultiply(rgba: Uint8Array): Uint8Array {
  return mapPixels(rgba, 4, 4, (at, channel) =>
    channel === 3 ? rgba[at + 3]! : (rgba[at + channel]! * rgba[at + 3]!) / 255,
  );
}

/** The reverse of {@link premultiply}, as far as there is one. */
export function unpremultiply(rgba: Uint8Array): Uint8Array {
  return mapPixels(rgba, 4, 4, (at, channel) =>
    channel === 3 ? rgba[at + 3]! : (rgba[at + channel]! * 255) / Math.max(1, rgba[at + 3]!),
  );
}

/** RGBA whose transparent pixels are of one colour. */
export function paintTransparent(rgba: Uint8Array, colour: readonly number[]): Uint8Array {
  return mapPixels(rgba, 4, 4, (at, channel) =>
    channel < 3 && rgba[at + 3] === 0 ? colour[channel]! : rgba[at + channel]!,
  );
}

/** Values are rounded and kept within 0…255. */
function mapPixels(
  pixels: Uint8Array,
  from: number,
  to: number,
  value: (at: number, channel: number) => number,
): Uint8Array {
  const out = new Uint8ClampedArray((pixels.length / from) * to);
  for (let at = 0, i = 0; i < out.length; at += from) {
    for (let channel = 0; channel < to; channel++) out[i++] = value(at, channel);
  }
  return new Uint8Array(out.buffer);
}
