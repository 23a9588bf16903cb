import type { Interpolation, Pixels } from './options.js';

/**
 * How one axis of an image goes from its length to the tensor's. Shrinking is libvips's work; enlarging, where libvips
 * is half a pixel off PIL, and `nearest`, where it is not exact, are done here with `taps`.
 */
export interface Axis {
  /** The length that libvips gives the axis: the image's own where there are taps. */
  resized: number;
  /** The part of it that counts. */
  start: number;
  length: number;
  /** For each of the tensor's pixels the weights of the pixels that make it, counted from `start`. */
  taps?: Tap[];
}

interface Tap {
  first: number;
  weights: number[];
}

interface Kernel {
  /** Pixels on either side that count. */
  support: number;
  weight(distance: number): number;
}

/** The filters of Pillow's Resample.c. */
const KERNELS: Record<Exclude<Interpolation, 'nearest'>, Kernel> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: (x) => cubic(Math.abs(x), -0.5) },
  lanczos: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function cubic(x: number, a: number): number {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * Plans an axis of `source` pixels that is scaled to `scaled` and cut to its middle `target` pixels; of an odd number
 * too many, the extra one goes at the start.
 */
export function planAxis(source: number, scaled: number, target: number, interpolation: Interpolation): Axis {
  const offset = Math.ceil((scaled - target) / 2);
  if (scaled === source || (scaled < source && interpolation !== 'nearest')) {
    return { resized: scaled, start: offset, length: target };
  }
  const taps = Array.from({ length: target }, (_, i) => tap(offset + i, source / scaled, source, interpolation));
  const start = taps[0]!.first;
  const last = taps[target - 1]!;
  for (const each of taps) each.first -= start;
  return { resized: source, start, length: last.first + last.weights.length, taps };
}

function tap(pixel: number, step: number, source: number, interpolation: Interpolation): Tap {
  const centre = (pixel + 0.5) * step;
  if (interpolation === 'nearest') {
    return { first: Math.min(Math.floor(centre), source - 1), weights: [1] };
  }
  const { support, weight } = KERNELS[interpolation];
  const first = Math.max(0, Math.floor(centre - support + 0.5));
  const end = Math.min(source, Math.floor(centre + support + 0.5));
  const weights = Array.from({ length: end - first }, (_, i) => weight(first + i - centre + 0.5));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return { first, weights: weights.map((value) => value / total) };
}

/**
 * Brings pixels of the axes' `resized` lengths to the tensor's: cuts, then applies the taps, first along the rows as PIL
 * does; each pass rounds to 8 bits, where the pixels have no more.
 */
export function resample<T extends Pixels>(pixels: T, channels: number, horizontal: Axis, vertical: Axis): T {
  const counting = cut(pixels, channels, horizontal, vertical);
  const across = horizontal.taps
    ? combine(counting, horizontal.taps, vertical.length, horizontal.length * channels, channels)
    : counting;
  const row = (horizontal.taps?.length ?? horizontal.length) * channels;
  return vertical.taps ? combine(across, vertical.taps, 1, 0, row) : across;
}

function cut<T extends Pixels>(pixels: T, channels: number, horizontal: Axis, vertical: Axis): T {
  if (horizontal.length === horizontal.resized && vertical.length === vertical.resized) {
    return pixels;
  }
  const length = horizontal.length * channels;
  const out = new (pixels.constructor as new (length: number) => T)(vertical.length * length);
  for (let row = 0; row < vertical.length; row++) {
    const from = ((vertical.start + row) * horizontal.resized + horizontal.start) * channels;
    out.set(pixels.subarray(from, from + length), row * length);
  }
  return out;
}

/** In each of `lines` lines, makes each tap's `width` values out of the groups of `width` values that it names. */
function combine<T extends Pixels>(pixels: T, taps: Tap[], lines: number, lineLength: number, width: number): T {
  const length = lines * taps.length * width;
  const out = pixels instanceof Float32Array ? new Float32Array(length) : new Uint8ClampedArray(length);
  let at = 0;
  for (let line = 0; line < lines; line++) {
    for (const { first, weights } of taps) {
      const from = line * lineLength + first * width;
      for (let value = 0; value < width; value++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * pixels[from + i * width + value]!;
        out[at++] = sum;
      }
    }
  }
  return (out instanceof Float32Array ? out : new Uint8Array(out.buffer)) as T;
}
