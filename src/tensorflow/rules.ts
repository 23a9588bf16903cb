import type { Config, ConfigValue, Layer } from '../keras/model.js';

/** What a layer of Keras is among those of TensorFlow.js. */
export interface LayerRule {
  /** Its class in TensorFlow.js, where it is called otherwise. */
  className?: string;
  /** Settings that mean the same in both. */
  keep?: readonly string[];
  /** Settings under other names or in another form, and those whose defaults differ. */
  more?: (config: Config) => Config;
  /** Settings that have to be as they are by default: what else they can be, TensorFlow.js does not do. */
  only?: Record<string, ConfigValue>;
  /** Why a layer can't be expressed; undefined when it can. */
  refuse?: (config: Config, layer: Layer) => string | undefined;
  /** What becomes of the mask of its input: it is passed on, or made use of. Other layers of TensorFlow.js do neither as Keras does. */
  masks?: 'passed on' | 'used';
}

const ones = (value: ConfigValue | undefined): boolean =>
  value === undefined || value === null || [value].flat(2).every((one) => one === 1);

const convolution = ['filters', 'kernel_size', 'strides', 'padding', 'data_format', 'use_bias', 'activation'];
const dilated: LayerRule = {
  keep: [...convolution, 'dilation_rate'],
  only: { groups: 1 },
  refuse: ({ strides, dilation_rate: dilation }) =>
    ones(strides) || ones(dilation) ? undefined : 'its strides and its dilation are both over 1',
};
const transposed: LayerRule = {
  keep: convolution,
  only: { groups: 1 },
  refuse: ({ dilation_rate: dilation, output_padding: padding }) =>
    !ones(dilation) || (padding !== undefined && padding !== null)
      ? 'its dilation or output padding is set'
      : undefined,
};
const pooling: LayerRule = { keep: ['pool_size', 'strides', 'padding', 'data_format'] };
const pooling1D: LayerRule = { keep: ['pool_size', 'strides', 'padding'], only: { data_format: 'channels_last' } };
const globalPooling: LayerRule = { keep: ['data_format'], only: { keepdims: false } };

const recurrent = ['units', 'activation', 'use_bias', 'return_sequences', 'return_state', 'go_backwards'];
const gates = ({ recurrent_activation: activation }: Config): Config => ({
  recurrent_activation: activation ?? 'sigmoid',
});
const merging: LayerRule = {};
/** What Keras does in training alone; it passes on masks as TensorFlow.js's Activation does. */
const identity: LayerRule = { className: 'Activation', more: () => ({ activation: 'linear' }), masks: 'passed on' };

const firstAxis = (axis: ConfigValue | undefined): ConfigValue =>
  Array.isArray(axis) ? (axis[0] ?? -1) : (axis ?? -1);

