import type { Config, Layer } from './model.js';

const dropout = ['dropout', 'recurrent_dropout'];

/** Layers that act otherwise in training, with the settings that are 0 where they don't; none: always. */
const inTraining: Record<string, readonly string[]> = {
  AdditiveAttention: ['dropout'],
  AlphaDropout: ['rate'],
  Attention: ['dropout'],
  BatchNormalization: [],
  ConvLSTM1D: dropout,
  ConvLSTM2D: dropout,
  ConvLSTM3D: dropout,
  Dropout: ['rate'],
  GRU: dropout,
  GRUCell: dropout,
  GaussianDropout: ['rate'],
  GaussianNoise: ['stddev'],
  LSTM: dropout,
  LSTMCell: dropout,
  MultiHeadAttention: ['dropout'],
  SimpleRNN: dropout,
  SimpleRNNCell: dropout,
  SpatialDropout1D: ['rate'],
  SpatialDropout2D: ['rate'],
  SpatialDropout3D: ['rate'],
  SpectralNormalization: [],
  StochasticDepth: ['drop_path_rate'],
};

function acts(className: string, config: Config): boolean {
  if (className.startsWith('Random')) return true;
  // Keras 2 lets a layer that is frozen keep its statistics.
  if (!Object.hasOwn(inTraining, className) || (className === 'BatchNormalization' && config.trainable === false))
    return false;
  const settings = inTraining[className]!;
  return settings.length === 0 || settings.some((key) => (config[key] ?? 0) !== 0);
}

/** The class of the layer itself, or of one in it, that acts otherwise in training; undefined where none does. */
function actsInTraining(layer: Layer, seen = new Set<Layer>()): string | undefined {
  if (seen.has(layer)) return undefined;
  seen.add(layer);
  const { className, config, layers, graph } = layer;
  if (acts(className, config)) return className;
  for (const inner of [...Object.values(layers), ...(graph?.calls.map((call) => call.layer) ?? [])]) {
    const found = actsInTraining(inner, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Why a call with `training` can't be served, or undefined. Up to Keras 2 `training=True` holds for predictions too; Keras 3
 * overrides it.
 * @param training - what the call is given, null for nothing
 */
export function trainingRefusal(layer: Layer, training: unknown, kerasVersion: number): string | undefined {
  if (kerasVersion >= 3 || training === undefined || training === null || training === false || training === 0)
    return undefined;
  const className = actsInTraining(layer);
  return className === undefined
    ? undefined
    : `it is called with training=True, with which ${className} changes its answer at random or with the batch`;
}
