import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isModelFolder, modelFilesAmong } from '../support/model-files.js';
import type { Beside } from './card-files.js';
import { labelFilesAmong } from './label-files.js';

/** The most folders beside a model's in which other models are looked for. */
const mostFolders = 50;

/** Whether the name of a label file says that it has labels: others are about whatever lies there. */
const speaks = /label|class|categor/i;

/**
 * The label files in the folder above a model's; undefined where there are none, or where other models lie there or in folders beside the
 * model's, whose labels they may be.
 * @param folder of the model
 */
export async function labelsAbove(folder: string): Promise<Beside | undefined> {
  const above = dirname(folder);
  const entries = await readdir(above, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const labels = labelFilesAmong(names).filter((name) => speaks.test(name));
  if (above === folder || labels.length === 0 || holdsModels(names)) return undefined;
  const others = entries.filter((entry) => entry.isDirectory() && join(above, entry.name) !== folder);
  if (others.length > mostFolders) return undefined;
  for (const { name } of others) if (holdsModels(await readdir(join(above, name)).catch(() => []))) return undefined;
  return { folder: above, names: labels };
}

const holdsModels = (names: readonly string[]): boolean =>
  modelFilesAmong(names).models.length > 0 || isModelFolder(names);