/** Layers by Keras's class. */
export const layerRules: Record<string, LayerRule> = {
  Dense: { keep: ['units', 'activation', 'use_bias'], refuse: onlyDense, masks: 'passed on' },
  Activation: { keep: ['activation'], masks: 'passed on' },
  Embedding: { keep: ['input_dim', 'output_dim', 'mask_zero'], refuse: onlyDense },
  Flatten: { keep: ['data_format'] },
  Reshape: {
    more: ({ target_shape: shape }) => ({ target_shape: shape ?? [] }),
  },
  Permute: { keep: ['dims'] },
  RepeatVector: { keep: ['n'] },
  Masking: { keep: ['mask_value'], masks: 'passed on' },

  Conv1D: {
    ...dilated,
    only: { groups: 1, data_format: 'channels_last' },
    refuse: (config, layer) => (config.padding === 'causal' ? 'its padding is causal' : dilated.refuse!(config, layer)),
  },
  Conv2D: dilated,
  Conv3D: dilated,
  Conv2DTranspose: transposed,
  Conv3DTranspose: transposed,
  DepthwiseConv2D: {
    keep: ['kernel_size', 'strides', 'padding', 'data_format', 'use_bias', 'activation', 'depth_multiplier'],
    refuse: undilated,
  },
  SeparableConv2D: {
    keep: [...convolution, 'depth_multiplier'],
    only: { groups: 1, data_format: 'channels_last' },
    refuse: undilated,
  },
  ZeroPadding2D: { keep: ['padding', 'data_format'] },
  Cropping2D: { keep: ['cropping', 'data_format'] },
  UpSampling2D: { keep: ['size', 'data_format'], only: { interpolation: 'nearest' } },

  AveragePooling1D: pooling1D,
  AveragePooling2D: pooling,
  AveragePooling3D: pooling,
  MaxPooling1D: pooling1D,
  MaxPooling2D: pooling,
  MaxPooling3D: pooling,
  GlobalAveragePooling1D: { only: { keepdims: false, data_format: 'channels_last' } },
  GlobalMaxPooling1D: { only: { keepdims: false, data_format: 'channels_last' } },
  GlobalAveragePooling2D: globalPooling,
  GlobalMaxPooling2D: globalPooling,

  BatchNormalization: {
    keep: ['epsilon', 'center', 'scale'],
    more: ({ axis }) => ({ axis: firstAxis(axis) }),
    only: { renorm: false, virtual_batch_size: null },
    refuse: ({ axis }) => (Array.isArray(axis) && axis.length > 1 ? 'it has several axes' : undefined),
  },
  LayerNormalization: { keep: ['axis', 'epsilon', 'center', 'scale'], only: { rms_scaling: false } },
  Rescaling: {
    keep: ['scale', 'offset'],
    refuse: ({ scale, offset }) =>
      typeof scale === 'number' && typeof (offset ?? 0) === 'number' ? undefined : 'it scales each channel otherwise',
  },

  ELU: { only: { alpha: 1 } },
  LeakyReLU: { more: ({ negative_slope: slope, alpha }) => ({ alpha: slope ?? alpha ?? 0.3 }) },
  PReLU: { keep: ['shared_axes'] },
  ReLU: { keep: ['max_value'], only: { negative_slope: 0, threshold: 0 } },
  Softmax: { keep: ['axis'] },
  ThresholdedReLU: { keep: ['theta'] },

  Add: merging,
  Average: merging,
  Maximum: merging,
  Minimum: merging,
  Multiply: merging,
  Concatenate: { keep: ['axis'] },
  Dot: { keep: ['axes', 'normalize'] },

  SimpleRNN: { keep: recurrent, masks: 'used' },
  LSTM: { keep: recurrent, more: gates, masks: 'used' },
  GRU: { keep: recurrent, more: gates, refuse: onlyResetBefore, masks: 'used' },
  ConvLSTM2D: {
    keep: [...convolution, 'dilation_rate', ...recurrent.filter((key) => key !== 'units')],
    more: gates,
  },
  SimpleRNNCell: { keep: recurrent },
  LSTMCell: { keep: recurrent, more: gates },
  GRUCell: { keep: recurrent, more: gates, refuse: onlyResetBefore },
  RNN: { keep: ['return_sequences', 'return_state', 'go_backwards'], refuse: withoutStackedStates },
  StackedRNNCells: {},
  Bidirectional: {
    more: ({ merge_mode: mode }) => ({ merge_mode: mode === undefined ? 'concat' : mode }),
    refuse: (_config, { layers }) => (layers.forward_layer?.layers.cell ? 'it wraps cells' : undefined),
  },
  TimeDistributed: {},

  Identity: identity,
  Dropout: identity,
  SpatialDropout1D: identity,
  SpatialDropout2D: identity,
  SpatialDropout3D: identity,
  GaussianDropout: identity,
  GaussianNoise: identity,
  AlphaDropout: identity,
  ActivityRegularization: identity,
};

/** TensorFlow.js applies the reset gate before the product alone. */
function onlyResetBefore({ reset_after: resetAfter }: Config): string | undefined {
  return resetAfter === false ? undefined : 'its reset_after is true';
}

/** TensorFlow.js has the states of stacked cells in another order. */
function withoutStackedStates({ return_state: returnState }: Config, { layers }: Layer): string | undefined {
  const isStacked = layers.cell?.className === 'StackedRNNCells';
  return returnState === true && isStacked ? 'it returns the states of stacked cells' : undefined;
}

/** TensorFlow's kernels dilate convolutions by depth on processors alone for which oneDNN has kernels. */
function undilated({ dilation_rate: dilation }: Config): string | undefined {
  return ones(dilation) ? undefined : 'its dilation is over 1';
}

/** Low-rank adaptations and quantised weights are Keras 3's. */
function onlyDense({ lora_rank: rank, quantization_mode: mode, dtype }: Config): string | undefined {
  const isQuantized = (mode ?? null) !== null || String(dtype).includes('_from_');
  return (rank ?? null) === null && !isQuantized ? undefined : 'it is adapted (LoRA) or quantised';
}

/** Activations by Keras's names, with TensorFlow.js's. */
export const activationNames: Record<string, string> = {
  linear: 'linear',
  relu: 'relu',
  relu6: 'relu6',
  elu: 'elu',
  selu: 'selu',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  softmax: 'softmax',
  log_softmax: 'logSoftmax',
  softplus: 'softplus',
  softsign: 'softsign',
  silu: 'swish',
  swish: 'swish',
  mish: 'mish',
  gelu: 'gelu',
  hard_sigmoid_keras2: 'hardSigmoid',
};
