import type { Static } from 'typebox';
import { MaskPrediction } from '../../../schemas/predict.js';
import { referTo } from '../../../schemas/reference.js';
import type { Picture } from '../../images/picture.js';
import { encodePng } from '../../images/png.js';
import { CardError } from '../../support/card-error.js';
import type { Tensor } from '../../support/tensor.js';
import { evidenceOf } from '../evidence.js';
import { atSourceSize, type PictureLayout, pictureBytes, pictureOutputOf, planOf } from '../images/picture-output.js';
import type { Assumption, Certainty, Facts, KindCard, OutputKind, Place } from '../kind.js';
import { labelledCard, logitsOf, nameOfLabel, Threshold, thresholdOf } from '../labels.js';

/** What is known of a mask. */
export interface MaskSpec extends PictureLayout {
  /** The names of the classes. */
  labels: readonly string[];
  /** Of one channel: how probable the second class has to be. */
  threshold: number;
  /** Of one channel: whether it has logits. */
  logits?: boolean;
}

/** The classes of the pixels. */
type ClassPicture = Picture<Uint8Array | Uint16Array>;

const background = 'background';
/** PNG has no more values. */
const mostClasses = 2 ** 16;

/** A class for each pixel of the picture that the model was given: where what is in it. */
export const mask: OutputKind<MaskSpec> = {
  name: 'mask',
  card: { ...labelledCard, threshold: Threshold },
  claim(output, facts, card, place) {
    const picture = pictureOutputOf(output, facts);
    if (!picture || picture.channels > mostClasses) return undefined;
    const { channels, channelsFirst, framing, input, fit } = picture;
    const evidence = evidenceOf(output, facts);
    const { activation, loss, task, fromLogits } = evidence;
    const isOne = channels === 1;
    const sure: Certainty = fit === 'equal' ? 'certain' : 'guess';
    const said = ['labels', 'threshold', 'logits'].find((key) => card?.[key] !== undefined);
    if (said && !fit && card?.kind === undefined)
      throw new CardError(
        `${place(said)} needs ${place('kind')} beside it: "mask", where ${output.name} has classes for each pixel of a picture, ` +
          'which its shape alone doesn’t tell.',
      );
    const reasons: [holds: boolean, certainty: Certainty, basis: string][] = [
      [said !== undefined, 'certain', ''],
      [!fit, 'guess', ''],
      [!isOne && activation === 'softmax', sure, 'its activation is softmax, for each pixel'],
      [!isOne && task === 'classes', sure, `it was trained with ${loss}`],
      [
        isOne && input?.channels !== 1 && (activation === 'sigmoid' || fromLogits),
        fit === 'equal' ? 'likely' : 'guess',
        'it has a probability for each pixel of the image',
      ],
    ];
    const [, certainty, basis] = reasons.find(([holds]) => holds) ?? [];
    if (card?.kind === undefined && !basis && certainty !== 'certain') return undefined;
    if (!isOne && card?.threshold !== undefined)
      throw new CardError(`${place('threshold')} is for one channel, and this output has ${channels}.`);
    const named = labelsOf(facts, card, place, isOne ? 2 : channels);
    const { threshold, assumptions: ofThreshold } = thresholdOf(card);
    const { logits, assumptions } = logitsOf(card, evidence, 'sigmoid');
    return {
      spec: {
        channels,
        channelsFirst,
        framing,
        labels: named.labels,
        threshold,
        logits,
      },
      certainty: certainty ?? 'guess',
      basis,
      assumptions: [
        ...named.assumptions,
        // The likeliest of several classes has the largest logit as well.
        ...(isOne ? [...assumptions, ...ofThreshold] : []),
      ],
    };
  },
  spell: ({ channels, labels, threshold, logits }) => ({
    labels: [...labels],
    ...(channels === 1 && { threshold, ...(logits !== undefined && { logits }) }),
  }),
  describe: () => ({ schema: referTo(MaskPrediction) }),
  *write(row, spec, { source }) {
    const classes = atSourceSize(classesOf(row, spec), spec, source, 'nearest');
    const { width, height } = classes;
    const png = pngOf(classes, spec).toString('base64');
    const prediction: Static<typeof MaskPrediction> = { width, height, png, areas: areasOf(classes, spec) };
    yield JSON.stringify(prediction);
  },
  picture: {
    png: (row, spec, { source }) => pngOf(atSourceSize(classesOf(row, spec), spec, source, 'nearest'), spec),
    bytes: (output, spec, source) => pictureBytes({ channels: 1, data: classArray(spec, 0) }, output, spec, source),
  },
};

