import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Compile } from 'typebox/compile';
import { type CardImage, ModelCard, type Scaling } from '../../schemas/card.js';
import type { ImageOptions } from '../images/options.js';
import { FileSizeError, NoFileError, readWhole, reasonOf } from '../support/files.js';
import { decodeText } from './decode-text.js';
import type { ImageInput } from './image-input.js';
import { CARD_FILE, MAX_CARD_BYTES } from './model-path.js';

export { CARD_FILE };

/** A model card that can't be used. The message says what in it is wrong and what was expected. */
export class CardError extends Error {
  override readonly name = 'CardError';
  readonly code = 'card_invalid';

  constructor(message: string, options?: ErrorOptions) {
    super(`${CARD_FILE}: ${message}`, options);
  }
}

/** What `serve.json` is in a folder of several model files: a card for each, by the file's name. */
export interface ModelCards {
  models: Record<string, unknown>;
}

/**
 * Reads the card of a model: `serve.json` in the model's folder, or beside its file, or the model's own part of it. Undefined if
 * there is none.
 *
 * @throws CardError
 */
export async function readCard(modelPath: string): Promise<ModelCard | undefined> {
  const model = await stat(modelPath).catch(() => undefined);
  const file = path.join(model?.isDirectory() ? modelPath : path.dirname(modelPath), CARD_FILE);
  try {
    const card = parseJson(await readCardText(file));
    if (!isCards(card)) return checked(card);
    const name = path.basename(modelPath);
    return Object.hasOwn(card.models, name) ? checked(card.models[name], `models["${name}"]: `) : undefined;
  } catch (error) {
    if (error instanceof CardError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof NoFileError) throw new CardError(`must be a file, but is ${error.what}.`, { cause: error });
    if (error instanceof FileSizeError)
      throw new CardError(`must be a file of at most ${MAX_CARD_BYTES / 2 ** 20} MB.`, { cause: error });
    throw new CardError(`can't be read: ${reasonOf(error as NodeJS.ErrnoException)}.`, { cause: error });
  }
}

/** @throws CardError, and what `readWhole` throws */
async function readCardText(file: string): Promise<string> {
  const text = decodeText(await readWhole(file, MAX_CARD_BYTES));
  if (text === undefined) throw new CardError('is no text in UTF-8 or UTF-16.');
  return text;
}

const validator = Compile(ModelCard);

/**
 * Reads the text of a card.
 *
 * @throws CardError that names the first key that is wrong.
 */
export const parseCard = (text: string): ModelCard => checked(parseJson(text));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CardError(`isn't JSON: ${(cause as Error).message}.`, { cause });
  }
}

