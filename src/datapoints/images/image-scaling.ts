import type { CardImage, Scaling } from '../../../schemas/card.js';
import type { SeenScaling } from '../../images/scaling-hypotheses.js';
import type { ModelHints, PixelHints } from '../../inference/model-hints.js';
import type { BackboneFamily } from '../../onnx/backbones.js';
import type { TensorType } from '../../support/tensor.js';
import type { Certainty } from '../kind.js';
import type { ImageInput } from './image-input.js';

/** What is known of a model that takes images. */
export interface ImageFacts {
  input: ImageInput;
  type: TensorType;
  /** null where the file isn't one of Keras. */
  hints: ModelHints | null;
  /** Whether the labels beside the model are numbered as Teachable Machine numbers them. */
  numberedLabels: boolean;
  /** How many numbers the model gives for an image; left out where it gives several tensors, or nobody can say. */
  classes?: number;
}

type NamedScaling = Extract<Scaling, string>;

/** How images are prepared, and what speaks for it: it goes on after "for". */
export interface ImageChoice {
  image: Pick<CardImage, 'resize' | 'interpolation'> & { scaling: Scaling };
  reason: string;
  certainty: Certainty;
}

/** The modes of `preprocess_input` in keras/src/applications/, and what the models want that were made without their own scaling. */
const backboneScalings: Record<BackboneFamily, NamedScaling> = {
  VGG: 'caffe',
  ResNet: 'caffe',
  DenseNet: 'torch',
  ResNetRS: 'torch',
  ConvNeXt: 'torch',
  EfficientNet: 'torch',
  RegNet: 'unit',
  ResNetV2: 'tf',
  InceptionV3: 'tf',
  InceptionResNetV2: 'tf',
  Xception: 'tf',
  MobileNet: 'tf',
  MobileNetV2: 'tf',
  MobileNetV3: 'tf',
  NASNet: 'tf',
  EfficientNetV2: 'tf',
};

/** As Teachable Machine's own examples prepare images: `ImageOps.fit` with `LANCZOS`, then `x / 127.5 - 1`. */
const teachableMachine = { resize: 'crop', interpolation: 'lanczos', scaling: 'tf' } as const;

/** What a card says for what the statistics of a model tell. What each picture does for itself is so on average alone. */
const cardScalings: Record<SeenScaling, Scaling> = {
  none: 'none',
  unit: 'unit',
  tf: 'tf',
  torch: 'torch',
  caffe: 'caffe',
  centred: { mean: [127.5], std: [255] },
  'less-mean': { mean: [123.68, 116.779, 103.939], std: [1, 1, 1] },
  standardised: { mean: [120], std: [66] },
};

/** In words. */
const seenTexts: Record<SeenScaling, string> = {
  none: 'from 0 to 255',
  unit: 'from 0 to 1',
  tf: 'from -1 to 1',
  torch: 'less the mean of ImageNet, divided by its deviation',
  caffe: 'in BGR, less the mean of ImageNet',
  centred: 'from -0.5 to 0.5',
  'less-mean': 'in RGB, less the mean of ImageNet',
  standardised: 'of pictures that were each standardised, which no scaling is',
};

/** The least odds for which statistics make a scaling likely: over twice those of any mistake in the half that fixed them, but for `standardised`. */
export const likelyOdds = 20;

/** The classes of ImageNet: a model of keras.applications with as many is taken to be as it came. */
const imageNetClasses = 1000;

type Rule = (facts: ImageFacts) => ImageChoice | undefined;

const scaled = (scaling: Scaling, reason: string, certainty: Certainty = 'likely'): ImageChoice => ({
  image: { scaling },
  reason,
  certainty,
});

