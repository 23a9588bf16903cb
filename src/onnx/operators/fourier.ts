import type { Value } from '../graph.js';
import { add, constant, mul, node } from './elementwise.js';
import {
  concat,
  pad,
  range,
  reshape,
  type Size,
  sizeDifference,
  sizeMax,
  sizeOf,
  sizePlus,
  sizeQuotient,
  sizesOf,
  sizeTimes,
  squeeze,
  unsqueeze,
} from './shape.js';
import { gather, slice } from './slicing.js';

/** Complex numbers as two tensors of one shape. */
export interface Complex {
  real: Value;
  imaginary: Value;
}

/** One tensor with real and imaginary parts along a new last axis, and back. */
const interleave = ({ real, imaginary }: Complex): Value =>
  concat([unsqueeze(real, [-1]), unsqueeze(imaginary, [-1])], real.rank);

const separate = (x: Value): Complex => {
  const part = (index: number) => squeeze(slice(x, [{ axis: x.rank - 1, start: index, end: index + 1 }]), [x.rank - 1]);
  return { real: part(0), imaginary: part(1) };
};

/**
 * Discrete Fourier transform along the last axis but one.
 * @param x (…, length, 1) real or (…, length, 2) complex
 * @param length zeros follow what is shorter, the end is cut off what is longer
 * @param onesided only the first half of the result, which tells the rest of a real signal's
 */
function transform(x: Value, length: number | undefined, onesided: boolean, inverse: boolean): Value {
  const size = length ?? x.shape.at(-2) ?? null;
  const bins = onesided && size !== null ? Math.floor(size / 2) + 1 : onesided ? null : size;
  const dftLength = length === undefined ? undefined : constant(x.graph, 'int64', [], [length]);
  const attributes = { onesided: onesided ? 1 : 0, inverse: inverse ? 1 : 0 };
  const axis = constant(x.graph, 'int64', [], [x.rank - 2]);
  return node('DFT', [x, dftLength, axis], attributes, x.type, [...x.shape.slice(0, -2), bins, 2]);
}

/** The Fourier transform of complex numbers along the last axis, or its inverse. */
export const fourier = (x: Complex, inverse = false): Complex =>
  separate(transform(interleave(x), undefined, false, inverse));

/** The first half of the Fourier transform of real numbers (…, length): (…, length / 2 + 1). */
export const realFourier = (x: Value, length?: number): Complex =>
  separate(transform(unsqueeze(x, [-1]), length, true, false));

/**
 * What real numbers have this first half of a Fourier transform.
 * @param x (…, length / 2 + 1)
 * @param length undefined: the even one that this is half of, known or not
 */
export function inverseRealFourier({ real, imaginary }: Complex, length?: number): Value {
  const axis = real.rank - 1;
  const known = real.shape[axis] ?? undefined;
  const wanted = length ?? (known === undefined ? undefined : 2 * (known - 1));
  const bins = wanted === undefined ? undefined : Math.floor(wanted / 2) + 1;
  const fitted = (part: Value): Value => {
    if (bins === undefined || known === bins) return part;
    const ends = part.shape.map((_, index): [number, Size] => [
      0,
      index === axis ? sizeMax(0, sizeDifference(bins, sizeOf(part, axis))) : 0,
    ]);
    return reshape(slice(pad(part, ends), [{ axis, start: 0, end: bins }]), [...sizesOf(part).slice(0, -1), bins]);
  };
  // The other half mirrors the first; the middle of an even length is its own mirror image.
  const start = wanted === undefined || bins === undefined ? -2 : wanted - bins;
  const mirrored = (part: Value): Value => slice(part, [{ axis, start, end: 0, step: -1 }]);
  const [re, im] = [fitted(real), fitted(imaginary)];
  const whole = { real: concat([re, mirrored(re)], axis), imaginary: concat([im, mul(mirrored(im), -1)], axis) };
  return fourier(wanted === undefined || wanted > 2 ? whole : { real: re, imaginary: im }, true).real;
}

/** Overlapping pieces of the last axis, (…, time) to (…, frames, length); what is left at the end is dropped. */
export function frames(x: Value, length: number, stride: number): Value {
  const last = x.rank - 1;
  const size = sizeOf(x, last);
  const count = sizeQuotient(sizeMax(sizePlus(sizeDifference(size, length), stride), 0), stride);
  const starts = mul(unsqueeze(range(x.graph, count), [1]), stride);
  return gather(x, add(starts, unsqueeze(range(x.graph, length), [0])), last);
}

