import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelFileError } from '../keras/index.js';
import { isModelFolder, modelFilesAmong } from './model-path.js';

/** What is in a folder; what is hidden is left out. */
export interface Folder {
  path: string;
  /** Of its files. */
  names: Set<string>;
  /** Of those that are models. */
  models: string[];
  folders: string[];
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
  try {
    for await (const entry of await opendir(path)) {
      if (entry.name.startsWith('.')) continue;
      ((await isFolder(path, entry)) ? folders : files).push(entry.name);
      if (files.length + folders.length > maxEntries)
        throw new ModelFileError('model_too_large', `The folder "${path}" has more than ${maxEntries} entries.`);
    }
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ModelFileError('model_unreadable', `The folder "${path}" can't be read: ${reason}.`, { cause });
  }
  return { path, names: new Set(files), models: modelFilesAmong(files), folders: folders.sort() };
}

async function isFolder(parent: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(join(parent, entry.name)).catch(() => undefined);
  return target?.isDirectory() ?? false;
}

/** The model of a folder that holds one: its only model file, or the folder itself. */
export function ownModel({ path, names, models }: Folder): string | undefined {
  if (isModelFolder([...names])) return path;
  return models.length === 1 ? join(path, models[0]!) : undefined;
}