/** The first that has something to say is followed. */
const rules: Rule[] = [
  ({ type }) => (/int/.test(type) ? scaled('none', `the model takes whole numbers (${type})`, 'certain') : undefined),

  ({ hints }) => {
    const { className, name, range } = hints?.scaling ?? {};
    if (className === undefined || className === 'BatchNormalization') return undefined;
    const layer = `"${name}" (${className.replace(/^ops\./, '')})`;
    return !range || isForPixels(range)
      ? scaled('none', `the model scales them itself, beginning with ${layer}`, 'certain')
      : scaled('unit', `what the model begins with, ${layer}, is made for numbers from 0 to 1`);
  },

  ({ hints }) =>
    hints?.scaling?.className === 'BatchNormalization' && hints.scaling.range && isCentred(hints.scaling.range)
      ? scaled(
          'none',
          `the batch normalization that the model begins with, "${hints.scaling.name}", has seen numbers from 0 to 255`,
        )
      : undefined,

  ({ hints }) =>
    hints?.teachableMachine
      ? { image: teachableMachine, reason: 'the model is built as Teachable Machine builds them', certainty: 'likely' }
      : undefined,

  ({ hints, input }) => {
    if (!hints?.pixels) return undefined;
    const { layer, scaling, odds } = hints.pixels;
    const own = hints.backbone && backboneScalings[hints.backbone.family];
    // Layers that were left as they came have seen what ImageNet was scaled by, whatever came later.
    if (own && !((odds[own as SeenScaling] ?? 0) >= likelyOdds)) return undefined;
    if (input.channels !== 3 && isForColours(cardScalings[scaling])) return undefined;
    const [next, least] = nextOf(hints.pixels);
    return scaled(
      cardScalings[scaling],
      `the batch normalization behind "${layer}" has seen pixels ${seenTexts[scaling]}, as its statistics have it: ` +
        `${times(least)} as likely as pixels ${seenTexts[next]}`,
      least >= likelyOdds && scaling !== 'standardised' ? 'likely' : 'guess',
    );
  },

  ({ hints, input, classes }) => {
    if (!hints?.backbone) return undefined;
    const { family, name } = hints.backbone;
    const scaling = backboneScalings[family];
    if (input.channels !== 3 && isForColours(scaling)) return undefined;
    const basis = `the model is built on ${family} of keras.applications ("${name}"), whose preprocess_input does that`;
    return classes === imageNetClasses
      ? scaled(scaling, basis)
      : scaled(scaling, `${basis}; many that are trained further get pixels from 0 to 1 instead`, 'guess');
  },

  ({ hints, numberedLabels, input: { height, width } }) =>
    hints === null && numberedLabels && height === 224 && width === 224
      ? {
          image: teachableMachine,
          reason: 'the labels are numbered as Teachable Machine numbers them',
          certainty: 'likely',
        }
      : undefined,

  ({ hints }) =>
    scaled(
      'unit',
      hints ? 'nothing in the model says otherwise' : 'an ONNX model does not tell what it was trained on',
      'guess',
    ),
];

/** How images are prepared for a model whose card doesn't say it. */
export function chooseImage(facts: ImageFacts): ImageChoice {
  for (const rule of rules) {
    const choice = rule(facts);
    if (choice) return choice;
  }
  throw new TypeError('the last rule holds always');
}

/** The likeliest other scaling, and how many times as likely as it the one is that was chosen: 0 where there is nothing to compare. */
export function nextOf({ scaling, odds }: PixelHints): [next: SeenScaling, odds: number] {
  const others = Object.entries(odds) as [SeenScaling, number][];
  return others.toSorted(([, one], [, other]) => one - other)[0] ?? [scaling, 0];
}

/** Whether a scaling is for three channels alone. */
const isForColours = (scaling: Scaling): boolean =>
  typeof scaling === 'string' ? scaling === 'caffe' || scaling === 'torch' : scaling.mean.length === 3;

const times = (odds: number): string => (odds < 1000 ? `${Number(odds.toPrecision(2))} times` : 'more than 1000 times');

/** Whether what comes out for 0 is as far below the middle as that is for pixels: it was made for means of some 100, not of 0.5. */
const isCentred = ([from, to]: readonly [number, number]): boolean => Math.abs(from) > 0.05 * Math.abs(to - from);

/** Whether arithmetic is made for pixels from 0 to 255, not for numbers from 0 to 1: it makes them smaller, or is centred. */
const isForPixels = (range: readonly [number, number]): boolean =>
  Math.abs(range[1] - range[0]) < 200 || isCentred(range);