/** The windows by which a short-time Fourier transform weighs each frame, periodic. */
const windows: Record<string, (place: number) => number> = {
  hann: (place) => 0.5 - 0.5 * Math.cos(2 * Math.PI * place),
  hamming: (place) => 0.54 - 0.46 * Math.cos(2 * Math.PI * place),
};

export interface ShortTimeFourier {
  /** Samples of a frame, and from one frame to the next. */
  length: number;
  stride: number;
  /** At least the length: zeros stand at both ends of a frame that is shorter. */
  fftLength: number;
  window: 'hann' | 'hamming' | undefined;
  /** Whether the frames' middles, not their starts, begin with the signal; its ends are mirrored. */
  center: boolean;
}

/** (…, time) to the spectra of frames, (…, frames, fftLength / 2 + 1). */
export function shortTimeFourier(x: Value, { length, stride, fftLength, window, center }: ShortTimeFourier): Complex {
  const half = Math.floor(fftLength / 2);
  const ends = x.shape.map((_, axis): [number, number] => (axis === x.rank - 1 ? [half, half] : [0, 0]));
  const whole = frames(center ? pad(x, ends, 'reflect') : x, fftLength, stride);
  return realFourier(
    window ? mul(whole, constant(x.graph, 'float32', [fftLength], weightsOf(window, length, fftLength))) : whole,
  );
}

function weightsOf(window: 'hann' | 'hamming', length: number, fftLength: number): number[] {
  const before = Math.floor((fftLength - length) / 2);
  return Array.from({ length: fftLength }, (_, index) => {
    const place = index - before;
    return place >= 0 && place < length ? windows[window]!(place / length) : 0;
  });
}

/** Frames (…, frames, length) to the signal that they overlap in, each `stride` behind the one before. */
function overlapped(x: Value, length: number, stride: number): Value {
  const [frame, sample] = [x.rank - 2, x.rank - 1];
  const parts = Math.ceil(length / stride);
  const padded = (one: Value, axis: number, before: number, after: number) =>
    pad(
      one,
      one.shape.map((_, index): [number, number] => (index === axis ? [before, after] : [0, 0])),
    );
  const whole = padded(x, sample, 0, parts * stride - length);
  const steps = Array.from({ length: parts }, (_, part) => {
    const piece = slice(whole, [{ axis: sample, start: part * stride, end: (part + 1) * stride }]);
    return padded(piece, frame, part, parts - 1 - part);
  });
  const sum = steps.reduce(add);
  const joined = reshape(sum, [...sizesOf(sum).slice(0, -2), sizeTimes(sizeOf(sum, frame), stride)]);
  return slice(joined, [{ axis: frame, start: 0, ...(parts * stride > length && { end: length - parts * stride }) }]);
}

/**
 * The signal of spectra (…, frames, bins), from the frames' middles on if they are centred.
 * @param samples how many of it; undefined: all
 */
export function inverseShortTimeFourier(
  x: Complex,
  { length, stride, fftLength, window, center }: ShortTimeFourier,
  samples: number | undefined,
): Value {
  const frames = inverseRealFourier(x, fftLength);
  const weights = window && weightsOf(window, length, fftLength);
  const whole = weights
    ? mul(frames, constant(frames.graph, 'float32', [fftLength], overlapWeights(weights, stride)))
    : frames;
  const signal = overlapped(whole, fftLength, stride);
  const axis = signal.rank - 1;
  const start = center ? Math.floor(fftLength / 2) : 0;
  if (samples !== undefined) return slice(signal, [{ axis, start, end: start + samples }]);
  return slice(signal, [{ axis, start, ...(center && { end: -start }) }]);
}

/** What frames are weighed with so that those of one sample, each weighed a second time, are that sample; 0 where none weighs. */
const overlapWeights = (window: readonly number[], stride: number): number[] =>
  window.map((weight, index) => {
    let power = 0;
    for (let other = index % stride; other < window.length; other += stride) power += window[other]! ** 2;
    return power === 0 ? 0 : weight / power;
  });
