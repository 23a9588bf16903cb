import type { Value } from '../../graph.js';
import {
  type Complex,
  fourier,
  frames,
  inverseRealFourier,
  inverseShortTimeFourier,
  realFourier,
  type ShortTimeFourier,
  shortTimeFourier,
  toFloat,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';
import { swapAxes } from './shape.js';

/** Complex numbers are two tensors, real and imaginary. */
function complex(a: Arguments): Complex {
  if (a.list('x').length !== 2) return a.unsupported('its input is not a pair of real and imaginary parts');
  return { real: toFloat(a.item('x', 0)), imaginary: toFloat(a.item('x', 1)) };
}

const parts = ({ real, imaginary }: Complex): Value[] => [real, imaginary];

/** Along the last two axes. */
const twoDimensional = (inverse: boolean) =>
  operation('x', (a) => {
    const swap = ({ real, imaginary }: Complex): Complex => {
      const swapped = (x: Value) => swapAxes(x, x.rank - 1, x.rank - 2);
      return { real: swapped(real), imaginary: swapped(imaginary) };
    };
    const rows = fourier(complex(a), inverse);
    return parts(swap(fourier(swap(rows), inverse)));
  });

/** A whole number within what a transform may have. */
function length(a: Arguments, name: string, largest = 2 ** 20): number {
  const value = a.number(name);
  return Number.isInteger(value) && value > 0 && value <= largest
    ? value
    : a.unsupported(`its ${name} should be a whole number up to ${largest}`);
}

function shortTimeSettings(a: Arguments): ShortTimeFourier {
  const window = a.isNone('window') ? undefined : a.choice('window', ['hann', 'hamming'], 'hann');
  const settings = {
    length: length(a, 'sequence_length', 2 ** 16),
    stride: length(a, 'sequence_stride'),
    fftLength: length(a, 'fft_length', 2 ** 16),
    window,
    center: a.boolean('center', true),
  };
  if (settings.fftLength < settings.length) return a.unsupported('its fft_length is below its sequence_length');
  return settings;
}

/** The most frames that a sample may be in: a graph has nodes for each. */
const mostOverlaps = 256;

function inverseShortTime(a: Arguments): Value {
  const settings = shortTimeSettings(a);
  if (settings.fftLength > settings.stride * mostOverlaps) return a.unsupported('its sequence_stride is too small');
  if (settings.fftLength === 1) return a.unsupported('its fft_length is 1');
  return inverseShortTimeFourier(complex(a), settings, a.has('length') ? length(a, 'length') : undefined);
}

/** Fourier transforms. https://keras.io/api/ops/fft/ */
export const fourierOperations: OperationTable = {
  FFT: operation('x', (a) => parts(fourier(complex(a)))),
  FFT2: twoDimensional(false),
  IFFT2: twoDimensional(true),
  RFFT: operation('x', (a) =>
    parts(realFourier(toFloat(a.tensor('x')), a.has('fft_length') ? length(a, 'fft_length') : undefined)),
  ),
  IRFFT: operation('x', (a) => {
    const x = complex(a);
    return inverseRealFourier(x, a.has('fft_length') ? length(a, 'fft_length') : undefined);
  }),
  STFT: operation('x', (a) => parts(shortTimeFourier(toFloat(a.tensor('x')), shortTimeSettings(a)))),
  ISTFT: operation('x', inverseShortTime),
  ExtractSequences: operation('x', (a) =>
    frames(a.tensor('x'), length(a, 'sequence_length', 2 ** 16), length(a, 'sequence_stride')),
  ),
};
