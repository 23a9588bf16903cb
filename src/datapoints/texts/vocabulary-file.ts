/** Tokenizers in files, as a card would have them. */
import { RepeatedKeyError } from '../../json/error.js';
import { parseJsonText } from '../../json/parse-text.js';
import { cellsOf } from '../../pickle/cells.js';
import { isPickle } from '../../pickle/container.js';
import { partOf } from '../../pickle/part.js';
import { readPickle } from '../../pickle/read-pickle.js';
import { Instance, type PickleMap, type PickleValue } from '../../pickle/values.js';
import { decodeText } from '../../support/decode-text.js';
import { isObject } from '../json-tensor.js';

/** What `Tokenizer.to_json` has beside that: what the words were counted as, which nothing needs any more. */
const counted = ['word_counts', 'word_docs', 'index_word'];

/**
 * What a card may say of a tokenizer, out of a file: a pickle of a Keras `Tokenizer`, of a `dict` of words with their ids or of a list of words; else
 * what `vocabularyOfText` reads.
 * @param part of a pickled dict that is meant
 * @throws Error that completes "the file …"
 */
export function vocabularyOfFile(bytes: Uint8Array, part?: string): unknown {
  if (isPickle(bytes)) return vocabularyOfPickle(partOf(readPickle(bytes), part));
  const text = decodeText(bytes);
  if (text === undefined) throw new Error('is no text in UTF-8 or UTF-16, and no pickle');
  return vocabularyOfText(text);
}

/** The same of what a pickle holds. @throws Error that completes "the file …" */
export function vocabularyOfPickle(value: PickleValue): unknown {
  if (value instanceof Instance && value.className === 'Tokenizer') {
    const wanted = [...value.attributes].filter(([key]) => !counted.includes(key as string));
    return ofTokenizer(objectOf(new Map(wanted)));
  }
  if (value instanceof Map) {
    const words = objectOf(value);
    return isIndex(words) ? vocabularyOfIndex(words) : words;
  }
  const vocabulary = cellsOf(value);
  if (vocabulary) return { vocabulary };
  throw new Error(`holds ${value instanceof Instance ? `a ${value.className}` : 'no words'}, which is no tokenizer`);
}

/** A `dict` as JSON would have it, and those in it: words with their ids, and the like. */
const objectOf = (map: PickleMap): Record<string, unknown> =>
  Object.fromEntries(
    Array.from(map, ([key, value]) => [
      keyOf(key),
      value instanceof Map ? Object.fromEntries(Array.from(value, ([word, id]) => [keyOf(word), id])) : value,
    ]),
  );

/** Only words and ids: the text of a list that holds itself many times over has no end. */
function keyOf(key: PickleValue): string {
  if (typeof key === 'string' || typeof key === 'number') return String(key);
  throw new Error('has a dict of which not all keys are words or ids');
}

const isIndex = (words: Record<string, unknown>): boolean =>
  Object.values(words).every((value) => typeof value === 'number');

/** What the word for unknown ones is called in vocabularies. */
const unknowns = ['<OOV>', '<UNK>', '[UNK]', '<oov>', '<unk>', 'OOV', 'UNK'];

/** What a card may say of words with their ids, among which there may be the one for words that aren't known. */
export function vocabularyOfIndex(words: Record<string, unknown>): unknown {
  const unknown = unknowns.find((word) => Object.hasOwn(words, word));
  return { word_index: words, ...(unknown !== undefined && { oov_token: unknown }) };
}

/**
 * What a card may say of a tokenizer, out of a file: JSON as `Tokenizer.to_json` writes it, an object of words with their ids, a list of
 * words, or an object as a card has it; else a word a line, of which the first has the id 0.
 * @throws Error that completes "the file …"
 */
export function vocabularyOfText(text: string): unknown {
  if (!isJson(text)) return ofLines(linesOf(text));
  let json = parse(text);
  // Who writes what to_json gives as JSON has a text in a text.
  if (typeof json === 'string') json = parse(json);
  if (Array.isArray(json)) return { vocabulary: json };
  if (!isObject(json)) throw new Error('has no vocabulary in it');
  if (isObject(json.config)) return ofTokenizer(json.config);
  return isIndex(json) ? vocabularyOfIndex(json) : json;
}

/** Whether a text begins and ends as JSON does: a list of words may begin with [UNK]. */
const isJson = (text: string): boolean => /^[ \t]*[[{"]/.test(text) && /[\]}"]\s*$/.test(text.slice(-100));

/** Words, or words with their ids behind a tab. */
function ofLines(lines: readonly string[]): unknown {
  const pairs = lines.map((line) => /^([^\t]+)\t(\d{1,8})$/.exec(line));
  if (!pairs.every((pair) => pair !== null)) return { vocabulary: lines };
  return { word_index: Object.fromEntries(pairs.map(([, word, id]) => [word, Number(id)])) };
}

/** A line end at the end ends the last word. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** `Tokenizer.to_json` has JSON in JSON. */
function ofTokenizer(config: Record<string, unknown>): unknown {
  const entries = Object.entries(config).filter(([key]) => !counted.includes(key));
  const parsed = entries.map(([key, value]) =>
    ['word_index', 'index_docs'].includes(key) && typeof value === 'string' ? [key, parse(value)] : [key, value],
  );
  const { analyzer, ...known } = Object.fromEntries(parsed);
  if ((analyzer ?? null) !== null) throw new Error('names an analyzer, which is code');
  return known;
}

function parse(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch (error) {
    const reason = error instanceof RepeatedKeyError ? error.reason : `isn't JSON: ${(error as Error).message}`;
    throw new Error(reason, { cause: error });
  }
}
