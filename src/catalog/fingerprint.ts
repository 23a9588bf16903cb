import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ownFiles, sideFilesAmong } from '../cards/beside/side-files.js';
import { filesNamedIn } from '../cards/card-files.js';
import { labelsAbove } from '../cards/folder-above.js';
import { labelFilesAmong } from '../cards/label-files.js';
import { sourceFilesAmong } from '../cards/source-files.js';
import { modelFiles } from '../keras/index.js';
import { CARD_FILE, MAX_CARD_BYTES } from '../support/card-file.js';
import { decodeText } from '../support/decode-text.js';
import { filePart } from '../support/file-part.js';
import { readWhole } from '../support/files.js';

/** The names of what is in a folder. */
export type Lister = (folder: string) => Promise<readonly string[]>;

const nothing = Buffer.alloc(0);

/**
 * What lies beside a model file and says how it is served: of what programs saved that which is this model's, which changes when another
 * model comes or goes, or is used with it by source code, and the code itself.
 */
async function besides(model: string, folder: string, list: Lister): Promise<string[]> {
  const names: readonly string[] = await list(folder).catch(() => []);
  const card = names.includes(CARD_FILE)
    ? await readWhole(join(folder, CARD_FILE), MAX_CARD_BYTES).catch(() => nothing)
    : nothing;
  const labels = labelFilesAmong(names);
  const code = sourceFilesAmong(names);
  // Which of them are another model's the code may say.
  const own = sideFilesAmong(code.length > 0 ? names : ownFiles(model, names));
  const others = [...labels, ...code];
  const named = filesNamedIn(decodeText(card) ?? '').map((name) => filePart(name).file);
  return [CARD_FILE, ...others, ...own, ...named].map((name) => join(folder, name));
}

/**
 * A text that is another one whenever a file of the model has changed: model file, shards, weights, card, what the card names,
 * labels, and what else may belong to the model, by their sizes and times.
 *
 * @param path the model file, or the folder that is the model
 * @param cardFolder another folder whose card counts
 * @param list lists a folder
 */
export async function fingerprintOf(
  path: string,
  { cardFolder, weights, list = readdir }: { cardFolder?: string; weights?: string; list?: Lister } = {},
): Promise<string> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
  const inFolder = isFolder ? (await readdir(path)).map((name) => join(path, name)) : [];
  const folders = [isFolder ? path : dirname(path), ...(cardFolder === undefined ? [] : [cardFolder])];
  const above = await labelsAbove(folders[0]!);
  const files = new Set([
    ...inFolder,
    ...(above?.names.map((name) => join(above.folder, name)) ?? []),
    ...(await filesOf(path, weights)),
    ...(await Promise.all(folders.map((folder) => besides(basename(path), folder, list)))).flat(),
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
