import type { Side } from './framing.js';
import type { Interpolation } from './options.js';
import type { PictureData } from './picture.js';

/**
 * How one axis of an image goes from its length to the tensor's. Shrinking is libvips's work; enlarging, where libvips
 * is half a pixel off PIL, `nearest`, where it is not exact, and the last step to a short axis are done here with `taps`.
 */
export interface Axis {
  /** The length that libvips gives the axis: the image's own where there are taps. */
  resized: number;
  /** The part of it that counts. */
  start: number;
  length: number;
  /** For each of the tensor's pixels the weights of the pixels that make it, counted from `start`. */
  taps?: Tap[];
  /** Whether what the taps make is rounded before the other axis, as PIL does; OpenCV and TensorFlow don't. */
  rounds?: boolean;
}

/** The pixels that make another, and how much each of them counts. */
export interface Tap {
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
 * libvips shrinks by a whole number first, so that it has two pixels or more for each of the tensor's, and averages those: with few
 * pixels that is far from PIL. So it has `leastStep` of them left for each where they are at most `mostBetween`, which are as
 * many as can be worked on here without others having to wait.
 */
const leastStep = 4;
const mostBetween = 320;

/**
 * Plans an axis of `source` pixels, of which the tensor has what the side says.
 * @param antialias whether pixels are averaged where there are several for each
 */
export function planAxis(
  source: number,
  { scaled, start: offset, length }: Omit<Side, 'before'>,
  interpolation: Interpolation,
  antialias = true,
): Axis {
  const shrinks = scaled < source && interpolation !== 'nearest' && antialias;
  const resized = shrinks ? Math.min(source, mostBetween) : source;
  const step = resized / scaled;
  if (step === 1 || (shrinks && step < leastStep)) return { resized: scaled, start: offset, length };
  const taps = Array.from({ length }, (_, i) =>
    tapAt((offset + i + 0.5) * step, antialias ? step : 1, [0, resized], interpolation),
  );
  return { ...tappedAxis(resized, taps), rounds: antialias };
}

/** An axis of `source` pixels of which taps, at least one, are made, in their order. */
export function tappedAxis(source: number, taps: readonly Tap[]): Axis {
  const start = taps[0]!.first;
  const { first, weights } = taps.at(-1)!;
  const moved = taps.map((tap) => ({ ...tap, first: tap.first - start }));
  return { resized: source, start, length: first + weights.length - start, taps: moved };
}

/**
 * The pixels that make one whose middle lies at `centre` among them, and their weights.
 * @param step how many of them there are for each that is made: 1 where they are not averaged
 * @param bounds the first that counts, and the one behind the last
 */
export function tapAt(
  centre: number,
  step: number,
  [low, high]: readonly [low: number, high: number],
  interpolation: Interpolation,
): Tap {
  if (interpolation === 'nearest') {
    return { first: Math.min(Math.max(low, Math.floor(centre)), high - 1), weights: [1] };
  }
  const { support, weight } = KERNELS[interpolation];
  // Where there are several for each, PIL averages.
  const scale = Math.max(1, step);
  const first = Math.max(low, Math.floor(centre - support * scale + 0.5));
  const end = Math.min(high, Math.floor(centre + support * scale + 0.5));
  const weights = Array.from({ length: end - first }, (_, i) => weight((first + i - centre + 0.5) / scale));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return { first, weights: weights.map((value) => value / total) };
}

/**
 * Brings pixels of the axes' `resized` lengths to the tensor's: cuts, then applies the taps, first along the rows as PIL
 * does; each pass rounds, where the pixels are integers and the axis says so.
 */
export function resample<T extends PictureData>(pixels: T, channels: number, horizontal: Axis, vertical: Axis): T {
  const counting = cut(pixels, channels, horizontal, vertical);
  const row = (horizontal.taps?.length ?? horizontal.length) * channels;
  const across = (values: Values) =>
    horizontal.taps
      ? combine(counting, horizontal.taps, vertical.length, horizontal.length * channels, channels, values)
      : counting;
  const own = valuesOf(pixels);
  if (!vertical.taps) return rounded(across(own)) as T;
  const between = horizontal.rounds === false ? Float32Array : own;
  return rounded(combine(across(between), vertical.taps, 1, 0, row, own)) as T;
}

function cut<T extends PictureData>(pixels: T, channels: number, horizontal: Axis, vertical: Axis): T {
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

/** Pixels in a picture of `size`, whose others are 0: as many as the sides have, from where they lie. */
export function pad<T extends PictureData>(
  pixels: T,
  channels: number,
  [height, width]: readonly [height: number, width: number],
  horizontal: Pick<Side, 'length' | 'before'>,
  vertical: Pick<Side, 'length' | 'before'>,
): T {
  if (horizontal.length === width && vertical.length === height) return pixels;
  const length = horizontal.length * channels;
  const out = new (pixels.constructor as new (length: number) => T)(height * width * channels);
  for (let row = 0; row < vertical.length; row++) {
    const to = ((vertical.before + row) * width + horizontal.before) * channels;
    out.set(pixels.subarray(row * length, (row + 1) * length), to);
  }
  return out;
}

/** Values that are copied sooner together than one by one. */
const MANY = 32;

type Combined = PictureData | Uint8ClampedArray;
type Values = new (length: number) => Combined;

/** What values are collected in: bytes that are rounded, and held within their range. */
const valuesOf = (pixels: PictureData): Values =>
  pixels instanceof Uint8Array ? Uint8ClampedArray : (pixels.constructor as Values);

const rounded = (values: Combined): PictureData =>
  values instanceof Uint8ClampedArray ? new Uint8Array(values.buffer) : values;

/** In each of `lines` lines, makes each tap's `width` values out of the groups of `width` values that it names. */
function combine(
  pixels: Combined,
  taps: Tap[],
  lines: number,
  lineLength: number,
  width: number,
  values: Values,
): Combined {
  const length = lines * taps.length * width;
  const out = new values(length);
  // Arrays of 16 bits cut fractions off where others round.
  const rounding = out instanceof Uint16Array ? 0.5 : 0;
  let at = 0;
  for (let line = 0; line < lines; line++) {
    for (const { first, weights } of taps) {
      const from = line * lineLength + first * width;
      if (weights.length === 1 && width >= MANY) {
        out.set(pixels.subarray(from, from + width), at);
        at += width;
        continue;
      }
      for (let value = 0; value < width; value++) {
        let sum = rounding;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * pixels[from + i * width + value]!;
        out[at++] = sum;
      }
    }
  }
  return out;
}
