import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cellsOf } from '../pickle/cells.js';
import { PickleError } from '../pickle/error.js';
import { readPickle } from '../pickle/read-pickle.js';
import { modelFilesAmong } from '../support/model-files.js';
import { ModelFileError } from './errors.js';
import type { Layer } from './model.js';
import { readPart, withSource } from './source.js';

/** Vocabularies of millions of words have this many bytes. */
export const mostVocabularyBytes = 2 ** 28;

/** What the name of a file is like that may be a vocabulary. */
const isVocabulary = (name: string): boolean => /^[^/\\\0]*vocab[^/\\\0]*\.(?:txt|pkl|pickle)$/i.test(name);

/** The most files of vocabularies that are looked for beside a model. */
const mostFiles = 50;

/** The files beside a model that may be vocabularies of its layers, by their names. */
export async function vocabularyFiles(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch((): string[] => []);
  return names.filter(isVocabulary).sort().slice(0, mostFiles);
}

/** What the name of a file is like that says of which layer it is. */
const isOfLayer = /\.vocabulary\.\w+$/i;

/** The only file beside the only model of a folder that may be a vocabulary, and says of no layer that it is its; undefined where there is none. */
export async function onlyVocabularyFile(path: string): Promise<string | undefined> {
  const names = await readdir(dirname(path)).catch((): string[] => []);
  const [name, ...others] = names.filter(isVocabulary);
  const isAlone = others.length === 0 && modelFilesAmong(names).models.length < 2;
  return name !== undefined && isAlone && !isOfLayer.test(name) ? name : undefined;
}

/** That file with its terms; undefined where it holds none. */
export async function onlyVocabulary(path: string): Promise<{ file: string; text: string } | undefined> {
  const file = await onlyVocabularyFile(path);
  const text = file && (await textOf(path, file).catch(unlessRefused));
  return text ? { file: file!, text } : undefined;
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof ModelFileError)) throw error;
}

/**
 * The name of the file beside the model that has a layer's vocabulary, a term in each line: where the layer was given a file, of that
 * name (with `vocab` in it), else `<name of the layer>.vocabulary.txt`. What a layer names is never followed elsewhere.
 */
export function vocabularyNameOf({ name, config: { vocabulary } }: Layer): string {
  return typeof vocabulary === 'string' ? vocabulary.replace(/^.*[/\\]/, '') : `${name}.vocabulary.txt`;
}

/** What else the file may be called, pickled. */
const pickledNamesOf = (name: string): string[] => ['.pkl', '.pickle'].map((end) => name.replace(/\.txt$/, end));

/** Reads the vocabularies of layers that lie beside a model: a term in each line. */
export function vocabulariesBeside(path: string): (layer: Layer) => Promise<string | undefined> {
  let names: Promise<string[]> | undefined;
  return async (layer) => {
    names ??= vocabularyFiles(path);
    const there = await names;
    const usual = vocabularyNameOf(layer);
    const name = [usual, ...pickledNamesOf(usual)].find((one) => there.includes(one));
    return name === undefined ? undefined : textOf(path, name);
  };
}

/** The terms in a file beside a model, as lines. @throws ModelFileError */
const textOf = (path: string, name: string): Promise<string> =>
  withSource(join(dirname(path), name), async (source) => {
    const what = `The vocabulary ${name} beside the model`;
    if (source.size > mostVocabularyBytes) throw new ModelFileError('model_too_large', `${what} is too long.`);
    const bytes = await readPart(source, 0, source.size);
    return /\.txt$/i.test(name) ? vocabularyText(bytes, what) : pickledLines(bytes, what);
  });

/**
 * The text of a vocabulary.
 * @param what it is, for messages
 * @throws ModelFileError of one that is not UTF-8: its terms would be others
 */
export function vocabularyText(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ModelFileError(
      'model_damaged',
      `${what} is not UTF-8: Keras on Windows writes it in that machine's own encoding. Write it again in UTF-8.`,
      { cause },
    );
  }
}

/** The terms of a pickled list, such as `layer.get_vocabulary()` gives, as lines. @throws ModelFileError */
function pickledLines(bytes: Uint8Array, what: string): string {
  const terms = cellsOf(pickled(bytes, what));
  if (!terms?.every((term) => typeof term === 'number' || (typeof term === 'string' && !/[\r\n]/.test(term))))
    throw new ModelFileError('model_damaged', `${what} is no list of words.`);
  return terms.join('\n');
}

function pickled(bytes: Uint8Array, what: string) {
  try {
    return readPickle(bytes);
  } catch (cause) {
    if (!(cause instanceof PickleError)) throw cause;
    throw new ModelFileError('model_damaged', `${what} ${cause.message}.`, { cause });
  }
}
