import { asText, isObject, lookUp } from './config.js';
import { fromKeras1, isKeras1 } from './keras1.js';
import type { Config, ConfigValue } from './model.js';
import { poolsAsTheano } from './theano.js';

/** Other names of classes, in files of Keras 1 and 2. */
const aliases: Record<string, string> = {
  Model: 'Functional',
  AtrousConvolution1D: 'Conv1D',
  AtrousConvolution2D: 'Conv2D',
  Convolution1D: 'Conv1D',
  Convolution2D: 'Conv2D',
  Convolution3D: 'Conv3D',
  Deconvolution2D: 'Conv2DTranspose',
  Deconvolution3D: 'Conv3DTranspose',
  Convolution2DTranspose: 'Conv2DTranspose',
  Convolution3DTranspose: 'Conv3DTranspose',
  SeparableConvolution1D: 'SeparableConv1D',
  SeparableConvolution2D: 'SeparableConv2D',
  AvgPool1D: 'AveragePooling1D',
  AvgPool2D: 'AveragePooling2D',
  AvgPool3D: 'AveragePooling3D',
  MaxPool1D: 'MaxPooling1D',
  MaxPool2D: 'MaxPooling2D',
  MaxPool3D: 'MaxPooling3D',
  GlobalAvgPool1D: 'GlobalAveragePooling1D',
  GlobalAvgPool2D: 'GlobalAveragePooling2D',
  GlobalAvgPool3D: 'GlobalAveragePooling3D',
  GlobalMaxPool1D: 'GlobalMaxPooling1D',
  GlobalMaxPool2D: 'GlobalMaxPooling2D',
  GlobalMaxPool3D: 'GlobalMaxPooling3D',
  BatchNormalizationV1: 'BatchNormalization',
  BatchNormalizationV2: 'BatchNormalization',
  SyncBatchNormalization: 'BatchNormalization',
  LSTMV2: 'LSTM',
  GRUV2: 'GRU',
  LSTMCellV2: 'LSTMCell',
  GRUCellV2: 'GRUCell',
  CuDNNLSTM: 'LSTM',
  CuDNNGRU: 'GRU',
};

/** What CuDNN's layers do and their configs don't say. */
const cuDnn: Record<string, Config> = {
  CuDNNLSTM: { activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: true },
  CuDNNGRU: { activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: true, reset_after: true },
};

/** Who wrote a config. */
export interface Dialect {
  /** Whether Keras 1 or 2, or TensorFlow.js, wrote it: some names mean something else there. */
  legacy: boolean;
  /** Of layers of Keras 1 that don't say theirs. */
  dataFormat: string;
  /** Whether the model ran on Theano. */
  theano: boolean;
}

/** A layer's class and config in Keras 3's words. */
export function modernise(className: string, config: Config, dialect: Dialect): { className: string; config: Config } {
  // Keras 3's class has one name in `.h5`, and another in `.keras`.
  if (className === 'GroupedQueryAttention') return { className: 'GroupQueryAttention', config };
  if (!dialect.legacy) return { className, config: withoutAliases(className, config) };
  const keras2 = isKeras1(className, config)
    ? fromKeras1(className, config, dialect.dataFormat)
    : { className, config };
  const name = keras2.className;
  const modern = { ...keras2.config, ...lookUp(cuDnn, name) };
  for (const key of ['activation', 'recurrent_activation']) {
    if (key in modern) modern[key] = activation(modern[key]!, dialect);
  }
  const className3 = lookUp(aliases, name) ?? name;
  lookUp(changed, className3)?.(modern);
  if (dialect.theano && poolsAsTheano(className3, modern)) {
    return { className: `${className3}(padding=same on Theano)`, config: modern };
  }
  return { className: className3, config: modern };
}

/** Keras 3 still takes `alpha` for the slope of a LeakyReLU, of one that stands in for an activation too. */
function withoutAliases(className: string, config: Config): Config {
  const { activation: inner } = config;
  if (isObject(inner) && isObject(inner.config))
    return {
      ...config,
      activation: { ...inner, config: withoutAliases(asText(inner.class_name) ?? '', inner.config) },
    };
  if (className !== 'LeakyReLU' || !('alpha' in config)) return config;
  const { alpha, ...rest } = config;
  return { ...rest, negative_slope: alpha! };
}

/** The hard sigmoid of Keras 1 and 2 is clip(0.2 x + 0.5, 0, 1), that of Keras 3 relu6(x + 3) / 6. */
function activation(value: ConfigValue, dialect: Dialect): ConfigValue {
  if (isObject(value)) {
    const className = asText(value.class_name);
    if (className === undefined || !isObject(value.config))
      return activation(asText(value.config) ?? className ?? null, dialect);
    const layer = modernise(className, value.config, dialect);
    return { class_name: layer.className, config: layer.config };
  }
  return value === 'hard_sigmoid' ? 'hard_sigmoid_keras2' : value;
}

/** Classes whose config changed, each with what makes it Keras 3's. */
const changed: Record<string, (config: Config) => void> = {
  BatchNormalization: (config) => {
    if (Array.isArray(config.axis) && config.axis.length === 1) config.axis = config.axis[0]!;
  },
  GRU: defaultResetAfter,
  GRUCell: defaultResetAfter,
  LeakyReLU: (config) => {
    config.negative_slope ??= config.alpha ?? 0.3;
    delete config.alpha;
  },
};

/** Keras 2.1 and before had no `reset_after`, and did what `false` does; the default of Keras 3 is true. */
function defaultResetAfter(config: Config): void {
  config.reset_after ??= false;
}
