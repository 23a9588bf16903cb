import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Compile } from 'typebox/compile';
import { ModelCard } from '../../schemas/card.js';
import { inputKinds, outputKinds } from '../datapoints/kinds.js';
import { RepeatedKeyError } from '../json/error.js';
import { parseJsonText } from '../json/parse-text.js';
import { CardError } from '../support/card-error.js';
import { CARD_FILE, MAX_CARD_BYTES } from '../support/card-file.js';
import { decodeText } from '../support/decode-text.js';
import { FileSizeError, NoFileError, readWhole, reasonOf } from '../support/files.js';
import { checkKindCards } from './kind-cards.js';

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
    const card = parseCardJson(await readCardText(file));
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
export const parseCard = (text: string): ModelCard => checked(parseCardJson(text));

function parseCardJson(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch (cause) {
    const reason = cause instanceof RepeatedKeyError ? cause.reason : `isn't JSON: ${(cause as Error).message}`;
    throw new CardError(`${reason}.`, { cause });
  }
}

/** @param place where it stands, for messages */
function checked(card: unknown, place = ''): ModelCard {
  if (!validator.Check(card)) throw new CardError(place + explain(card));
  checkKindCards(card);
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
  const card = text === undefined ? undefined : parseCardJson(text);
  return isCards(card) ? card.models : undefined;
}

/** What the messages need of a schema. */
interface Described {
  description?: string;
  properties?: Record<string, object>;
}

/** Where a key belongs that was found on the outside. */
function ownerOf(key: string): string {
  const side = hasKey(inputKinds, key) ? 'input' : hasKey(outputKinds, key) ? 'output' : undefined;
  return side ? ` It belongs to an ${side}: {"${side}s": {"…": {"${key}": …}}}, by the model's own name for it.` : '';
}

const hasKey = (kinds: readonly { readonly card: object }[], key: string): boolean =>
  kinds.some(({ card }) => Object.hasOwn(card, key));

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
    return `${join(keys)} isn't a known key.${keys.length === 1 ? ownerOf(keys[0]!) : ''} Known are ${Object.keys(known).join(', ')}.`;
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
