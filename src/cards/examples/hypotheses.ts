import type { CardImage } from '../../../schemas/card.js';
import type { ImageInput } from '../../datapoints/images/image-input.js';
import type { ImageSettings } from '../../datapoints/images/image-settings.js';

/** A way in which images may have been prepared when a model was trained. */
export type Hypothesis = ImageSettings;

type Choices = { [Key in keyof CardImage]?: readonly NonNullable<CardImage[Key]>[] };

/** What the values of pixels may have been. */
const valueChoices = ({ channels }: Pick<ImageInput, 'channels'>): Choices => ({
  scaling: channels === 3 ? ['none', 'unit', 'tf', 'torch', 'caffe'] : ['none', 'unit', 'tf'],
  ...(channels === 3 && { color: ['rgb', 'bgr'] }),
  invert: [false, true],
});

/** How pictures may have been brought to the model's size: by Pillow, and by OpenCV or TensorFlow, which don't average. */
const resizes = ['stretch', 'crop', 'pad'] as const;
const resamplings: readonly Pick<CardImage, 'interpolation' | 'antialias'>[] = [
  { interpolation: 'bicubic' },
  { interpolation: 'bilinear' },
  { interpolation: 'bilinear', antialias: false },
  { interpolation: 'nearest' },
  { interpolation: 'lanczos' },
];

/** All combinations of choices, in the place of what some settings say. */
function combined(settings: ImageSettings, choices: Choices): Hypothesis[] {
  return Object.entries(choices).reduce<Hypothesis[]>(
    (all, [key, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [settings],
  );
}

/** What settings mean where they say nothing. */
const spelled = ({ antialias = true, color = 'rgb', invert = false, ...settings }: ImageSettings): Hypothesis => ({
  ...settings,
  antialias,
  color,
  invert,
});

/** Whether two prepare images alike. */
export const isSame = (one: Hypothesis, other: Hypothesis): boolean => Object.keys(changesOf(one, other)).length === 0;

/** The first, and those of the others that are different: those before that differ in less. */
function withFirst(first: Hypothesis, others: readonly Hypothesis[]): Hypothesis[] {
  const changes = (one: Hypothesis) => Object.keys(changesOf(one, first)).length;
  const different = others.map(spelled).filter((one) => changes(one) > 0);
  return [spelled(first), ...different.toSorted((one, other) => changes(one) - changes(other))];
}

/** The settings as they are, and with other values of pixels. */
export const valueHypotheses = (settings: ImageSettings, input: Pick<ImageInput, 'channels'>): Hypothesis[] =>
  withFirst(settings, combined(settings, valueChoices(input)));

/** The settings as they are, and with other ways to bring pictures to the model's size. */
export const geometryHypotheses = (settings: ImageSettings): Hypothesis[] => {
  const { crop_fraction: _cropped, antialias: _averaged, ...rest } = settings;
  const ways = resizes.flatMap((resize) => resamplings.map((resampling) => ({ ...rest, resize, ...resampling })));
  return withFirst(settings, ways as Hypothesis[]);
};

/** What of a hypothesis other settings don't say, as a card says it. */
export function changesOf(hypothesis: Hypothesis, settings: ImageSettings): CardImage {
  const before = new Map<string, unknown>(Object.entries(spelled(settings)));
  const changed = Object.entries(spelled(hypothesis)).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(before.get(key)),
  );
  return Object.fromEntries(changed);
}