/** Labels of so many classes: for each, or for each but the first, which is the background then. @throws CardError */
function labelsOf(
  { found, noLabels }: Facts,
  card: KindCard | undefined,
  place: Place,
  count: number,
): { labels: string[]; assumptions: Assumption[] } {
  const fits = ({ length }: { length: number }) => length === count || length === count - 1;
  if (card?.labels === null) return { labels: unnamed(count), assumptions: [] };
  const given = card?.labels as NonNullable<typeof found>['labels'] | undefined;
  if (given && !fits(given))
    throw new CardError(
      `${place('labels')} has ${given.length} where the model has ${count} classes: give ${count}, or ${count - 1} without the background.`,
    );
  const fitting = found && fits(found.labels) ? found : undefined;
  const known = given ?? fitting?.labels;
  const named = known?.map(nameOfLabel) ?? unnamed(count);
  const labels = named.length < count ? [background, ...named] : named;
  if (given) return { labels, assumptions: [] };
  const of = { key: 'labels', text: labels.slice(0, 20).join(', ') };
  return {
    labels,
    assumptions: [
      fitting
        ? { ...of, value: labels, basis: fitting.basis, certainty: fitting.certainty }
        : { ...of, value: null, basis: noLabels ?? 'nothing names them', certainty: 'guess' },
    ],
  };
}

/** What classes are called that nothing names. */
const unnamed = (count: number): string[] =>
  count === 2 ? [background, 'foreground'] : Array.from({ length: count }, (_, index) => String(index));

const classArray = ({ labels }: MaskSpec, length: number): Uint8Array | Uint16Array =>
  new (labels.length > 256 ? Uint16Array : Uint8Array)(length);

/** The class of each pixel: the likeliest, of equals the first. */
export function classesOf({ shape, data }: Tensor, spec: MaskSpec): ClassPicture {
  const { height, width, pixel, channel } = planOf({ shape }, spec);
  const numbers = data as Float32Array;
  const classes = classArray(spec, height * width);
  const { channels, threshold, logits } = spec;
  const least = logits ? Math.log(threshold / (1 - threshold)) : threshold;
  for (let at = 0; at < classes.length; at++) {
    if (channels === 1) {
      classes[at] = Number(numbers[at]! >= least);
      continue;
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < channels; index++) {
      const number = numbers[at * pixel + index * channel]!;
      if (number > most) {
        most = number;
        classes[at] = index;
      }
    }
  }
  return { height, width, channels: 1, data: classes };
}

/** What part of the pixels each class has that is there, the largest first. */
function areasOf({ data }: ClassPicture, { labels }: MaskSpec): Static<typeof MaskPrediction>['areas'] {
  const counts = new Uint32Array(labels.length);
  for (const index of data) counts[index]!++;
  return labels
    .map((label, index) => ({ label, fraction: counts[index]! / data.length }))
    .filter(({ fraction }) => fraction > 0)
    .sort((one, other) => other.fraction - one.fraction);
}

/** Of two classes the second is white. */
const pngOf = (classes: ClassPicture, { labels }: MaskSpec): Buffer<ArrayBuffer> =>
  encodePng(labels.length === 2 ? { ...classes, data: classes.data.map((index) => index * 255) } : classes, 'none');
