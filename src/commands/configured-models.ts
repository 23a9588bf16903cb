import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { findApplication, readApplications } from '../applications/application.js';
import type { ConfigFile } from '../settings/config-file.js';

/** Models of a configuration file as they would be typed, and where they stand in it. */
export interface ConfiguredModels {
  paths: string[];
  from: string;
}

/**
 * What a configuration file serves: paths beside it, or Keras Applications by name where nothing beside it is called so.
 * @returns undefined where it names none
 */
export async function configuredModels(file?: ConfigFile): Promise<ConfiguredModels | undefined> {
  if (!file?.models) return undefined;
  const { items = [file.models], from } = file.models;
  return { paths: await Promise.all(items.map(({ text }) => pathOf(text, file.folder))), from };
}

async function pathOf(model: string, folder: string): Promise<string> {
  const path = isAbsolute(model) ? model : join(folder, model);
  const isThere = await stat(path).catch(() => undefined);
  return !isThere && findApplication(model, await readApplications()) ? model : path;
}
