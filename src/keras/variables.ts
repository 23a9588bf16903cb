import { lookUp } from './config.js';
import type { Config } from './model.js';

/** A variable that a class of layer creates. */
export interface Variable {
  name: string;
  trainable: boolean;
}

/** A part of a composite layer that is a layer of its own in Keras, and has no config in the file. */
export interface Part {
  /** Stands before the names of its variables; '' for a recurrent layer's own cell. */
  name: string;
  /** The attribute under which Keras's files hold it. */
  attribute: string;
  variables: Variable[];
}

/** What a layer owns, in the order in which Keras creates it. Wrapped layers are not in it. */
export interface Variables {
  own: Variable[];
  parts: Part[];
}

type VariablesOf = (config: Config) => Variables;

const trainable = (...names: (string | false)[]): Variable[] =>
  names.filter((name) => name !== false).map((name) => ({ name, trainable: true }));
const frozen = (...names: (string | false)[]): Variable[] =>
  names.filter((name) => name !== false).map((name) => ({ name, trainable: false }));
const own = (variables: Variable[]): Variables => ({ own: variables, parts: [] });

const isOn = (config: Config, key: string, standard = true): boolean => (config[key] ?? standard) !== false;
const bias = (config: Config) => isOn(config, 'use_bias') && 'bias';
const kernelAndBias: VariablesOf = (config) => own(trainable('kernel', bias(config)));
const separable: VariablesOf = (config) => own(trainable('depthwise_kernel', 'pointwise_kernel', bias(config)));

const recurrent = (config: Config) => trainable('kernel', 'recurrent_kernel', bias(config));
const cell: VariablesOf = (config) => own(recurrent(config));
const recurrentLayer: VariablesOf = (config) => ({
  own: [],
  parts: [{ name: '', attribute: 'cell', variables: recurrent(config) }],
});

const projections: VariablesOf = (config) => {
  const parts = ['query', 'key', ...(isOn(config, 'use_gate', false) ? ['gate'] : []), 'value'];
  const variables = trainable('kernel', bias(config));
  const part = (name: string, attribute: string): Part => ({ name, attribute, variables });
  return {
    own: [],
    parts: [...parts.map((name) => part(name, `${name}_dense`)), part('attention_output', 'output_dense')],
  };
};

const table: Record<string, VariablesOf> = {
  Dense: kernelAndBias,
  TernaryDense: kernelAndBias,
  EinsumDense: (config) => own(trainable('kernel', config.bias_axes != null && 'bias')),
  Embedding: () => own(trainable('embeddings')),
  ReversibleEmbedding: (config) => own(trainable('embeddings', !isOn(config, 'tie_weights') && 'reverse_embeddings')),

  Conv1D: kernelAndBias,
  Conv2D: kernelAndBias,
  Conv3D: kernelAndBias,
  Conv1DTranspose: kernelAndBias,
  Conv2DTranspose: kernelAndBias,
  Conv3DTranspose: kernelAndBias,
  DepthwiseConv1D: kernelAndBias,
  DepthwiseConv2D: kernelAndBias,
  SeparableConv1D: separable,
  SeparableConv2D: separable,
  LocallyConnected1D: kernelAndBias,
  LocallyConnected2D: kernelAndBias,

  // Keras 1's, by its own names.
  Highway: (config) => own(trainable('W', 'W_carry', bias(config) && 'b', bias(config) && 'b_carry')),
  MaxoutDense: (config) => own(trainable('W', bias(config) && 'b')),
  'BatchNormalization(mode=1)': () => own([...trainable('gamma', 'beta'), ...frozen('moving_mean', 'moving_variance')]),

  BatchNormalization: (config) =>
    own([
      ...trainable(isOn(config, 'scale') && 'gamma', isOn(config, 'center') && 'beta'),
      ...frozen('moving_mean', 'moving_variance'),
      ...(isOn(config, 'renorm', false) ? frozen('moving_stddev', 'renorm_mean', 'renorm_stddev') : []),
    ]),
  LayerNormalization: (config) => {
    const rms = isOn(config, 'rms_scaling', false);
    return own(trainable((isOn(config, 'scale') || rms) && 'gamma', isOn(config, 'center') && !rms && 'beta'));
  },
  GroupNormalization: (config) => own(trainable(isOn(config, 'scale') && 'gamma', isOn(config, 'center') && 'beta')),
  LayerScale: () => own(trainable('gamma')),
  RMSNormalization: () => own(trainable('scale')),
  SpectralNormalization: () => own(frozen('vector_u')),
  Normalization: (config) => own(config.mean == null ? frozen('mean', 'variance', 'count') : []),

  SimpleRNN: recurrentLayer,
  LSTM: recurrentLayer,
  GRU: recurrentLayer,
  ConvLSTM1D: recurrentLayer,
  ConvLSTM2D: recurrentLayer,
  ConvLSTM3D: recurrentLayer,
  SimpleRNNCell: cell,
  LSTMCell: cell,
  GRUCell: cell,

  Attention: (config) =>
    own(
      trainable(isOn(config, 'use_scale', false) && 'scale', config.score_mode === 'concat' && 'concat_score_weight'),
    ),
  AdditiveAttention: (config) => own(trainable(isOn(config, 'use_scale') && 'scale')),
  MultiHeadAttention: projections,
  GroupQueryAttention: projections,

  // In files of Keras 2; Keras 3 keeps the boundaries in the config.
  Discretization: (config) => own(config.bin_boundaries == null ? frozen('summary') : []),
  PReLU: () => own(trainable('alpha')),
  STFTSpectrogram: (config) =>
    own(trainable(config.mode !== 'imag' && 'real_kernel', config.mode !== 'real' && 'imag_kernel')),
};

/**
 * The variables of a layer by its class and config; empty for a class that has none or that is unknown.
 *
 * | class | names |
 * |---|---|
 * | SimpleRNN, LSTM, GRU, ConvLSTM* and their cells | `kernel`, `recurrent_kernel`, `bias` |
 * | MultiHeadAttention, GroupQueryAttention | `query/kernel`, `query/bias`, and the same of `key`, `value`, `attention_output`, `gate` |
 * | SpectralNormalization | `vector_u`; the normalised kernel is in `layers.layer` |
 */
export function variablesOf(className: string, config: Config): Variables {
  return lookUp(table, className)?.(config) ?? { own: [], parts: [] };
}

/** Whether a class of layer is known to have variables. */
export const hasVariables = (className: string): boolean => Object.hasOwn(table, className);

/** A part's variable in `Layer.weights`. */
export const weightName = (part: Part, variable: Variable): string =>
  part.name === '' ? variable.name : `${part.name}/${variable.name}`;
