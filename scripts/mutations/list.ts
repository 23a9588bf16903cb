import { httpMutations } from './http.js';
import { inferenceMutations } from './inference.js';
import { jobMutations } from './jobs.js';
import { pickleMutations } from './pickles.js';
import { pluginMutations } from './plugins.js';
import { servingMutations } from './serving.js';
import { settingMutations } from './settings.js';
import { stringMutations } from './strings.js';

/** A small mistake in a source file that a test has to notice. */
export interface Mutation {
  /** What the mistake is. */
  about: string;
  /** The source file, from the project's folder. */
  file: string;
  /** What stands in it, once. */
  search: string;
  replacement: string;
  /** The test file that must fail. */
  test: string;
  /** What the name of the test in it holds. */
  name: string;
  /** The family of fixtures that the test is about. */
  family?: string;
}

const layers = 'src/onnx/layers';
const operations = `${layers}/operations`;
const operators = 'src/onnx/operators';

/** Mistakes in the compiler that have been tried, each of a kind of its own. */
const compilerMutations: (Pick<Mutation, 'about' | 'file' | 'search' | 'replacement'> & {
  /** The fixture for which the test must fail: its family and what its name holds. */
  fixture: [family: string, name: string];
})[] = [
  {
    about: 'A nested model gets its inputs in the types that they come in',
    file: 'src/onnx/input-types.ts',
    search: 'const stays = value.type === type || (',
    replacement: 'const stays = true || (',
    fixture: ['keras-tests', 'nested_types'],
  },
  {
    about: 'Singular values: the columns of a step meet the same ones again',
    file: `${operators}/rotations.ts`,
    search: 'equal(place, 1), at(half), last)',
    replacement: 'equal(place, 1), 1, last)',
    fixture: ['singular-values', 'svd_values_square'],
  },
  {
    about: 'ReLU with a slope and a maximum loses the slope',
    file: `${layers}/activation.ts`,
    search: 'return slope === 0 ? clip(x, 0, maximum) : min(sloped, maximum);',
    replacement: 'return clip(x, 0, maximum);',
    fixture: ['special-values', 'special_layers_of_one'],
  },
  {
    about: 'ReLU with a threshold, a slope and a maximum loses the slope',
    file: `${layers}/activation.ts`,
    search: 'return slope === 0 ? limited : sub(limited, mul(relu(sub(threshold, x)), slope));',
    replacement: 'return limited;',
    fixture: ['special-values', 'special_layers_of_one'],
  },
  {
    about: 'Softmax over several axes takes the first',
    file: `${layers}/activation.ts`,
    search: 'axes.length === 1 ? softmax',
    replacement: 'axes.length > 0 ? softmax',
    fixture: ['activation', 'softmax'],
  },
  {
    about: 'a reduction without axes is one over the last',
    file: `${operators}/reduce.ts`,
    search: '(axes ?? x.shape.map((_, axis) => axis))',
    replacement: '(axes ?? [x.rank - 1])',
    fixture: ['special-values', 'special_sums'],
  },
  {
    about: 'axes are counted from the front alone',
    file: `${operations}/arguments.ts`,
    search: 'map((axis) => normalizeAxis(axis, rank))',
    replacement: 'map((axis) => Math.abs(axis))',
    fixture: ['functions', 'function_max'],
  },
  {
    about: 'nanargmax of nothing but NaN is 0',
    file: `${operations}/reduction.ts`,
    search: "a.boolean('keepdims')), -1, index)",
    replacement: "a.boolean('keepdims')), 0, index)",
    fixture: ['special-values', 'special_numbers_alone'],
  },
  {
    about: 'the maximum passes over NaN',
    file: `${operators}/reduce.ts`,
    search: 'orNan(reduceMax)',
    replacement: 'reduceMax',
    fixture: ['special-values', 'special_extremes'],
  },
  {
    about: 'the logarithm of a sum of exponentials takes 0 for the greatest',
    file: `${operators}/reduce.ts`,
    search: 'where(isInf(found), 0, found)',
    replacement: 'where(isInf(found), 0, sub(found, found))',
    fixture: ['further-operations', 'ops_logsumexp_low'],
  },
  {
    about: 'a sequence that falls out of the beams is continued all the same',
    file: `${operations}/ctc-beams.ts`,
    search: 'where(falls, 0, going!)',
    replacement: 'going!',
    fixture: ['further-operations', 'ops_ctc_decode_beams'],
  },
  {
    about: 'argmax has 0 and -0 as equals',
    file: `${operations}/reduction.ts`,
    search: 'where(isNegativeZero, -tiny, x)',
    replacement: 'where(isNegativeZero, 0, x)',
    fixture: ['special-values', 'special_negative_zero'],
  },
  {
    about: 'argmin finds what is no number',
    file: `${operations}/reduction.ts`,
    search: '[argMin, Number.POSITIVE_INFINITY]',
    replacement: '[argMin, Number.NEGATIVE_INFINITY]',
    fixture: ['special-values', 'special_extremes'],
  },
  {
    about: 'a remainder keeps the sign of the dividend',
    file: `${operators}/elementwise.ts`,
    search: 'return where(turned, add(rest, right), rest);',
    replacement: 'return rest;',
    fixture: ['special-values', 'special_remainders'],
  },
  {
    about: 'the root of negative infinity is NaN',
    file: `${operations}/arithmetic.ts`,
    search: 'exponent === 0.5 ? squareRoot(x)',
    replacement: 'exponent === 0.5 ? sqrt(x)',
    fixture: ['special-values', 'special_limits'],
  },
  {
    about: 'fmax of a number and NaN is NaN',
    file: `${operations}/arithmetic.ts`,
    search: 'Fmax: binary(ignoringNan(max)),',
    replacement: 'Fmax: binary(max),',
    fixture: ['special-values', 'special_arithmetic'],
  },
  {
    about: 'arctan2 in the wrong quadrant',
    file: `${operations}/arithmetic.ts`,
    search: 'where(less(y, 0), sub(angle, Math.PI), add(angle, Math.PI))',
    replacement: 'add(angle, Math.PI)',
    fixture: ['special-values', 'special_two_numbers'],
  },
  {
    about: 'hypot of two zeros is NaN',
    file: `${operations}/arithmetic.ts`,
    search: 'square(divideNoNan(small, large))',
    replacement: 'square(div(small, large))',
    fixture: ['special-values', 'special_two_numbers'],
  },
  {
    about: 'isclose does not heed equal_nan',
    file: `${operations}/comparison.ts`,
    search: "a.boolean('equal_nan') ? or(near, and(isNan(x1), isNan(x2))) : near",
    replacement: 'near',
    fixture: ['special-values', 'special_closeness'],
  },
  {
    about: 'the quantile between two places takes the first',
    file: `${operations}/quantiles.ts`,
    search: 'const part = sub(above, exact);',
    replacement: 'const part = sub(above, below);',
    fixture: ['special-values', 'special_quantiles'],
  },
  {
    about: 'a running sum of numbers alone keeps infinities',
    file: `${operations}/sorting.ts`,
    search: 'clip(x, -largestFloat, largestFloat)',
    replacement: 'x',
    fixture: ['special-values', 'special_running_totals'],
  },
  {
    about: 'a value that is no number lies before all bins',
    file: `${operations}/sorting.ts`,
    search: 'not(less(unsqueeze(x, [-1]), bins))',
    replacement: 'lessOrEqual(bins, unsqueeze(x, [-1]))',
    fixture: ['special-values', 'special_limits'],
  },
  {
    about: 'Discretization has what is no number before all bins',
    file: `${layers}/categories.ts`,
    search: 'not(less(unsqueeze(toFloat(x!), [-1]), boundaries))',
    replacement: 'less(boundaries, unsqueeze(toFloat(x!), [-1]))',
    fixture: ['special-values', 'special_layers_of_one'],
  },
  {
    about: 'soft_shrink forgets the lower side',
    file: 'src/onnx/activations.ts',
    search: 'where(less(x, -threshold), add(x, threshold), 0)',
    replacement: 'where(less(x, -threshold), 0, 0)',
    fixture: ['special-values', 'special_activations'],
  },
  {
    about: 'GlobalMaxPooling passes over NaN',
    file: `${layers}/pooling.ts`,
    search: "isNan(pool('GlobalAveragePool', abs(first)))",
    replacement: 'isNan(found)',
    fixture: ['special-values', 'special_pooling'],
  },
  {
    about: 'images that show their size when the model runs are large enough for CenterCrop',
    file: `${layers}/image-preprocessing.ts`,
    search: 'greaterOrEqual(length, target[index]!),',
    replacement: 'greaterOrEqual(length, 0),',
    fixture: ['preprocessing', 'center_crop_dynamic'],
  },
  {
    about: 'the deviation of numbers alone counts the others',
    file: `${operations}/reduction.ts`,
    search: 'mul(sub(withoutNan(x, 0), nanMean(x, axes, true)), counted)',
    replacement: 'sub(withoutNan(x, 0), nanMean(x, axes, true))',
    fixture: ['special-values', 'special_numbers_alone'],
  },
];

export const mutations: Mutation[] = [
  ...compilerMutations.map(({ fixture: [family, name], ...mutation }) => ({
    ...mutation,
    test: 'test/onnx/fixtures.test.ts',
    name,
    family,
  })),
  ...pluginMutations,
  ...httpMutations,
  ...jobMutations,
  ...servingMutations,
  ...settingMutations,
  ...stringMutations,
  ...pickleMutations,
  ...inferenceMutations,
];
