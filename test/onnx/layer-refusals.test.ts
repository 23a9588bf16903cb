/** What layers refuse of their settings, inputs and weights, word for word. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Config, Layer } from '../../src/keras/index.js';
import { type Input, layer, layerModel } from '../helpers/layer-model.js';
import { refusalOf } from '../helpers/refusal.js';

/** The reason, the layer, its inputs in order, and how many it is called with. */
type Refusal = [reason: string, tested: Layer, ...inputs: Input[]];

const matrix: Input = [null, 4];
const steps: Input = [null, 6, 4];
const image: Input = [null, 6, 6, 4];
const whole: Input = { shape: [null, 4], dtype: 'int32' };
const yes: Input = { shape: [null, 4], dtype: 'bool' };
const texts: Input = { shape: [null, 1], dtype: 'string' };
const manyTexts: Input = { shape: [null, 3], dtype: 'string' };

const lookup = (config: Config) =>
  layer('StringLookup', { vocabulary: ['a', 'b'], num_oov_indices: 1, output_mode: 'int', ...config });
const numbers = (config: Config) =>
  layer('IntegerLookup', { vocabulary: [3, 4], num_oov_indices: 1, output_mode: 'int', ...config });
const split = (config: Config) =>
  layer('TextVectorization', { vocabulary: ['', '[UNK]', 'a'], output_mode: 'int', ...config });
const mel = (config: Config) =>
  layer('MelSpectrogram', { fft_length: 256, sequence_length: 256, num_mel_bins: 8, sampling_rate: 16000, ...config });
const norm = (config: Config, size = 4) =>
  layer('LayerNormalization', { axis: -1, ...config }, { gamma: [size], beta: [size] });
const statistics = { moving_mean: [4], moving_variance: [4] };

const normalizing: Refusal[] = [
  ['it normalises along the batch', layer('BatchNormalization', { axis: 0 }, statistics), matrix],
  ['it normalises along the batch', layer('GroupNormalization', { axis: 0, groups: 2 }), matrix],
  ['it normalises along the batch', norm({ axis: 0 }), matrix],
  [
    'its weights are not made for axis 1 of 5 elements',
    layer('BatchNormalization', { axis: -1 }, statistics),
    [null, 5],
  ],
  [
    'its weights are not made for axis 1 of 4 elements',
    layer('BatchNormalization', { axis: -1 }, { moving_mean: [4], moving_variance: [5] }),
    [null, null],
  ],
  [
    'its weights are not made for axis 2 of unknown elements',
    layer('GroupNormalization', { groups: 2 }),
    [null, 2, null],
  ],
  ['its weights are not made for axes of 5 elements', norm({}), [null, 5]],
  ['its weights are not made for axes of 6 and 4 elements', norm({ axis: [1, 2] }), steps],
  ["its 4 channels can't be split into 3 groups", layer('GroupNormalization', { groups: 3, axis: -1 }), image],
  ['it wraps no layer', layer('SpectralNormalization', {}), matrix],
];

const causal = (className: string, kernels: Record<string, number[]>) =>
  layer(className, { filters: 2, kernel_size: [2], padding: 'causal' }, kernels);

const convolving: Refusal[] = [
  ['it takes 3 axes, its input is (?, 6, 6, 4)', causal('Conv1D', { kernel: [2, 4, 2] }), image],
  ['it takes 3 axes, its input is (?, 4)', causal('SeparableConv1D', {}), matrix],
];

const pooling: Refusal[] = [
  ['its input has no spatial axes', layer('GlobalMaxPooling1D', {}), matrix],
  ['its input has no spatial axes', layer('GlobalAveragePooling2D', {}), matrix],
  ['its output_size is too large', layer('AdaptiveMaxPooling1D', { output_size: 65537 }), steps],
  ['its output_size is too large', layer('AdaptiveAveragePooling2D', { output_size: [2, 65537] }), image],
];

const merging: Refusal[] = [
  ['it takes two inputs, not 1', layer('Dot', { axes: 1 }), matrix],
  ['it takes two inputs, not 3', layer('Dot', { axes: 1 }), matrix, matrix, matrix],
  ['it sums along the batch', layer('Dot', { axes: 0 }), matrix, matrix],
  ['it sums along the batch', layer('Dot', { axes: [1, 0] }), matrix, matrix],
  ['it takes two batches of vectors', layer('Merge(mode=cos)', {}), matrix, steps],
  ['it takes two batches of vectors', layer('Merge(mode=cos)', {}), steps, matrix],
  [
    'what it answers depends on what else is in the batch; train it with mode=0',
    layer('BatchNormalization(mode=2)', {}),
    matrix,
  ],
  ['it takes vectors, its input is (?, 6, 4)', layer('MaxoutDense', {}, { W: [2, 4, 3] }), steps],
];

