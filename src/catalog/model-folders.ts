import { stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { ModelFileError } from '../keras/index.js';
import { asModelName, compareNames, nameOf, versionOf } from '../support/model-name.js';
import { ownModel, readFolder } from './folder.js';
import { FolderModels, maxModels } from './folder-models.js';
import { insteadIn, nameIt, passedOverIn, several } from './folder-notices.js';
import { type FoundModel, type FoundModels, ModelsError, namesEqual } from './found-model.js';

/** How models are looked for. */
export interface ModelFoldersOptions {
  /** A file with weights that belongs to the only model. */
  weights?: string;
  /** Whether it is looked again and again: what can't be served now may be later, and harms nothing that can. */
  watch?: boolean;
}

/**
 * Finds the models in files and folders, as often as asked: a model file; a folder with one; a folder of models, each a file
 * or a folder; a folder of versions, which are folders with whole numbers for names.
 */
export class ModelFolders {
  /** What each path held when it was last readable. */
  private readonly last = new Map<string, FoundModel[]>();
  /** Folders that once held several models: with one file left, their folders still count. */
  private readonly several = new Set<string>();
  /** Where the models of these names are. */
  private places = new Map<string, string>();
  private readonly folders: FolderModels;
  private readonly watches: boolean;

  /** @param paths model files, folders, or names of Keras Applications */
  constructor(
    private readonly paths: readonly string[],
    { weights, watch = false }: ModelFoldersOptions = {},
  ) {
    this.folders = new FolderModels(weights);
    this.watches = watch;
  }

  /**
   * Looks at all paths. What could be read before and can't be now is as it was.
   * @throws ModelFileError `model_not_found`, `model_unreadable`, `model_too_large`
   * @throws ModelsError `model_names_equal`, `models_too_many`
   */
  async scan(): Promise<FoundModels> {
    this.folders.begin();
    for (const path of new Map(this.paths.map((path) => [resolve(path), path])).values()) {
      try {
        this.last.set(path, await this.scanPath(path));
      } catch (error) {
        if (!this.last.has(path) && !(this.watches && error instanceof NoModelError)) throw error;
        this.folders.notices.push((error as Error).message);
      }
    }
    const clashes = [...this.folders.clashes];
    const models = distinct([...this.last.values()].flat(), this.places, clashes);
    if (clashes.length > 0 && this.places.size === 0 && !this.watches) throw clashes[0];
    this.places = new Map(models.map(({ name, path }) => [name, path]));
    return { models, notices: [...this.folders.notices, ...clashes.map(({ message }) => message)] };
  }

  private async scanPath(path: string): Promise<FoundModel[]> {
    const { folders } = this;
    const found = await stat(path).catch(() => undefined);
    if (!found) return [{ name: await nameOfAbsent(path), path, versions: [{ version: 1, path, fingerprint: '' }] }];
    if (!found.isDirectory()) return [await folders.single(path)];

    const before = [...this.last.values()].flat();
    const folder = await readFolder(path);
    const own = ownModel(folder);
    if (own && !this.several.has(path)) {
      // Folders beside a model's file are its trainer's, unless they have a card or versions.
      const others = await folders.modelsIn(folder, folder.folders, before, true);
      if (others.length > 0) this.several.add(path);
      await folders.note(folder);
      return [await folders.single(own), ...others];
    }
    const files = await Promise.all(folder.models.map((name) => folders.single(join(path, name))));
    const isVersion = (name: string) => versionOf(name) !== undefined;
    const named = folder.folders.filter((name) => !isVersion(name));
    const models = [...files, ...(await folders.modelsIn(folder, named, before))];
    const versioned = models.length === 0 && (await folders.versioned(folder));
    if (versioned) return [versioned];
    models.push(...(await folders.modelsIn(folder, folder.folders.filter(isVersion), before)));
    const below = models.length === 0 ? await folders.below(folder) : [];
    if (models.length === 0) {
      if (below.length > 0) throw new NoModelError(path, [several(path, below), ...passedOverIn(folder), nameIt]);
      throw new NoModelError(path, insteadIn(folder));
    }
    await folders.note(folder);
    if (models.length > 1) this.several.add(path);
    const [only] = models;
    // Named by its own file or folder, not by one on the way to it.
    if (models.length === 1 && relative(path, only!.path).split(sep).length > 2)
      return [await folders.single(only!.path, { cardFolder: only!.versions[0]!.cardFolder })];
    return models;
  }
}

/**
 * Models by name. Of two of one name the one that had it keeps it, else the first.
 * @param places where the models of these names were
 * @param clashes gets an error for each that is left out
 * @throws ModelsError `models_too_many`
 */
function distinct(
  models: readonly FoundModel[],
  places: ReadonlyMap<string, string>,
  clashes: ModelsError[],
): FoundModel[] {
  const byName = new Map<string, FoundModel>();
  for (const model of models) {
    const twin = byName.get(model.name);
    if (!twin || places.get(model.name) === model.path) byName.set(model.name, model);
    if (twin) clashes.push(namesEqual(`models called ${model.name}`, twin.path, model.path));
  }
  if (byName.size > maxModels)
    throw new ModelsError('models_too_many', `There are more than ${maxModels} models, the most that are served.`);
  return [...byName.values()].sort((a, b) => compareNames(a.name, b.name));
}

/** A folder in which there is no model to serve. */
class NoModelError extends ModelFileError {
  /** @param more sentences on what there is, and what to do */
  constructor(path: string, more: readonly string[]) {
    super('model_not_found', [`The folder "${path}" has no model file.`, ...more].join(' '));
  }
}

/**
 * The name under which what is not on disk is served: that of a Keras Application.
 * @throws ModelFileError `model_not_found`
 */
async function nameOfAbsent(path: string): Promise<string> {
  const { findApplication, readApplications, servedName } = await import('../applications/application.js');
  const application = findApplication(path, await readApplications());
  if (application) return servedName(application);
  const { findModel } = await import('./find-model.js');
  await findModel(path);
  return asModelName(nameOf(path));
}
