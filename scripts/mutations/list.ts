/** A small mistake in a source file that a test has to notice. */
export interface Mutation {
  /** What the mistake is. */
  about: string;
  /** The source file, from the project's folder. */
  file: string;
  /** What stands in it, once. */
  search: string;
  replacement: string;
  /** The families of fixtures in which `test/onnx/fixtures.test.ts` must fail. */
  fixtures: string;
}

const layers = 'src/onnx/layers';
const operations = `${layers}/operations`;
const operators = 'src/onnx/operators';

/** Mistakes that have been tried, each of a kind of its own. */
export const mutations: Mutation[] = [
  {
    about: 'ReLU with a slope and a maximum loses the slope',
    file: `${layers}/activation.ts`,
    search: 'return slope === 0 ? clip(x, 0, maximum) : min(sloped, maximum);',
    replacement: 'return clip(x, 0, maximum);',
    fixtures: 'special-values',
  },
  {
    about: 'ReLU with a threshold, a slope and a maximum loses the slope',
    file: `${layers}/activation.ts`,
    search: 'return slope === 0 ? limited : sub(limited, mul(relu(sub(threshold, x)), slope));',
    replacement: 'return limited;',
    fixtures: 'special-values',
  },
  {
    about: 'Softmax over several axes takes the first',
    file: `${layers}/activation.ts`,
    search: 'axes.length === 1 ? softmax',
    replacement: 'axes.length > 0 ? softmax',
    fixtures: 'activation',
  },
  {
    about: 'a reduction without axes is one over the last',
    file: `${operators}/reduce.ts`,
    search: '(axes ?? x.shape.map((_, axis) => axis))',
    replacement: '(axes ?? [x.rank - 1])',
    fixtures: 'special-values',
  },
  {
    about: 'axes are counted from the front alone',
    file: `${operations}/arguments.ts`,
    search: 'const at = normalizeAxis(axis, rank);',
    replacement: 'const at = Math.abs(axis);',
    fixtures: 'functions',
  },
  {
    about: 'nanargmax of nothing but NaN is 0',
    file: `${operations}/reduction.ts`,
    search: "a.boolean('keepdims')), -1, index)",
    replacement: "a.boolean('keepdims')), 0, index)",
    fixtures: 'special-values',
  },
  {
    about: 'the maximum passes over NaN',
    file: `${operators}/reduce.ts`,
    search: 'orNan(reduceMax)',
    replacement: 'reduceMax',
    fixtures: 'special-values',
  },
  {
    about: 'the logarithm of a sum of exponentials passes over NaN beside infinity',
    file: `${operators}/reduce.ts`,
    search: 'orNan(reduceLogSumExp)',
    replacement: 'reduceLogSumExp',
    fixtures: 'special-values',
  },
  {
    about: 'argmax has 0 and -0 as equals',
    file: `${operations}/reduction.ts`,
    search: 'where(isNegativeZero, -tiny, x)',
    replacement: 'where(isNegativeZero, 0, x)',
    fixtures: 'special-values',
  },
  {
    about: 'argmin finds what is no number',
    file: `${operations}/reduction.ts`,
    search: '[argMin, Number.POSITIVE_INFINITY]',
    replacement: '[argMin, Number.NEGATIVE_INFINITY]',
    fixtures: 'special-values',
  },
  {
    about: 'a remainder keeps the sign of the dividend',
    file: `${operators}/elementwise.ts`,
    search: 'return where(turned, add(rest, right), rest);',
    replacement: 'return rest;',
    fixtures: 'special-values',
  },
  {
    about: 'the root of negative infinity is NaN',
    file: `${operations}/arithmetic.ts`,
    search: 'exponent === 0.5 ? squareRoot(x)',
    replacement: 'exponent === 0.5 ? sqrt(x)',
    fixtures: 'special-values',
  },
  {
    about: 'fmax of a number and NaN is NaN',
    file: `${operations}/arithmetic.ts`,
    search: 'Fmax: binary(ignoringNan(max)),',
    replacement: 'Fmax: binary(max),',
    fixtures: 'special-values',
  },
  {
    about: 'arctan2 in the wrong quadrant',
    file: `${operations}/arithmetic.ts`,
    search: 'where(less(y, 0), sub(angle, Math.PI), add(angle, Math.PI))',
    replacement: 'add(angle, Math.PI)',
    fixtures: 'special-values',
  },
  {
    about: 'hypot of two zeros is NaN',
    file: `${operations}/arithmetic.ts`,
    search: 'square(divideNoNan(small, large))',
    replacement: 'square(div(small, large))',
    fixtures: 'special-values',
  },
  {
    about: 'isclose does not heed equal_nan',
    file: `${operations}/comparison.ts`,
    search: "a.boolean('equal_nan') ? or(near, and(isNan(x1), isNan(x2))) : near",
    replacement: 'near',
    fixtures: 'special-values',
  },
  {
    about: 'the quantile between two places takes the first',
    file: `${operations}/quantiles.ts`,
    search: 'const part = sub(above, exact);',
    replacement: 'const part = sub(above, below);',
    fixtures: 'special-values',
  },
  {
    about: 'a running sum of numbers alone keeps infinities',
    file: `${operations}/sorting.ts`,
    search: 'clip(x, -largestFloat, largestFloat)',
    replacement: 'x',
    fixtures: 'special-values',
  },
  {
    about: 'a value that is no number lies before all bins',
    file: `${operations}/sorting.ts`,
    search: 'not(less(unsqueeze(x, [-1]), bins))',
    replacement: 'lessOrEqual(bins, unsqueeze(x, [-1]))',
    fixtures: 'special-values',
  },
  {
    about: 'Discretization has what is no number before all bins',
    file: `${layers}/categories.ts`,
    search: 'not(less(unsqueeze(toFloat(x!), [-1]), boundaries))',
    replacement: 'not(equal(min(unsqueeze(toFloat(x!), [-1]), boundaries), unsqueeze(toFloat(x!), [-1])))',
    fixtures: 'special-values',
  },
  {
    about: 'soft_shrink forgets the lower side',
    file: 'src/onnx/activations.ts',
    search: 'where(less(x, -threshold), add(x, threshold), 0)',
    replacement: 'where(less(x, -threshold), 0, 0)',
    fixtures: 'special-values',
  },
  {
    about: 'GlobalMaxPooling passes over NaN',
    file: `${layers}/pooling.ts`,
    search: "isNan(pool('GlobalAveragePool', abs(first)))",
    replacement: 'isNan(found)',
    fixtures: 'special-values',
  },
  {
    about: 'images that show their size when the model runs are large enough for CenterCrop',
    file: `${layers}/image-preprocessing.ts`,
    search: 'where(fits, target[index]!, asSize(x, length))',
    replacement: 'asSize(x, target[index]!)',
    fixtures: 'preprocessing',
  },
  {
    about: 'the product of one masked input alone is 0 where it is masked',
    file: `${layers}/merging.ts`,
    search: 'present.length < inputs.length || inputs.length < 2',
    replacement: 'present.length < inputs.length',
    fixtures: 'merging',
  },
  {
    about: 'the deviation of numbers alone counts the others',
    file: `${operations}/reduction.ts`,
    search: 'mul(sub(withoutNan(x, 0), nanMean(x, axes, true)), counted)',
    replacement: 'sub(withoutNan(x, 0), nanMean(x, axes, true))',
    fixtures: 'special-values',
  },
];