const looking: Refusal[] = [
  ['its vocabulary is empty', numbers({ vocabulary: [] }), whole],
  ['its vocabulary is empty', lookup({ vocabulary: ['[UNK]'] }), texts],
  ['its vocabulary has a term twice', lookup({ vocabulary: ['a', 'a'] }), texts],
  ['its vocabulary has the mask token among its terms', lookup({ vocabulary: ['a', 'm'], mask_token: 'm' }), texts],
  ['its vocabulary has the mask token among its terms', numbers({ mask_token: 4 }), whole],
  ['its vocabulary has more terms than its max_tokens', lookup({ max_tokens: 2 }), texts],
  ['its salt is no whole number that is exact in a file', lookup({ num_oov_indices: 2, salt: 0.5 }), texts],
  ['its salt is no whole number that is exact in a file', lookup({ num_oov_indices: 2, salt: [1, 2, 3] }), texts],
  ['its salt is no whole number that is exact in a file', lookup({ num_oov_indices: 2, salt: [1, 2 ** 53] }), texts],
  ['it is inverted, and called with strings', lookup({ invert: true }), texts],
  ['it is called with numbers', lookup({}), whole],
  ['it is called with numbers', split({}), whole],
  ['its ngrams are wider than 64', split({ ngrams: 65 }), texts],
  ['its ngrams are wider than 64', split({ ngrams: [1, 65] }), texts],
  ['its output is ragged; leave ragged out', split({ ragged: true }), texts],
  ['its output_mode is one_hot', split({ vocabulary: ['a'], output_mode: 'one_hot' }), texts],
  ['it splits texts that are not of the shape (batch,) or (batch, 1)', split({}), manyTexts],
  [
    'it splits nothing, and its input has other axes than (batch, strings)',
    split({ split: null }),
    { shape: [null], dtype: 'string' },
  ],
  [
    'its standardize is Python code, which is never run; do this step in the client',
    split({ standardize: { class_name: 'function' } }),
    texts,
  ],
  ['its split is Python code, which is never run; do this step in the client', split({ split: 'words' }), texts],
  ['it hashes True and False', layer('Hashing', { num_bins: 3 }), yes],
  ['it masks a value of fractions', layer('Hashing', { num_bins: 3, mask_value: 1 }), matrix],
  ['its bin_boundaries are not a list', layer('Discretization', { bin_boundaries: [[1, 2]] }), matrix],
  ['it crosses what is neither whole nor a string', layer('HashedCrossing', { num_bins: 3 }), texts, [null, 1]],
];

const others: Refusal[] = [
  ['it takes a batch of sounds, its input is (?, 4)', layer('STFTSpectrogram', {}), matrix],
  ['the number of its channels is unknown', layer('STFTSpectrogram', {}), [null, 600, null]],
  ['its fft_length or num_mel_bins is too large', mel({ fft_length: 2 ** 20 }), [null, 600]],
  ['its fft_length or num_mel_bins is too large', mel({ num_mel_bins: 2 ** 20 }), [null, 600]],
  ['its fft_length is below its sequence_length', mel({ fft_length: 128 }), [null, 600]],
  ['it takes a batch of images, its input is (?, 4)', layer('CenterCrop', { height: 2, width: 2 }), matrix],
  [
    'its fill_mode is not constant',
    layer('Resizing', { height: 2, width: 2, pad_to_aspect_ratio: true, fill_mode: 'wrap' }),
    image,
  ],
  ['it wraps no layer', layer('Bidirectional', {}), steps],
  ['it wraps no layer', layer('TimeDistributed', {}), steps],
  ['it has no cells', layer('RNN', {}, {}, { cell: layer('StackedRNNCells', {}) }), steps],
  ["its cell is Dense, which is not one of Keras's", layer('RNN', {}, {}, { cell: layer('Dense', {}) }), steps],
  [
    'its kernel of (4, 7) does not fit its 2 units',
    layer('LSTM', { units: 2 }, { kernel: [4, 7], recurrent_kernel: [2, 8] }),
    steps,
  ],
  [
    'its bias of (6) does not fit its 2 units',
    layer('GRU', { units: 2, reset_after: true }, { kernel: [4, 6], recurrent_kernel: [2, 6], bias: [6] }),
    steps,
  ],
  ['its table has the shape (4)', layer('Embedding', { input_dim: 4 }, { embeddings: [4] }), whole],
  ['its alpha has 3 axes, its input 3', layer('PReLU', {}, { alpha: [1, 6, 4] }), steps],
  ["a sample of the shape (4) can't become (3)", layer('Reshape', { target_shape: [3] }), matrix],
  ['it takes 4 axes, its input is (?, 6, 4)', layer('UpSampling2D', { size: [2, 2] }), steps],
  ['it takes 3 axes, its input is (?, 4)', layer('ZeroPadding1D', { padding: 1 }), matrix],
  ['it is not called with a query and a value', layer('Attention', {}), steps],
  [
    'its mean of the shape (5) is not made for the shape (?, 4)',
    layer('Normalization', { axis: -1 }, { mean: [5], variance: [5] }),
    matrix,
  ],
];

const local = (config: Config, weights: number[]) =>
  layer(
    'LocallyConnected1D',
    { filters: 2, kernel_size: 3, strides: 1, padding: 'valid', ...config },
    { kernel: weights },
  );
