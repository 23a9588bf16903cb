/** What the pictures that a model was trained on may have been like, in the model's own units: a list has one for each channel. */
export interface SeenPictures {
  mean: readonly number[];
  deviation: readonly number[];
  /** By how much the mean of a channel may be another, for colours are. */
  colour: readonly number[];
  /** Of all pixels, from 0 to 1, as they were before they were scaled; left out where nothing tells. */
  brightness?: number;
  weight: number;
}

/**
 * What natural pictures are like, pixels from 0 to 1 in RGB: rounded from cuts of the pictures "china" and "flower" of scikit-learn (CC BY
 * 2.0), "astronaut" (public domain) and "chelsea" (CC0) of scikit-image. Of brightness and contrast no more is taken for known than what
 * sets of pictures usually have, dark and light ones among them.
 */
export const naturalPictures = {
  /** Of a channel, less that of all; and how far from that it is in some set of pictures. */
  colour: [0.06, -0.01, -0.05],
  colourDeviation: 0.07,
  /** Means of pixels, and their deviations, each with its weight. */
  brightness: [
    [0.08, 0.5],
    [0.2, 1.2],
    [0.33, 2],
    [0.46, 2.5],
    [0.6, 2],
    [0.75, 1.2],
    [0.9, 0.6],
  ],
  contrast: [
    [0.1, 0.5],
    [0.15, 1],
    [0.2, 2],
    [0.26, 2],
    [0.33, 1.5],
  ],
  /** How red, green and blue go together. */
  correlation: [
    [1, 0.85, 0.65],
    [0.85, 1, 0.92],
    [0.65, 0.92, 1],
  ],
  /** The part of the variance that is between pictures; the rest falls to e⁻¹ within one of these parts of a side. */
  between: 0.25,
  lengths: [0.06, 0.15, 0.4],
} as const;

const { brightness, contrast, colour, colourDeviation } = naturalPictures;

/** The deviation of colours where there is one channel. */
const greyDeviation = 0.01;

/** How the arithmetic `(pixel − mean) / std` leaves natural pictures, pixels from 0 to 255; one number is for all channels. */
const affine =
  (means: readonly number[], stds: readonly number[], reversed = false) =>
  (channels: number): SeenPictures[] => {
    const tints: readonly number[] = channels === 1 ? [0] : reversed ? colour.toReversed() : colour;
    const of = (values: readonly number[], channel: number) => values[values.length === 1 ? 0 : channel]!;
    const spread = channels === 1 ? greyDeviation : colourDeviation;
    return brightness.flatMap(([light, usual]) =>
      contrast
        // Pixels that lie between two values can't differ more.
        .filter(([deviation]) => deviation ** 2 < 0.9 * light * (1 - light))
        .map(([deviation, weight]) => ({
          mean: tints.map((tint, channel) => ((light + tint) * 255 - of(means, channel)) / of(stds, channel)),
          deviation: tints.map((_, channel) => (deviation * 255) / of(stds, channel)),
          colour: tints.map((_, channel) => (spread * 255) / of(stds, channel)),
          brightness: light,
          weight: usual * weight,
        })),
    );
  };

/** Each picture less its own mean, divided by its own deviation. */
const standardised = (channels: number): SeenPictures[] => {
  const tints: readonly number[] = channels === 1 ? [0] : colour;
  const usual = 0.26;
  return [
    {
      mean: tints.map((tint) => tint / usual),
      deviation: tints.map(() => 1),
      colour: tints.map(() => (channels === 1 ? greyDeviation : colourDeviation) / usual),
      weight: 1,
    },
  ];
};

/** How a model's pictures may have been scaled. */
export const seenScalings = ['none', 'unit', 'tf', 'torch', 'caffe', 'centred', 'less-mean', 'standardised'] as const;
export type SeenScaling = (typeof seenScalings)[number];

interface Hypothesis {
  pictures: (channels: number) => SeenPictures[];
  /** How often that is done, in comparison. */
  usual: number;
  colourOnly?: true;
}

/** The ways of `serve.json`; `centred` is from -0.5 to 0.5, `less-mean` as caffe in RGB, `standardised` each picture by itself. */
export const scalingHypotheses: Record<SeenScaling, Hypothesis> = {
  none: { pictures: affine([0], [1]), usual: 1 },
  unit: { pictures: affine([0], [255]), usual: 1 },
  tf: { pictures: affine([127.5], [127.5]), usual: 1 },
  torch: { pictures: affine([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]), usual: 0.3, colourOnly: true },
  caffe: { pictures: affine([103.939, 116.779, 123.68], [1], true), usual: 0.3, colourOnly: true },
  centred: { pictures: affine([127.5], [255]), usual: 0.1 },
  'less-mean': { pictures: affine([123.68, 116.779, 103.939], [1]), usual: 0.1, colourOnly: true },
  standardised: { pictures: standardised, usual: 0.3 },
};
