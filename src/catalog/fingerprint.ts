import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { modelFiles } from '../keras/index.js';
import { labelFiles } from './label-files.js';
import { CARD_FILE } from './model-path.js';

/** What may lie beside a model file and says how it is served. */
const besides = [CARD_FILE, ...labelFiles];

/**
 * A text that is another one whenever a file of the model has changed: model file, shards, weights, card and labels, by their
 * sizes and times.
 *
 * @param path the model file, or the folder that is the model
 * @param cardFolder another folder whose card counts
 */
export async function fingerprintOf(
  path: string,
  { cardFolder, weights }: { cardFolder?: string; weights?: string } = {},
): Promise<string> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
  const inFolder = isFolder ? (await readdir(path)).map((name) => join(path, name)) : [];
  const folders = [isFolder ? path : dirname(path), ...(cardFolder === undefined ? [] : [cardFolder])];
  const files = new Set([
    ...inFolder,
    ...(await filesOf(path, weights)),
    ...folders.flatMap((folder) => besides.map((name) => join(folder, name))),
  ]);
  const states = await Promise.all([...files].map(stateOf));
  return states.filter((state) => state !== '').join('\n');
}

/** A damaged model has as many files as can be told, but at least the one that is named. */
const filesOf = (path: string, weights?: string): Promise<string[]> =>
  modelFiles(path, { weights }).catch(() => [path]);

/** The time of change counts too: a file may become readable, or be replaced by another with the time of the first. */
async function stateOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? `${path} ${found.size} ${found.mtimeMs} ${found.ctimeMs}` : '';
}