const tiles = (size: number | number[]) =>
  layer('ContrastLimitedAdaptiveHistogramEqualization', { tile_grid_size: size });

const rarely: Refusal[] = [
  ['it is not the one of keras.applications', layer('LayerScale', { init_values: 1 }, { gamma: [4] }), matrix],
  ['it is not the one of keras.applications', layer('LayerScale', { projection_dim: 4 }, { gamma: [4] }), matrix],
  ['it is not the one of keras.applications', layer('StochasticDepth', {}), matrix],
  ['it takes two inputs', layer('CustomScaleLayer', { scale: 0.5 }), matrix],
  ['its 5 tiles are too many for an image of the shape (?, 4, 2, 6)', tiles([5, 1]), [null, 2, 6, 4]],
  ['its tile_grid_size should be of numbers up to 256', tiles(257), image],
  ['the size of its input is unknown', local({}, [4, 12, 2]), [null, null, 4]],
  ['it takes 3 axes, its input is (?, 6, 4, 1)', local({}, [4, 12, 2]), [null, 6, 4, 1]],
  ['it has 95 weights where 96 are needed', local({}, [95]), steps],
  ['it has 95 weights where 192 are needed', local({ implementation: 2 }, [95]), steps],
  ['it has 95 weights, not 96', local({ implementation: 3 }, [95]), steps],
  ['its target_shape doesn’t fit its input', layer('Reshape', { target_shape: [2] }), manyTexts],
  ['its target_shape doesn’t fit its input', layer('Flatten', {}), { shape: [null, null, 2], dtype: 'string' }],
  ['it puts an axis between others of strings', layer('ops.ExpandDims', { axis: 1 }), manyTexts],
  ['an axis is of any size', layer('ops.ExpandDims', { axis: -1 }), { shape: [null, null], dtype: 'string' }],
  [
    'its input is one value a datapoint, and count makes one vector of all datapoints, which has no batch axis; give it the shape (1,), or use one_hot',
    layer('CategoryEncoding', { num_tokens: 3, output_mode: 'count' }),
    { shape: [null], dtype: 'int32' },
  ],
];

const many = (axes: number): Input => [null, ...Array<number>(axes - 1).fill(2)];
const statistic = (size: number) => ({ mean: [size], variance: [size] });
const recurrent = (className: string, gates: number) =>
  layer(className, { units: 2 }, { kernel: [4, 2 * gates], recurrent_kernel: [2, 2 * gates] });

const beside: Refusal[] = [
  [
    'it is given other tensors than images, labels, segmentation_masks and bounding_boxes',
    layer('RandomGrayscale', {}),
    image,
    matrix,
  ],
  [
    'it is given labels, bounding boxes or masks beside images; call it on the images alone',
    layer('CenterCrop', { height: 2, width: 2 }),
    image,
    matrix,
  ],
  ['its inputs have too many axes', layer('Dot', { axes: 1 }), many(13), many(13)],
  [
    'its mean of the shape (2, 4) has too many axes',
    layer('Normalization', { axis: -1 }, { mean: [2, 4], variance: [2, 4] }),
    matrix,
  ],
  ['the size of an axis that it keeps is unknown', layer('Normalization', { axis: -1 }, statistic(4)), [null, null]],
  [
    'its output_shape is [null,9,9,2], not (?, 12, 12, 2)',
    layer(
      'Conv2DTranspose',
      { filters: 2, kernel_size: [2, 2], strides: [2, 2], padding: 'valid', output_shape: [null, 9, 9, 2] },
      { kernel: [2, 2, 2, 4] },
    ),
    image,
  ],
  [
    'its vocabulary is not in the file; save the model as .keras, or lay it beside it as tested.vocabulary.txt, a term in each line, or as .pkl, a pickled list of them',
    lookup({ vocabulary: null }),
    texts,
  ],
  [
    'its input has 3 axes instead of 4',
    layer('ConvLSTM1D', { filters: 1, kernel_size: [1] }, { kernel: [1, 4, 4], recurrent_kernel: [1, 1, 4] }),
    steps,
  ],
  ['it is called with 2 initial states and has 1', recurrent('SimpleRNN', 1), steps, [null, 2], [null, 2]],
  ['it is called with 1 initial states and has 2', recurrent('LSTM', 4), steps, [null, 2]],
  ['it is given a tensor of the shape (?, 3) for one of (?, 2)', recurrent('SimpleRNN', 1), steps, [null, 3]],
];

const tables = { normalizing, convolving, pooling, merging, looking, others, rarely, beside };
for (const [what, refusals] of Object.entries(tables))
  describe(`refusals of layers: ${what}`, () => {
    refusals.forEach(([reason, tested, ...inputs], index) => {
      it(`${tested.className} ${JSON.stringify(tested.config)}: ${reason} (${index})`, () => {
        const named = Object.fromEntries(inputs.map((input, at) => [`x${at}`, input]));
        const names = Object.keys(named);
        const model = layerModel(tested, named, { args: names.length > 1 ? [names] : names });
        assert.equal(refusalOf(model), reason);
      });
    });
  });
