import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { labelFiles } from '../cards/label-files.js';
import { ModelFileError } from '../keras/index.js';
import { CARD_FILE } from '../support/card-file.js';
import { describeSpecial } from '../support/files.js';
import { foldersPassedOver, isModelFolder, modelFilesAmong, type PassedOver } from '../support/model-files.js';

/** What is in a folder; what is hidden is left out. */
export interface Folder {
  path: string;
  /** Of its files. */
  names: Set<string>;
  /** Of those that are models. */
  models: string[];
  folders: string[];
  /** Those of its folders that are elsewhere. */
  links: Set<string>;
  /** What looks like a model, a card or labels, and is none. */
  passedOver: PassedOver[];
}

/** More is no folder of models. */
const maxEntries = 10_000;

/**
 * Lists a folder.
 * @throws ModelFileError `model_unreadable`, `model_too_large`
 */
export async function readFolder(path: string): Promise<Folder> {
  const files: string[] = [];
  const folders: string[] = [];
  const links = new Set<string>();
  const special: PassedOver[] = [];
  try {
    for await (const entry of await opendir(path)) {
      const { name } = entry;
      if (name.startsWith('.')) continue;
      const target = await targetOf(path, entry);
      const reason = describeSpecial(target);
      if (reason) special.push({ name, reason: `${reason}, no file` });
      else (target.isDirectory() ? folders : files).push(name);
      if (entry.isSymbolicLink()) links.add(name);
      if (files.length + folders.length + special.length > maxEntries)
        throw new ModelFileError('model_too_large', `The folder "${path}" has more than ${maxEntries} entries.`);
    }
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ModelFileError('model_unreadable', `The folder "${path}" can't be read: ${reason}.`, { cause });
  }
  const { models, passedOver } = modelFilesAmong(files);
  const byName = [CARD_FILE, ...labelFiles];
  const wanted = special.filter(
    ({ name }) => byName.includes(name.toLowerCase()) || modelFilesAmong([name]).models.length > 0,
  );
  return {
    path,
    names: new Set(files),
    models,
    folders: folders.sort(),
    links,
    // The files of a folder that is a model are its own.
    passedOver: isModelFolder(files) ? wanted : [...foldersPassedOver(folders), ...wanted, ...passedOver],
  };
}

/** What a link leads to; a link to nowhere is itself. */
async function targetOf(parent: string, entry: Dirent): Promise<Omit<Dirent, 'parentPath' | 'path' | 'name'>> {
  if (!entry.isSymbolicLink()) return entry;
  return (await stat(join(parent, entry.name)).catch(() => undefined)) ?? entry;
}

/** The model of a folder that holds one: its only model file, or the folder itself. */
export function ownModel({ path, names, models }: Folder): string | undefined {
  if (isModelFolder([...names])) return path;
  return models.length === 1 ? join(path, models[0]!) : undefined;
}

/** Folders in which other people's programs lie, some of them with models. */
const foreign = new Set(['node_modules', 'site-packages', '__pycache__']);

/** Whether a folder is somebody else's: packages of Node.js, or a virtual environment of Python or Conda. */
export const isForeign = (name: string, { names, folders }: Folder): boolean =>
  foreign.has(name) || names.has('pyvenv.cfg') || folders.includes('conda-meta');
