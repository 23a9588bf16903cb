import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SeenScaling, scalingHypotheses } from '../../src/images/scaling-hypotheses.js';
import {
  oddsOf,
  type ScalingLikelihood,
  type SeenConvolution,
  scalingLikelihoods,
} from '../../src/images/scaling-likelihood.js';

/** Filters of one pixel: what they answer is their weights times the channels, so mean and variance can be told by hand. */
function seen(weights: readonly (readonly number[])[], pixel: { mean: number[]; deviation: number }): SeenConvolution {
  const channels = pixel.mean.length;
  const dot = (filter: readonly number[], values: readonly number[]) =>
    filter.reduce((sum, weight, index) => sum + weight * values[index]!, 0);
  return {
    kernel: Float32Array.from(
      { length: channels * weights.length },
      (_, index) => weights[index % weights.length]![Math.floor(index / weights.length)]!,
    ),
    shape: [1, 1, channels, weights.length],
    bias: new Float32Array(weights.length),
    activation: 'linear',
    mean: Float32Array.from(weights, (filter) => dot(filter, pixel.mean)),
    // Channels that are the same but for their means.
    variance: Float32Array.from(
      weights,
      (filter) => dot(filter, Array<number>(channels).fill(pixel.deviation)) ** 2 || 1e-9,
    ),
  };
}

const grey = [[0.3], [-0.5], [0.8], [-0.2], [0.1]];
const best = (convolution: SeenConvolution, side = 64): SeenScaling | undefined =>
  scalingLikelihoods(convolution, side)[0]?.scaling;

describe('the likeliest scaling', () => {
  const pictures: Record<string, [mean: number, deviation: number]> = {
    none: [115, 62],
    unit: [0.45, 0.25],
    tf: [-0.1, 0.5],
    centred: [-0.05, 0.24],
    standardised: [0, 1],
  };
  for (const [scaling, [mean, deviation]] of Object.entries(pictures))
    it(`of grey pictures with a mean of ${mean} and a deviation of ${deviation} is ${scaling}`, () =>
      assert.equal(best(seen(grey, { mean: [mean], deviation })), scaling));

  const colours = [
    [0.5, 0.3, 0.4],
    [-0.3, -0.6, 0.2],
    [0.1, 0.2, 0.3],
    [-0.7, 0.1, -0.2],
    [0.4, 0.2, -0.1],
  ];
  it('of colours is one that takes a mean off where deviations are those of pixels and means are less than 0', () => {
    const found = scalingLikelihoods(seen(colours, { mean: [-25, -22, -18], deviation: 60 }), 64);
    assert.deepEqual(
      found
        .slice(0, 2)
        .map(({ scaling }) => scaling)
        .sort(),
      ['caffe', 'less-mean'],
    );
    assert.equal(found.length, Object.keys(scalingHypotheses).length);
  });

  it('of one channel is none that is for colours', () =>
    assert.deepEqual(
      scalingLikelihoods(seen(grey, { mean: [0.4], deviation: 0.25 }), 64)
        .map(({ scaling }) => scaling)
        .sort(),
      ['centred', 'none', 'standardised', 'tf', 'unit'],
    ));

  it('tells how light the pictures were', () => {
    const brightness = (mean: number) =>
      scalingLikelihoods(seen(grey, { mean: [mean], deviation: 0.25 }), 28)[0]!.brightness!;
    assert.ok(brightness(0.15) < 0.3);
    assert.ok(brightness(0.85) > 0.7);
  });

  it('counts the bias, and what the activation leaves', () => {
    const convolution = seen(grey, { mean: [0.45], deviation: 0.25 });
    const moved = { ...convolution, bias: new Float32Array(5).fill(2), mean: convolution.mean.map((mean) => mean + 2) };
    assert.equal(best(moved), 'unit');
    // All answers are far above 0, where relu changes nothing.
    assert.equal(best({ ...moved, activation: 'relu' }), 'unit');
    // None is: what was seen is not what relu lets through.
    const [worst] = scalingLikelihoods({ ...moved, mean: moved.mean.map((mean) => -mean), activation: 'relu' }, 64);
    assert.ok(worst!.fit < -3, `${worst!.fit}`);
  });

  it('is less likely where it is less usual, and not more where it is more', () => {
    const of = (scaling: SeenScaling, logLikelihood: number): ScalingLikelihood => ({ scaling, logLikelihood, fit: 0 });
    const near = (odds: number, expected: number) => assert.ok(Math.abs(odds / expected - 1) < 1e-9, `${odds}`);
    near(oddsOf(of('unit', 2), of('centred', 0)), Math.exp(2));
    near(oddsOf(of('centred', 2), of('unit', 0)), Math.exp(2) / 10);
    near(oddsOf(of('torch', 2), of('caffe', 0)), Math.exp(2));
  });

  const silent: Record<string, SeenConvolution> = {
    'an unknown activation': { ...seen(grey, { mean: [0.45], deviation: 0.25 }), activation: 'mine' },
    'the name of what all objects have': { ...seen(grey, { mean: [0.4], deviation: 0.2 }), activation: 'constructor' },
    'statistics as they begin': {
      ...seen(grey, { mean: [0.45], deviation: 0.25 }),
      mean: new Float32Array(5),
      variance: new Float32Array(5).fill(1),
    },
    'filters that are all the same': seen(Array(8).fill([0.3]), { mean: [0.45], deviation: 0.25 }),
    'too few filters': seen(grey.slice(0, 3), { mean: [0.45], deviation: 0.25 }),
    'dead filters': { ...seen(grey, { mean: [0.45], deviation: 0.25 }), variance: new Float32Array(5) },
    'no numbers': { ...seen(grey, { mean: [0.45], deviation: 0.25 }), variance: new Float32Array(5).fill(Number.NaN) },
  };
  for (const [name, convolution] of Object.entries(silent))
    it(`is not told for ${name}`, () => assert.deepEqual(scalingLikelihoods(convolution, 64), []));
});
