import type { CardImage, ModelCard, Scaling } from '../../schemas/card.js';
import type { DescribedModel } from '../inference/compile-messages.js';
import { CARD_FILE, CardError, imageOptions } from './card.js';
import { type ImageInput, imageInputOf } from './image-input.js';
import { asModelName } from './model-name.js';
import { nameOf } from './model-path.js';
import { chooseImage } from './worked-out-image.js';
import { chooseLabels, classesOf, type LabelsChoice, wrongCount } from './worked-out-labels.js';

/** Why something in a card is as it is, or what is wrong with what was found: a line for the log. */
export interface CardNote {
  level: 'info' | 'warn';
  message: string;
  /** How to change it. */
  advice?: string;
  /** Whether it is not about one model: it is said once for all. */
  general?: boolean;
}

/** A note as a line of a log. */
export const noteLine = ({ message, advice }: CardNote): string => (advice ? `${message}; ${advice}` : message);

/** A card with what was worked out, and the reasons. */
export interface WorkedOutCard {
  card: ModelCard;
  notes: CardNote[];
}

/** Where a card is to be worked out. */
export interface CardSources {
  /** The model file, beside which other files may tell the labels. */
  file: string;
  /** Another folder that may have such files. */
  folder?: string;
  /** The card as far as there is one: what it says is kept. */
  given?: ModelCard;
}

/**
 * Works out what a card leaves out, of files beside the model file and of what the model gives away.
 * @throws CardError when the card has another number of labels than the model has classes
 */
export async function workOutCard(model: DescribedModel, sources: CardSources): Promise<WorkedOutCard> {
  const { file, given } = sources;
  const { signature, hints } = model;
  const classes = classesOf(signature);
  const wrong = given?.labels && classes !== undefined && wrongCount(given.labels.length, classes);
  if (wrong) throw new CardError(`labels ${wrong}.`);

  const advice = (key: string) =>
    given
      ? `set ${key} in ${CARD_FILE} to change it`
      : `to change it, write ${CARD_FILE}: keras-serve card ${shellWord(file)}`;
  const { labels, numbered, notes }: LabelsChoice = given?.labels
    ? { labels: given.labels, numbered: false, notes: [] }
    : await chooseLabels(model, sources, advice('labels'));
  const card: ModelCard = { ...given, ...(labels && { labels }) };
  const input = imageInputOf(signature);
  if (!input) return { card, notes };

  const { type } = signature.inputs[0]!;
  const { image, reason } = chooseImage({ input, type, hints, numberedLabels: numbered });
  card.image = { ...image, ...given?.image };
  if (given?.image?.scaling === undefined) {
    const cut = card.image.resize === 'crop' ? ', the middle cut out' : '';
    const message = `image scaling: ${scalingTexts[image.scaling]}${cut}, for ${reason}`;
    notes.push({ level: 'info', message, advice: advice('image.scaling') });
  }
  return { card, notes };
}

const scalingTexts: Record<Extract<Scaling, string>, string> = {
  none: '"none", pixels from 0 to 255 as they are',
  unit: '"unit", pixels from 0 to 1',
  tf: '"tf", pixels from -1 to 1',
  torch: '"torch", pixels less the mean of ImageNet, divided by its deviation',
  caffe: '"caffe", BGR pixels less the mean of ImageNet',
};

/** A word of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/**
 * A card with all that can be said in it, for editing: what was worked out, and what would be done without it.
 * @throws CardError
 */
export function spellOut({ card }: WorkedOutCard, { signature, hints }: DescribedModel, file: string): ModelCard {
  const input = imageInputOf(signature);
  const classes = classesOf(signature) ?? 0;
  const isClassifier = input || hints?.activation === 'softmax' || hints?.activation === 'sigmoid';
  const labels = card.labels ?? Array.from({ length: isClassifier ? classes : 0 }, (_, index) => String(index));
  return {
    name: card.name ?? asModelName(nameOf(file)),
    description: card.description ?? '',
    ...(labels.length > 0 && { labels }),
    ...(input && { image: spellOutImage(card.image, input) }),
  };
}

function spellOutImage(image: CardImage = {}, input: ImageInput): CardImage {
  const { size, resize, cropFraction, interpolation } = imageOptions(image, input);
  return {
    size: [...size],
    resize,
    ...(resize === 'crop' && { crop_fraction: cropFraction }),
    interpolation,
    scaling: image.scaling ?? 'unit',
  };
}
