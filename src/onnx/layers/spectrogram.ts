import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import {
  add,
  concat,
  constant,
  conv,
  greatest,
  log,
  matmul,
  max,
  mul,
  pad,
  pow,
  reshape,
  shortTimeFourier,
  sizeOf,
  sizeTimes,
  slice,
  sqrt,
  square,
  sub,
  toFloat,
  transpose,
  type Window,
} from '../operators/index.js';
import { arctan2 } from './operations/arithmetic.js';

/** The epsilon of Keras. */
const epsilon = 1e-7;

const modes = ['log', 'magnitude', 'psd', 'real', 'imag', 'angle', 'stft'] as const;

/** Real or imaginary parts of the spectra of a sound's frames: (batch, channels, frequencies, frames). */
function spectra(x: Value, call: LayerCall, name: 'real_kernel' | 'imag_kernel'): Value {
  const { config } = call;
  const length = config.integer('frame_length', 256, 1);
  const window: Window = {
    kernel: [length],
    strides: [
      config.has('frame_step') ? config.integer('frame_step', undefined, 1) : Math.max(1, Math.floor(length / 2)),
    ],
    dilations: [1],
    padding: config.choice('padding', ['valid', 'same'], 'valid'),
  };
  const channels = x.shape[1] ?? call.unsupported('the number of its channels is unknown');
  const kernel = call.weight(name, [2, 1, 0]);
  const convolved = conv(
    reshape(x, [sizeTimes(sizeOf(x, 0), channels), 1, sizeOf(x, 2)]),
    kernel,
    undefined,
    window,
    1,
  );
  return reshape(convolved, [sizeOf(x, 0), channels, kernel.shape[0]!, sizeOf(convolved, 2)]);
}

/** (batch, channels, frequencies, frames) as the layer gives them. */
function arrange(x: Value, { config }: LayerCall): Value {
  const first = config.dataFormat === 'channels_first';
  if (config.boolean('expand_dims', false)) return transpose(x, first ? [0, 1, 3, 2] : [0, 3, 2, 1]);
  const flat = reshape(x, [sizeOf(x, 0), x.shape[1]! * x.shape[2]!, sizeOf(x, 3)]);
  return first ? flat : transpose(flat, [0, 2, 1]);
}

const stftSpectrogram: LayerHandler = ([input], call) => {
  if (input!.rank !== 3) throw new ShapeError(`it takes a batch of sounds, its input is ${showShape(input!.shape)}`);
  const mode = call.config.choice('mode', modes, 'log');
  const x = call.config.dataFormat === 'channels_first' ? toFloat(input!) : transpose(toFloat(input!), [0, 2, 1]);
  if (mode === 'real' || mode === 'imag') return arrange(spectra(x, call, `${mode}_kernel`), call);
  const [real, imaginary] = [spectra(x, call, 'real_kernel'), spectra(x, call, 'imag_kernel')];
  if (mode === 'stft') return arrange(concat([real, imaginary], 2), call);
  if (mode === 'angle') return arrange(arctan2(imaginary, real), call);
  const power = add(square(real), square(imaginary));
  if (mode === 'psd') {
    // Each frequency but the first and the last stands for its negative too.
    const inner = slice(power, [{ axis: 2, start: 1, end: -1 }]);
    return arrange(
      add(
        power,
        pad(inner, [
          [0, 0],
          [0, 0],
          [1, 1],
          [0, 0],
        ]),
      ),
      call,
    );
  }
  const magnitude = arrange(sqrt(max(power, epsilon)), call);
  return mode === 'magnitude' ? magnitude : log(max(magnitude, epsilon));
};

const melOf = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);

/** `count` numbers from `first` to `last` at equal distances. */
const spaced = (first: number, last: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + ((last - first) * index) / Math.max(1, count - 1));

/** How much of each frequency belongs to each band, (frequencies, bands): triangles on the mel scale. */
function melWeights({ config }: LayerCall, frequencies: number): number[] {
  const samplingRate = config.number('sampling_rate', 16000);
  const bands = config.integer('num_mel_bins', 128, 1);
  const highest = config.has('max_freq') ? config.number('max_freq') : Math.trunc(samplingRate / 2);
  const edges = spaced(melOf(config.number('min_freq', 20)), melOf(highest), bands + 2);
  return spaced(0, samplingRate / 2, frequencies).flatMap((hertz, index) => {
    const mel = melOf(hertz);
    return Array.from({ length: bands }, (_, band) => {
      const [lower, center, upper] = edges.slice(band, band + 3) as [number, number, number];
      return index === 0
        ? 0
        : Math.max(0, Math.min((mel - lower) / (center - lower), (upper - mel) / (upper - center)));
    });
  });
}

/** Decibels, no more than `top_db` below the loudest of the batch. */
function decibels(x: Value, { config }: LayerCall): Value {
  const least = config.number('min_power', 1e-10);
  const toDecibels = 10 / Math.LN10;
  const reference = toDecibels * Math.log(Math.max(Math.abs(config.number('ref_power', 1)), least));
  const loudness = sub(mul(log(max(x, least)), toDecibels), reference);
  return max(loudness, sub(greatest(loudness, undefined), config.number('top_db', 80)));
}

/** Frames or weights that are spelt out at most. */
const largest = 2 ** 16;

const melSpectrogram: LayerHandler = ([input], call) => {
  const { config } = call;
  const fftLength = config.integer('fft_length', 2048, 2);
  const settings = {
    fftLength,
    length: config.has('sequence_length') ? config.integer('sequence_length', undefined, 1) : fftLength,
    stride: config.integer('sequence_stride', 512, 1),
    window: config.raw('window') === null ? undefined : config.choice('window', ['hann', 'hamming'], 'hann'),
    center: true,
  };
  const bands = config.integer('num_mel_bins', 128, 1);
  if (fftLength > largest || bands > largest) return call.unsupported('its fft_length or num_mel_bins is too large');
  if (fftLength < settings.length) return call.unsupported('its fft_length is below its sequence_length');
  const { real, imaginary } = shortTimeFourier(toFloat(input!), settings);
  const magnitude = sqrt(add(square(real), square(imaginary)));
  const frequencies = Math.floor(fftLength / 2) + 1;
  const weights = constant(call.graph, 'float32', [frequencies, bands], melWeights(call, frequencies));
  const powers = matmul(pow(magnitude, config.number('mag_exp', 2)), weights);
  const scaled = config.boolean('power_to_db', true) ? decibels(powers, call) : powers;
  const axes = scaled.shape.map((_, axis) => axis);
  return transpose(scaled, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
};

/** https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/ */
export const spectrogramLayers: LayerTable = {
  STFTSpectrogram: stftSpectrogram,
  MelSpectrogram: melSpectrogram,
};
