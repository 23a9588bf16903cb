import type { Config, ConfigValue, Layer } from './model.js';

/** Settings of any layer that have no say in its answer, or say what the weights and the input say too. */
const ofAll =
  'name trainable dtype dynamic autocast batch_shape batch_size input_shape input_dim input_dtype input_length';

/** Of layers that Keras quantizes or adapts: what became of the weights is told by the weights. */
const adapted = 'lora_rank lora_alpha quantization_config quantization_mode';
const dense = `units activation use_bias ${adapted}`;
const convolution = 'filters kernel_size strides padding data_format dilation_rate activation use_bias';
const transposed = `${convolution} output_padding groups=1`;
const depthwise = 'kernel_size strides padding data_format dilation_rate activation use_bias depth_multiplier groups';
const separable = `${convolution} depth_multiplier groups=1`;
const locallyConnected = `${convolution} implementation`;
const pooling = 'pool_size strides padding data_format';
const globalPooling = 'data_format keepdims';
const adaptivePooling = 'output_size data_format';

const keras1Dropout = 'dropout_W dropout_U';
const simpleCell = `units activation use_bias dropout recurrent_dropout implementation ${keras1Dropout}`;
const cell = `${simpleCell} recurrent_activation`;
const sequence = 'return_sequences return_state go_backwards stateful unroll zero_output_for_mask time_major';
const lstm = 'unit_forget_bias use_cudnn';
const convLstm = `${convolution} recurrent_activation unit_forget_bias dropout recurrent_dropout ${sequence}`;

const attention = 'use_scale score_mode dropout causal';
const multiHead = 'dropout use_bias sliding_window flash_attention use_gate';
const lookup =
  'max_tokens num_oov_indices mask_token oov_token vocabulary vocabulary_size vocabulary_dtype idf_weights invert output_mode ' +
  'sparse pad_to_max_tokens oov_method salt has_input_vocabulary';

/** Of all layers on images: what becomes of bounding boxes, which are refused where they are given. */
const images = 'data_format bounding_box_format';

/** Of layers that change images in training alone: none of it matters. */
const augmentation =
  `${images} ` +
  'factor value_range rng_type interpolation fill_mode fill_value seed num_chains chain_depth alpha all_ops num_ops bins ' +
  'brightness_factor contrast_factor saturation_factor hue_factor scale mode kernel_size sigma x_factor y_factor height_factor ' +
  'width_factor offset addition_factor threshold_factor max_number';
const augmentations =
  'AugMix CutMix Equalization MaxNumBoundingBoxes MixUp Mosaic RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter ' +
  'RandomContrast RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue ' +
  'RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear ' +
  'RandomTranslation RandomWidth RandomZoom Solarization';

/**
 * The settings of each class that is understood, in any version of Keras: what the layer's handler goes by, what its weights
 * tell as well, and what training alone goes by. `groups=1` is understood with that value alone.
 */
