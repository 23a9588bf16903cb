import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { ModelFileError } from '../keras/index.js';

/** The name of the model card's file. */
export const CARD_FILE = 'serve.json';
/** The most bytes that it may have: enough for the labels of ImageNet-21k ten times over. */
export const MAX_CARD_BYTES = 16 * 2 ** 20;

const extensions = new Set(['.keras', '.h5', '.hdf5', '.onnx']);
const isModelFile = (name: string) =>
  (extensions.has(extname(name)) && !name.endsWith('.weights.h5')) || name === 'model.json';

/** The model files among the names of a folder's files; the weights of a `model.json` are no model of their own. */
export function modelFilesAmong(names: readonly string[]): string[] {
  const weights = names.includes('model.json') ? ['model.h5', 'model_weights.h5'] : [];
  return names.filter((name) => isModelFile(name) && !weights.includes(name)).sort();
}

/** Whether a folder is itself a model: an unpacked `.keras` archive, or a SavedModel, of which the reader says why it can't be served. */
export const isModelFolder = (names: readonly string[]): boolean =>
  names.includes('saved_model.pb') || (names.includes('config.json') && names.includes('model.weights.h5'));

/**
 * The model file that a path means: the file itself, or the only model file in a folder.
 * @throws ModelFileError `model_not_found`
 */
export async function findModelFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new ModelFileError('model_not_found', `There is no file or folder "${path}".`);
  if (!found.isDirectory()) return path;
  const names = await readdir(path);
  if (isModelFolder(names)) return path;
  const files = modelFilesAmong(names);
  if (files.length === 1) return join(path, files[0]!);
  const what = files.length === 0 ? 'no model file' : `several model files (${files.slice(0, 5).join(', ')})`;
  throw new ModelFileError('model_not_found', `The folder "${path}" has ${what}. Name the file to serve.`);
}

/** A name for a model without a card: that of its file, or of its folder where the file is called `model`. */
export function nameOf(file: string): string {
  const name = basename(file, extname(file));
  return name === 'model' || name === 'keras_model' ? basename(resolve(file, '..')) : name;
}
