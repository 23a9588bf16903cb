import { naturalPictures, type SeenPictures, type SeenScaling, scalingHypotheses } from './scaling-hypotheses.js';

/** The first convolution of a model, and what batch normalisation has seen of its answers to the pictures of its training. */
export interface SeenConvolution {
  /** height × width × channels × filters, row-major. */
  kernel: Float32Array;
  shape: readonly [height: number, width: number, channels: number, filters: number];
  /** One for each filter. */
  bias: Float32Array;
  /** What is between the two, in Keras's words: `linear` for nothing. */
  activation: string;
  /** Of the answers, one for each filter. */
  mean: Float32Array;
  variance: Float32Array;
}

/** How likely it is that pictures were scaled so. */
export interface ScalingLikelihood {
  scaling: SeenScaling;
  /** A natural logarithm, of which only differences mean something. */
  logLikelihood: number;
  /** How well the best pictures fit, a logarithm for each filter: 0 is all, less than -3 hardly anything. */
  fit: number;
  /** That the pictures had, from 0 to 1, if they were scaled so. */
  brightness?: number;
}

/** Parts of what moving statistics begin with, 0 and 1, that a training may leave in them. */
const rests = [0, 0.005, 0.03];

/** The fewest filters that tell something, the most that are looked at, and how many of them tell something by themselves. */
const [fewestFilters, maxFilters, independent] = [4, 32, 8];

/** How far what was seen is from what is expected where all else is right: in deviations, and as a logarithm of variances. */
const [meanError, varianceError] = [0.2, 0.6];

/**
 * How likely each way of scaling is by what the filters are expected to answer to natural pictures scaled so: the one to choose
 * first, for which counts how usual it is, too. Effects at the edges are left out.
 * @param side of the pictures, in pixels
 * @returns nothing where that can't be said: for an activation that isn't known, or statistics that nothing was trained with
 */
export function scalingLikelihoods(seen: SeenConvolution, side: number): ScalingLikelihood[] {
  const passed = Object.hasOwn(activations, seen.activation) ? activations[seen.activation] : undefined;
  const channels = seen.shape[2];
  const filters = filtersOf(seen);
  if (!passed || filters.length < fewestFilters) return [];
  const forms = naturalPictures.lengths.map((length) => filters.map((filter) => formOf(seen, filter, length * side)));
  const temper = Math.min(1, independent / filters.length);

  const likelihoodOf = (scaling: SeenScaling): ScalingLikelihood => {
    const all = scalingHypotheses[scaling].pictures(channels);
    const weights = all.reduce((sum, { weight }) => sum + weight, 0);
    const tried = all.flatMap((pictures) =>
      forms.flatMap((form) =>
        rests.map((rest) => {
          const answers = filters.map((filter, index) => answerOf(seen, filter, form[index]!, pictures, rest, passed));
          const log = answers.reduce((sum, answer) => sum + answer.fit - answer.logError, 0) * temper;
          const fit = answers.reduce((sum, answer) => sum + answer.fit, 0) / filters.length;
          const prior = Math.log(pictures.weight / weights / forms.length / rests.length);
          return { log: log + prior, fit, brightness: pictures.brightness };
        }),
      ),
    );
    const best = tried.reduce((one, other) => (other.log > one.log ? other : one));
    const sum = tried.reduce((total, { log }) => total + Math.exp(log - best.log), 0);
    return { scaling, logLikelihood: best.log + Math.log(sum), fit: best.fit, brightness: best.brightness };
  };

  return (Object.keys(scalingHypotheses) as SeenScaling[])
    .filter((scaling) => channels === 3 || !scalingHypotheses[scaling].colourOnly)
    .map(likelihoodOf)
    .toSorted((one, other) => weighted(other) - weighted(one));
}

const weighted = ({ scaling, logLikelihood }: ScalingLikelihood): number =>
  logLikelihood + Math.log(scalingHypotheses[scaling].usual);

/** How many times as likely one scaling is as another: that it is more usual doesn't count, that it is less does. */
export function oddsOf(one: ScalingLikelihood, other: ScalingLikelihood): number {
  const usual = scalingHypotheses[one.scaling].usual / scalingHypotheses[other.scaling].usual;
  return Math.exp(one.logLikelihood - other.logLikelihood) * Math.min(usual, 1);
}

