import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelFileError } from '../keras/index.js';
import { isModelFolder, modelFilesAmong } from '../support/model-files.js';

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
  const { models } = modelFilesAmong(names);
  if (models.length === 1) return join(path, models[0]!);
  const what = models.length === 0 ? 'no model file' : `several model files (${models.slice(0, 5).join(', ')})`;
  throw new ModelFileError('model_not_found', `The folder "${path}" has ${what}. Name the file to serve.`);
}