const settings: Record<string, string> = {
  Activation: 'activation',
  ActivityRegularization: 'l1 l2',
  AdaptiveAveragePooling1D: adaptivePooling,
  AdaptiveAveragePooling2D: adaptivePooling,
  AdaptiveAveragePooling3D: adaptivePooling,
  AdaptiveMaxPooling1D: adaptivePooling,
  AdaptiveMaxPooling2D: adaptivePooling,
  AdaptiveMaxPooling3D: adaptivePooling,
  Add: '',
  AdditiveAttention: attention,
  AlphaDropout: 'rate noise_shape',
  Attention: attention,
  AutoContrast: `value_range ${images}`,
  Average: '',
  AveragePooling1D: pooling,
  AveragePooling2D: pooling,
  AveragePooling3D: pooling,
  BatchNormalization:
    'axis momentum epsilon center scale fused virtual_batch_size renorm renorm_clipping renorm_momentum synchronized mode=0',
  'BatchNormalization(mode=1)': 'axis momentum epsilon mode',
  'BatchNormalization(mode=2)': 'axis momentum epsilon mode',
  Bidirectional: 'merge_mode',
  CategoryEncoding: 'num_tokens output_mode sparse',
  CenterCrop: `height width ${images}`,
  Concatenate: 'axis',
  ContrastLimitedAdaptiveHistogramEqualization: `value_range clip_limit tile_grid_size ${images}`,
  Conv1D: `${convolution} groups ${adapted}`,
  Conv1DTranspose: transposed,
  Conv2D: `${convolution} groups ${adapted}`,
  Conv2DTranspose: `${transposed} output_shape`,
  Conv3D: `${convolution} groups ${adapted}`,
  Conv3DTranspose: `${transposed} output_shape`,
  ConvLSTM1D: convLstm,
  ConvLSTM2D: convLstm,
  ConvLSTM3D: convLstm,
  Cropping1D: 'cropping',
  Cropping2D: 'cropping data_format',
  Cropping3D: 'cropping data_format',
  'Custom>CustomScaleLayer': 'scale',
  CustomScaleLayer: 'scale',
  Dense: dense,
  DepthwiseConv1D: depthwise,
  DepthwiseConv2D: depthwise,
  Discretization: 'bin_boundaries num_bins epsilon output_mode sparse',
  Dot: 'axes normalize',
  Dropout: 'rate noise_shape',
  ELU: 'alpha',
  EinsumDense: `equation output_shape activation bias_axes gptq_unpacked_column_size ${adapted}`,
  Embedding: `output_dim mask_zero sparse dropout ${adapted}`,
  Flatten: 'data_format',
  GRU: `${cell} ${sequence} reset_after use_cudnn`,
  GRUCell: `${cell} reset_after`,
  GaussianDropout: 'rate',
  GaussianNoise: 'stddev sigma',
  GlobalAveragePooling1D: globalPooling,
  GlobalAveragePooling2D: globalPooling,
  GlobalAveragePooling3D: globalPooling,
  GlobalMaxPooling1D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  GlobalMaxPooling3D: globalPooling,
  GroupNormalization: 'groups axis epsilon center scale',
  GroupQueryAttention: `head_dim num_query_heads num_key_value_heads ${multiHead}`,
  HashedCrossing: 'num_bins output_mode sparse',
  Hashing: 'num_bins mask_value salt output_mode sparse',
  Highway: 'activation use_bias units',
  Identity: '',
  InputLayer: 'sparse ragged optional',
  IndexLookup: lookup,
  IntegerLookup: lookup,
  Lambda:
    'function function_type module output_shape output_shape_type output_shape_module mask mask_type mask_module arguments',
  LSTM: `${cell} ${sequence} ${lstm}`,
  LSTMCell: `${cell} ${lstm}`,
  LayerNormalization: 'axis epsilon center scale rms_scaling',
  LayerScale: 'init_values projection_dim',
  LeakyReLU: 'negative_slope',
  LocallyConnected1D: locallyConnected,
  LocallyConnected2D: locallyConnected,
  Masking: 'mask_value',
  MaxPooling1D: pooling,
  MaxPooling2D: pooling,
  MaxPooling3D: pooling,
  Maximum: '',
  MaxoutDense: 'units nb_feature use_bias',
  MelSpectrogram:
    'fft_length sequence_stride sequence_length window sampling_rate num_mel_bins min_freq max_freq power_to_db top_db mag_exp ' +
    'min_power ref_power',
  'Merge(mode=cos)':
    'mode mode_type concat_axis dot_axes output_shape output_shape_type output_mask output_mask_type arguments layers',
  Minimum: '',
  MultiHeadAttention: `num_heads key_dim value_dim output_shape attention_axes query_shape key_shape value_shape softmax_robust_masking=false ${multiHead}`,
  Multiply: '',
  Normalization: 'axis mean variance invert',
  PReLU: 'shared_axes init',
  Permute: 'dims',
  Pipeline: '',
  RMSNormalization: 'axis epsilon',
  RNN: sequence,
  RandomCrop: `height width seed rng_type ${images}`,
  ReLU: 'max_value negative_slope threshold',
  RepeatVector: 'n',
  Rescaling: 'scale offset',
  Reshape: 'target_shape',
  Resizing: `height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio fill_mode fill_value antialias ${images}`,
  ReversibleEmbedding: `output_dim mask_zero tie_weights reverse_dtype logit_soft_cap ${adapted}`,
  STFTSpectrogram: 'mode frame_length frame_step fft_length window periodic scaling padding expand_dims data_format',
  SeparableConv1D: separable,
  SeparableConv2D: separable,
  SimpleRNN: `${simpleCell} ${sequence}`,
  SimpleRNNCell: simpleCell,
  Softmax: 'axis robust_masking=false',
  SpatialDropout1D: 'rate p noise_shape',
  SpatialDropout2D: 'rate p noise_shape data_format',
  SpatialDropout3D: 'rate p noise_shape data_format',
  SpectralNormalization: 'power_iterations',
  StackedRNNCells: '',
  StringLookup: `${lookup} encoding`,
  StochasticDepth: 'drop_path_rate',
  Subtract: '',
  TFDConcat: 'axis',
  TFDIdentity: '',
  TernaryDense: `threshold ${dense}`,
  TextVectorization:
    'max_tokens standardize split ngrams output_mode output_sequence_length pad_to_max_tokens vocabulary vocabulary_size idf_weights ' +
    'sparse ragged encoding has_input_vocabulary',
  ThresholdedReLU: 'theta',
  TimeDistributed: '',
  UnitNormalization: 'axis',
  UpSampling1D: 'size',
  UpSampling2D: 'size data_format interpolation',
  UpSampling3D: 'size data_format',
  ZeroPadding1D: 'padding data_format',
  ZeroPadding2D: 'padding data_format',
  ZeroPadding3D: 'padding data_format',
  ...Object.fromEntries(augmentations.split(' ').map((className) => [className, augmentation])),
};

type Understood = Map<string, ConfigValue | undefined>;

const understood = new Map<string, Understood>();

/** The settings of a class that are understood, each with the only value that is; undefined for classes that are not known. */
function understoodOf(className: string): Understood | undefined {
  if (!Object.hasOwn(settings, className)) return undefined;
  const known = understood.get(className);
  if (known) return known;
  const entries = `${ofAll} ${settings[className]!}`.split(' ').map((entry): [string, ConfigValue | undefined] => {
    const [key, only] = entry.split('=');
    return [key!, only === undefined ? undefined : (JSON.parse(only) as ConfigValue)];
  });
  const made = new Map(entries);
  understood.set(className, made);
  return made;
}

/** Whether the settings of a class are known. */
export const hasKnownSettings = (className: string): boolean => Object.hasOwn(settings, className);

function unknownSetting(known: Understood, config: Config): string | undefined {
  return Object.keys(config).find((key) => {
    const only = known.get(key);
    return config[key] !== null && (!known.has(key) || (only !== undefined && config[key] !== only));
  });
}

/**
 * Why a layer of a known class can't be served for one of its settings, or undefined. Keras too refuses settings that it
 * doesn't know, but a null, which says nothing, is let pass.
 */
export function settingRefusal({ className, config }: Layer): string | undefined {
  const known = understoodOf(className);
  const setting = known && unknownSetting(known, config);
  return setting === undefined
    ? undefined
    : `it has a setting that is not known, ${setting.slice(0, 60)} of ${JSON.stringify(config[setting]).slice(0, 60)}; ` +
        'what that does to the answer is unknown';
}