/** @param place where it stands, for messages */
function checked(card: unknown, place = ''): ModelCard {
  if (!validator.Check(card)) throw new CardError(place + explain(card));
  if (card.image?.crop_fraction !== undefined && card.image.resize !== 'crop') {
    throw new CardError(`${place}image.crop_fraction needs image.resize to be "crop".`);
  }
  return card;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a `serve.json` has a card for each of several files. @throws CardError */
function isCards(card: unknown): card is ModelCards {
  if (!isObject(card) || !Object.hasOwn(card, 'models')) return false;
  const [other] = Object.keys(card).filter((key) => key !== 'models');
  if (other !== undefined)
    throw new CardError(`${shorten(other)} can't stand beside models, which has a card for each file.`);
  if (!isObject(card.models)) throw new CardError('models must be an object with a card for each file, by its name.');
  return true;
}

/** The cards in a file that has one for each of several models; undefined where it is no such file. @throws CardError */
export async function readCards(file: string): Promise<ModelCards['models'] | undefined> {
  const text = await readCardText(file).catch(() => undefined);
  const card = text === undefined ? undefined : parseJson(text);
  return isCards(card) ? card.models : undefined;
}

/** What the messages need of a schema. */
interface Described {
  description?: string;
  properties?: Record<string, object>;
}

function explain(card: unknown): string {
  const errors = validator.Errors(card);
  // Unknown keys first: they are most often a known one misspelt, whose absence is no error.
  const unknown = errors.find(({ schemaPath }) => schemaPath.endsWith('/additionalProperties'));
  const pointer = (unknown ?? errors[0]!).instancePath.split('/').slice(1);
  const keys = pointer.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const schemas: Described[] = [ModelCard];
  for (const key of keys) schemas.push(schemas.at(-1)!.properties?.[key] ?? {});
  const known = schemas.at(-2)?.properties;
  if (unknown && known) {
    return `${join(keys)} isn't a known key. Known are ${Object.keys(known).join(', ')}.`;
  }
  const described = schemas.findLastIndex(({ description }) => description);
  const rule = `${join(keys.slice(0, described))} must be ${schemas[described]!.description}.`.trim();
  return described < keys.length ? `${join(keys)} is wrong: ${rule}` : rule;
}

/** The place that a path names, as JavaScript writes it: `labels[3]`. */
function join(keys: string[]): string {
  return keys.reduce(
    (place, key) => (/^\d+$/.test(key) ? `${place}[${key}]` : place ? `${place}.${shorten(key)}` : shorten(key)),
    '',
  );
}

function shorten(key: string): string {
  return key.length > 50 ? `${key.slice(0, 50)}…` : key;
}

/** How a pixel from 0 to 255 becomes what the model takes, channel by channel. */
export interface ScalingArithmetic {
  /** One for every channel, in the order after reversal. The result is `(pixel - mean) / std`. */
  mean: number[];
  std: number[];
  /** Whether RGB becomes BGR first. */
  reverseChannels: boolean;
}

/** `unit`, and the modes of `preprocess_input` in keras/src/applications/imagenet_utils.py. One number is for all channels. */
const SCALINGS: Record<Extract<Scaling, string>, ScalingArithmetic> = {
  none: { mean: [0], std: [1], reverseChannels: false },
  unit: { mean: [0], std: [255], reverseChannels: false },
  tf: { mean: [127.5], std: [127.5], reverseChannels: false },
  torch: { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375], reverseChannels: false },
  caffe: { mean: [103.939, 116.779, 123.68], std: [1], reverseChannels: true },
};

/**
 * The arithmetic of a card's scaling, for a model of so many channels. Models without one get pixels from 0 to 1.
 *
 * @throws CardError when the scaling is for another number of channels.
 */
export function resolveScaling(scaling: Scaling = 'unit', channels = 3): ScalingArithmetic {
  const { mean, std, reverseChannels } =
    typeof scaling === 'string' ? SCALINGS[scaling] : { ...scaling, reverseChannels: false };
  const perChannel = (values: number[]): number[] => {
    const [only] = values;
    if (values.length === channels) return values;
    if (values.length === 1) return Array.from({ length: channels }, () => only!);
    throw new CardError(`image.scaling is for ${values.length} channels where the model takes ${channels}.`);
  };
  return { mean: perChannel(mean), std: perChannel(std), reverseChannels };
}

/** The size of images where neither card nor model says one: that of most Keras Applications. */
const DEFAULT_LENGTH = 224;

/**
 * How images become the input of a model, by its card and its input's shape. What the card leaves out is as PIL's
 * `Image.resize` has it: stretched, bicubic.
 *
 * @throws CardError when the card's size isn't what the model takes.
 */
export function imageOptions(
  image: CardImage = {},
  { height, width, channels }: Omit<ImageInput, 'channelsFirst'>,
): ImageOptions {
  const [cardHeight, cardWidth] = image.size ?? [height ?? DEFAULT_LENGTH, width ?? DEFAULT_LENGTH];
  if (cardHeight !== (height ?? cardHeight) || cardWidth !== (width ?? cardWidth)) {
    const taken = `[${height ?? 'any'}, ${width ?? 'any'}]`;
    throw new CardError(`image.size is [${cardHeight}, ${cardWidth}] where the model takes ${taken}.`);
  }
  return {
    size: [cardHeight, cardWidth],
    channels,
    resize: image.resize ?? 'stretch',
    cropFraction: image.crop_fraction ?? 1,
    interpolation: image.interpolation ?? 'bicubic',
  };
}
