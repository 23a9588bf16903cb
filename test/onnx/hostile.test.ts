/** Files that are damaged or made to do harm: whatever a config or a weight says, it is an answer or a ModelFileError. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Config,
  type ConfigValue,
  type KerasModel,
  type Layer,
  ModelFileError,
  readKerasModel,
} from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { StringsError } from '../../src/strings/errors.js';
import { sessionOf } from '../helpers/compiled-session.js';
import { as, decode, type FixtureCase, unpackFamily } from '../helpers/fixtures.js';
import { type Input, layer, layerModel } from '../helpers/layer-model.js';

const image: Input = [null, 6, 6, 2];
const steps: Input = [null, 6, 4];
const convolution = {
  filters: 3,
  kernel_size: [3, 3],
  strides: [1, 1],
  dilation_rate: [1, 1],
  padding: 'valid',
  groups: 1,
};
const kernel = { kernel: [3, 3, 2, 3] };
const dense = (units: number) => layer('Dense', { units }, { kernel: [4, 3], bias: [3] });

/** A layer with one thing wrong, and what the message must say of it. */
const wrong: [what: string, input: Input, tested: Layer, message: RegExp][] = [
  [
    'a stride of 0',
    image,
    layer('Conv2D', { ...convolution, strides: 0 }, kernel),
    /strides should be whole and at least 1, not \[0,0\]/,
  ],
  ['a negative stride', image, layer('Conv2D', { ...convolution, strides: [1, -1] }, kernel), /strides should be/],
  ['half a stride', image, layer('Conv2D', { ...convolution, strides: 0.5 }, kernel), /strides should be whole/],
  [
    'a stride in words',
    image,
    layer('Conv2D', { ...convolution, strides: 'one' }, kernel),
    /strides should be 2 numbers, not "one"/,
  ],
  [
    'too many strides',
    image,
    layer('Conv2D', { ...convolution, strides: [1, 1, 1] }, kernel),
    /strides should be 2 numbers/,
  ],
  ['an endless stride', image, layer('Conv2D', { ...convolution, strides: 'Infinity' }, kernel), /strides should be/],
  ['no number at all', image, layer('Conv2D', { ...convolution, strides: 'NaN' }, kernel), /strides should be/],
  [
    '10^12 units',
    [null, 4],
    dense(1e12),
    /units should be whole and at least 1 and at most 2147483647, not 1000000000000/,
  ],
  ['-5 units', [null, 4], dense(-5), /units should be whole and at least 1, not -5/],
  ['no units', [null, 4], dense(0), /units should be whole and at least 1, not 0/],
  ['half a unit', [null, 4], dense(2.5), /units should be whole and at least 1, not 2\.5/],
  ['more units than weights', [null, 4], dense(4), /units should be 4, but its kernel has the shape \(4, 3\)/],
  [
    'more filters than weights',
    image,
    layer('Conv2D', { ...convolution, filters: 4 }, kernel),
    /filters should be 4, but/,
  ],
  [
    'a larger table than its weights',
    [null, 4],
    layer('Embedding', { input_dim: 9, output_dim: 3 }, { embeddings: [8, 3] }),
    /input_dim should be 9, but its embeddings has the shape \(8, 3\)/,
  ],
  [
    'more recurrent units than weights',
    steps,
    layer('SimpleRNN', { units: 4 }, { kernel: [4, 3], recurrent_kernel: [3, 3], bias: [3] }),
    /units should be 4, but its recurrent_kernel has the shape \(3, 3\)/,
  ],
  ['an empty kernel', image, layer('Conv2D', { ...convolution, kernel_size: 0 }, kernel), /kernel_size should be/],
  ['a kernel of another size', image, layer('Conv2D', { ...convolution, kernel_size: 2 }, kernel), /weights don't fit/],
  [
    'a kernel larger than its input',
    image,
    layer('Conv2D', { ...convolution, dilation_rate: 9 }, kernel),
    /spans 19 elements, its input has 6/,
  ],
  [
    'a kernel for other channels',
    image,
    layer('Conv2D', convolution, { kernel: [3, 3, 5, 3] }),
    /takes 5 channels, its input has 2/,
  ],
  ['more groups than channels', image, layer('Conv2D', { ...convolution, groups: 2 ** 20 }, kernel), /channels/],
  [
    'a padding that is none',
    image,
    layer('Conv2D', { ...convolution, padding: 'reflect' }, kernel),
    /padding should be valid or same/,
  ],
  [
    'padding for time in an image',
    image,
    layer('Conv2D', { ...convolution, padding: 'causal' }, kernel),
    /padding should be/,
  ],
  ['a bias of another size', image, layer('Conv2D', convolution, { ...kernel, bias: [4] }), /weights don't fit/],
  ['no kernel', image, layer('Conv2D', convolution), /no weight "kernel"/],
  ['an input of too few axes', steps, layer('Conv2D', convolution, kernel), /it takes 4 axes/],
  ['an activation of its own', steps, layer('Activation', { activation: 'mine' }), /"mine"/],
  ['an activation named like a method', steps, layer('Activation', { activation: 'constructor' }), /"constructor"/],
  ['an activation that is a list', steps, layer('Activation', { activation: ['relu'] }), /activation/],
  ['a kernel that does not fit', steps, layer('Dense', {}, { kernel: [5, 3] }), /can't be multiplied/],
  ['a table of no rows', steps, layer('Embedding', {}, { embeddings: [3] }), /table has the shape/],
  ['an equation of nonsense', steps, layer('EinsumDense', { equation: '(((' }, { kernel: [4, 3] }), /doesn't fit/],
  ['a size beyond all bounds', steps, layer('RepeatVector', { n: 1e12 }), /n should be/],
  ['a pad beyond all bounds', steps, layer('ZeroPadding1D', { padding: [2 ** 30, 0] }), /too large/],
  ['a negative pad', steps, layer('ZeroPadding1D', { padding: [-1, 0] }), /padding should be/],
  ['a cut that leaves nothing', steps, layer('Cropping1D', { cropping: [4, 4] }), /don't fit/],
  ['an enlargement beyond all bounds', image, layer('UpSampling2D', { size: 2 ** 20 }), /too large/],
  ['a resize beyond all bounds', image, layer('Resizing', { height: 2 ** 30, width: 2 ** 30 }), /too large/],
  ['a resize to nothing', image, layer('Resizing', { height: 0, width: 4 }), /height should be/],
  ['a shape of other numbers', steps, layer('Reshape', { target_shape: [5, 5] }), /can't become/],
  ['a shape with two unknowns', steps, layer('Reshape', { target_shape: [-1, -1] }), /can't become/],
  ['a shape of less than nothing', steps, layer('Reshape', { target_shape: [-24] }), /target_shape should be/],
  ['axes named twice', steps, layer('Permute', { dims: [1, 1] }), /are not those/],
  ['an axis that is not there', steps, layer('Softmax', { axis: 7 }), /no axis 7/],
  [
    'a variance for other channels than the mean',
    steps,
    layer('BatchNormalization', {}, { moving_mean: [4], moving_variance: [1] }),
    /weights are not made for/,
  ],
  ['normalising along the batch', steps, layer('BatchNormalization', { axis: 0 }), /batch/],
  [
    'normalising each place of the batch',
    steps,
    layer('LayerNormalization', { axis: [0, 2] }, { gamma: [2, 4] }),
    /batch/,
  ],
  [
    'statistics of another size',
    steps,
    layer('BatchNormalization', {}, { moving_mean: [3], moving_variance: [3] }),
    /axis 2 of 4/,
  ],
  ['no groups', steps, layer('GroupNormalization', { groups: 0 }), /groups/],
  ['groups that do not divide', steps, layer('GroupNormalization', { groups: 3 }), /groups/],
  [
    'tokens without end',
    { shape: [null, 3], dtype: 'int64' },
    layer('CategoryEncoding', { num_tokens: 2 ** 31 - 1, output_mode: 'count' }),
    /too large/,
  ],
  [
    'n-grams of a billion widths',
    { shape: [null, 1], dtype: 'string' },
    layer('TextVectorization', { vocabulary: ['a'], ngrams: 1e9 }),
    /its ngrams are wider than 64/,
  ],
  [
    'weights for a billion unknown categories',
    { shape: [null, 3], dtype: 'string' },
    layer('StringLookup', { vocabulary: ['a'], idf_weights: [1], output_mode: 'tf_idf', num_oov_indices: 2 ** 30 }),
    /too large/,
  ],
  [
    'a vocabulary in a file',
    { shape: [null, 3], dtype: 'int64' },
    layer('IntegerLookup', { vocabulary: '/etc/passwd' }),
    /vocabulary should be numbers/,
  ],
  [
    'an uneven list',
    steps,
    layer('Normalization', { mean: [1, [2]], variance: [1] }),
    /mean should be numbers in even lists/,
  ],
  [
    'a mean for other columns than it was built for',
    steps,
    { ...layer('Normalization', { axis: -1, mean: [1, 2], variance: [1, 2] }), builtShape: [null, 3, 4] },
    /its mean of the shape \(2\) is not made for the shape \(\?, 3, 4\)/,
  ],
  [
    'a mean for columns beyond all bounds',
    steps,
    { ...layer('Normalization', { axis: -1, mean: 1, variance: 1 }), builtShape: [null, 3, 2 ** 40] },
    /too large/,
  ],
  [
    'a mean for columns that nobody counted',
    steps,
    { ...layer('Normalization', { axis: -1, mean: 1, variance: 1 }), builtShape: [null, 3, null] },
    /the size of an axis that it keeps is unknown/,
  ],
  ['pooling to nothing', image, layer('AdaptiveMaxPooling2D', { output_size: [0, 1] }), /output_size should be/],
  [
    'output that no stride reaches',
    image,
    layer('Conv2DTranspose', { ...convolution, output_padding: 5 }, { kernel: [3, 3, 3, 2] }),
    /output_padding/,
  ],
];

describe('a layer with', () => {
  for (const [what, input, tested, message] of wrong) {
    it(`${what} (${tested.className}) is refused`, () => {
      assert.throws(
        () => compile(layerModel(tested, { x: input })),
        (error: Error) => {
          assert.ok(error instanceof ModelFileError, `${error.name}: ${error.message}`);
          assert.match(error.message, message);
          assert.match(error.message, /tested/);
          return true;
        },
      );
    });
  }
});

/** Fixtures whose sizes are all known, so that what compiles must run. */
const mutated: Record<string, string[]> = {
  core: ['einsum_dense_to_heads', 'embedding_steps', 'masking_output_zeroed', 'dense_over_sequence'],
  convolution: [
    'conv2d_dilated_same',
    'conv1d_causal_dilated',
    'separable_conv2d_same_strided_multiplier',
    'depthwise_conv2d_multiplier',
  ],
  'transposed-convolution': ['conv2d_transpose_output_padding_same'],
  pooling: ['average_pooling2d_same', 'adaptive_max_pooling2d_uneven'],
  normalization: ['batch_normalization_axis_first', 'group_normalization_two_groups', 'layer_normalization_axes_apart'],
  reshaping: ['up_sampling2d_bicubic', 'cropping2d_pairs', 'reshape_inferred', 'zero_padding3d_pairs'],
  merging: ['dot_axes_pair', 'concatenate_three_negative'],
  preprocessing: [
    'resizing_crop_to_aspect_ratio',
    'integer_lookup_tf_idf',
    'discretization_count',
    'normalization_given_image',
  ],
  strings: [
    'text_vectorization_ngrams_three',
    'text_vectorization_tf_idf_padded',
    'string_lookup_many_oov_and_mask',
    'string_lookup_invert_mask',
    'hashing_salts',
    'hashed_crossing_one_hot',
  ],
};

/** Values that no layer expects, beside some that it may. */
const values: fc.Arbitrary<ConfigValue> = fc.oneof(
  fc.constantFrom<ConfigValue[]>(
    null,
    true,
    0,
    -1,
    0.5,
    1e9,
    2 ** 31,
    1e300,
    'NaN',
    'Infinity',
    '',
    'same',
    'causal',
    'channels_first',
  ),
  fc.integer({ min: -3, max: 9 }),
  fc.array(fc.integer({ min: -2, max: 5 }), { maxLength: 4 }),
  fc.constantFrom<ConfigValue[]>(
    [],
    {},
    [
      [1, 2],
      [3, 4],
    ],
    [1, [2, 3]],
    ['a'],
    { class_name: 'ReLU', config: {} },
    [1e12, 1],
  ),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<ConfigValue>,
);

function layersOf(model: KerasModel): Layer[] {
  return model.graph.calls.map((call) => call.layer).filter(({ config }) => Object.keys(config).length > 0);
}

/** Runs a model on the fixture's inputs. */
async function answer(model: KerasModel, fixture: FixtureCase): Promise<void> {
  const compiled = compile(model);
  const session = await sessionOf(compiled);
  const size = compiled.outputs.map(({ shape }) => shape.reduce<number>((count, one) => count * (one ?? 1), 1));
  const given = compiled.inputs.map(({ name, type }, index) => {
    const recorded = fixture.inputs.find((input) => input.name === name) ?? fixture.inputs[index]!;
    return [name, as(decode(recorded), type)] as const;
  });
  if (Math.max(...size) < 1e6) await session.run(Object.fromEntries(given), []);
  await session.close();
}

describe('a config with one setting changed', () => {
  for (const [family, names] of Object.entries(mutated)) {
    const { folder, cases } = unpackFamily(family);
    after(() => rmSync(folder, { recursive: true }));
    for (const name of names) {
      it(`of ${name} gives an answer or is refused`, async () => {
        const fixture = cases.find((one) => one.name === name);
        assert.ok(fixture, `the family ${family} has ${name}`);
        const model = await readKerasModel(fixture.model);
        const settings = layersOf(model).flatMap((one) =>
          Object.keys(one.config)
            .filter((key) => !/name|trainable|initializer|regularizer|constraint|dtype/.test(key))
            .map((key): [Config, string] => [one.config, key]),
        );
        assert.ok(settings.length > 0);
        await fc.assert(
          fc.asyncProperty(fc.constantFrom(...settings), values, async ([config, key], value) => {
            const before = config[key]!;
            config[key] = value;
            try {
              await answer(model, fixture);
            } catch (error) {
              if (!(error instanceof ModelFileError || error instanceof StringsError)) throw error;
            } finally {
              config[key] = before;
            }
          }),
          { numRuns: 40 },
        );
      });
    }
  }
});