/** Some filters, spread over all that differ and answer to something: training lets others die. Too few tell nothing. */
function filtersOf({ mean, variance }: SeenConvolution): number[] {
  const least = 1e-6 * variance.reduce((most, value) => Math.max(most, value), 0);
  const first = new Map<number, number>();
  variance.forEach((value, filter) => {
    const isTrained = mean[filter] !== 0 || value !== 1;
    if (value > least && isTrained && !first.has(value)) first.set(value, filter);
  });
  const alive = [...first.values()];
  const count = Math.min(alive.length, maxFilters);
  return Array.from({ length: count }, (_, index) => alive[Math.floor((index * alive.length) / count)]!);
}

/** What a filter makes of pictures: of their means, and of how their pixels differ together. */
interface Form {
  /** The sum of its weights for each channel. */
  sums: number[];
  /** channels × channels: the variance that two of them bring, in the product of their deviations. */
  squares: number[][];
}

function formOf({ kernel, shape }: SeenConvolution, filter: number, length: number): Form {
  const [height, width, channels, filters] = shape;
  const alike = Array.from({ length: height * width }, (_, far) => {
    const distance = Math.hypot(Math.floor(far / width), far % width);
    return naturalPictures.between + (1 - naturalPictures.between) * Math.exp(-distance / length);
  });
  const sums = Array<number>(channels).fill(0);
  const squares = Array.from({ length: channels }, () => Array<number>(channels).fill(0));
  const weights = Float64Array.from(
    { length: height * width * channels },
    (_, index) => kernel[index * filters + filter]!,
  );
  weights.forEach((own, index) => {
    const [one, column] = [index % channels, Math.floor(index / channels) % width];
    const row = Math.floor(index / channels / width);
    sums[one]! += own;
    for (let at = 0, y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const both = own * alike[Math.abs(y - row) * width + Math.abs(x - column)]!;
        for (let other = 0; other < channels; other++) squares[one]![other]! += both * weights[at++]!;
      }
  });
  const { correlation } = naturalPictures;
  return { sums, squares: squares.map((row, one) => row.map((sum, other) => sum * correlation[one]![other]!)) };
}

/** What a filter answers to pictures, behind the activation, against what was seen of it. */
function answerOf(
  { bias, mean, variance }: SeenConvolution,
  filter: number,
  { sums, squares }: Form,
  pictures: SeenPictures,
  rest: number,
  passed: Passed,
): { fit: number; logError: number } {
  let [answer, spread, colour] = [bias[filter]!, 1e-12, 0];
  sums.forEach((sum, one) => {
    answer += sum * pictures.mean[one]!;
    colour += (sum * pictures.colour[one]!) ** 2;
    squares[one]!.forEach((square, other) => {
      spread += square * pictures.deviation[one]! * pictures.deviation[other]!;
    });
  });
  const [expected, expectedVariance] = passed(answer, Math.max(spread, 1e-12));
  const total = Math.max(expectedVariance, spread * 1e-4) * (1 - rest) + rest;
  const error = Math.sqrt(meanError ** 2 * total + (expectedVariance === spread ? 0 : 0.02 * spread) + colour);
  const far = (mean[filter]! - (1 - rest) * expected) / error;
  const wide = Math.log(variance[filter]! / total) / varianceError;
  return { fit: logStudent(far) + logStudent(wide), logError: Math.log(error) };
}

/** Of Student's distribution with four degrees of freedom, less a constant: it forgives what is far off. */
const logStudent = (x: number): number => -2.5 * Math.log1p(x ** 2 / 4);

/** The mean and variance that a normal distribution has behind an activation. */
type Passed = (mean: number, variance: number) => [mean: number, variance: number];

/** Of the standard normal distribution, the middles of equal parts, stretched to its variance. */
const quantiles = [-1.98, -1.38, -1.05, -0.79, -0.56, -0.37, -0.18, 0, 0.18, 0.37, 0.56, 0.79, 1.05, 1.38, 1.98];

const through =
  (activate: (x: number) => number): Passed =>
  (mean, variance) => {
    const deviation = Math.sqrt(variance);
    const values = quantiles.map((quantile) => activate(mean + quantile * deviation));
    const passed = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [passed, values.reduce((sum, value) => sum + (value - passed) ** 2, 0) / values.length];
  };

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const silu = through((x) => x * sigmoid(x));

const activations: Record<string, Passed> = {
  linear: (mean, variance) => [mean, variance],
  relu: through((x) => Math.max(x, 0)),
  elu: through((x) => (x > 0 ? x : Math.expm1(x))),
  silu,
  swish: silu,
  sigmoid: through(sigmoid),
  tanh: through(Math.tanh),
};
