import type { GraphBuilder, Value } from '../graph.js';
import { add, constant, mul, node } from './elementwise.js';
import {
  concat,
  pad,
  range,
  sizeDifference,
  sizeMax,
  sizeOf,
  sizePlus,
  sizeQuotient,
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
 * What real numbers of an even length have this first half of a Fourier transform.
 * @param x (…, length / 2 + 1)
 */
export function inverseRealFourier({ real, imaginary }: Complex, length: number): Value {
  const axis = real.rank - 1;
  const bins = Math.floor(length / 2) + 1;
  const fitted = (part: Value): Value => {
    const size = part.shape[axis] ?? bins;
    if (size >= bins) return slice(part, [{ axis, start: 0, end: bins }]);
    return pad(
      part,
      part.shape.map((_, index): [number, number] => [0, index === axis ? bins - size : 0]),
    );
  };
  // The other half mirrors the first; the middle of an even length is its own mirror image.
  const mirrored = (part: Value): Value => slice(part, [{ axis, start: length - bins, end: 0, step: -1 }]);
  const [re, im] = [fitted(real), fitted(imaginary)];
  const whole = { real: concat([re, mirrored(re)], axis), imaginary: concat([im, mul(mirrored(im), -1)], axis) };
  return fourier(length > 2 ? whole : { real: re, imaginary: im }, true).real;
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
  return realFourier(window ? mul(whole, windowValues(x.graph, window, length, fftLength)) : whole);
}

function windowValues(graph: GraphBuilder, window: 'hann' | 'hamming', length: number, fftLength: number): Value {
  const before = Math.floor((fftLength - length) / 2);
  const values = Array.from({ length: fftLength }, (_, index) => {
    const place = index - before;
    return place >= 0 && place < length ? windows[window]!(place / length) : 0;
  });
  return constant(graph, 'float32', [fftLength], values);
}
