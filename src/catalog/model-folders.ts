import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { ModelFileError } from '../keras/index.js';
import { readWhole } from '../support/files.js';
import { decodeText } from './decode-text.js';
import { fingerprintOf } from './fingerprint.js';
import { type Folder, ownModel, readFolder } from './folder.js';
import { asModelName, compareNames, isModelName, versionOf } from './model-name.js';
import { CARD_FILE, MAX_CARD_BYTES, nameOf } from './model-path.js';

/** A version of a model, as it lies on disk. */
export interface FoundVersion {
  version: number;
  /** The model file, or the folder that is the model. */
  path: string;
  /** The folder above, whose card counts where the version has none. */
  cardFolder?: string;
  /** Another one whenever one of its files has changed. */
  fingerprint: string;
}

/** A model on disk with its versions, the newest first. */
export interface FoundModel {
  name: string;
  /** The model file, or the folder of the versions. */
  path: string;
  versions: FoundVersion[];
}

/** What there is to serve. */
export interface FoundModels {
  /** In the order of their names. */
  models: FoundModel[];
  /** Sentences on what looks like a model but isn't served, and on what is as it was when last looked at. */
  notices: string[];
}

/** Models that can't be served together, or none that can be served. */
export class ModelsError extends Error {
  override readonly name = 'ModelsError';
  constructor(
    readonly code: 'model_names_equal' | 'models_too_many' | 'models_not_loaded' | 'model_unknown',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The most models that are served. */
const maxModels = 500;
/** The most versions of a model that are served. */
const maxVersions = 10;

/**
 * Finds the models in files and folders, as often as asked: a model file; a folder with one; a folder of models, each a file
 * or a folder; a folder of versions, which are folders with whole numbers for names.
 */
export class ModelFolders {
  /** What each path held when it was last readable. */
  private readonly last = new Map<string, FoundModel[]>();
  /** Folders that once held several models: with one file left, their folders still count. */
  private readonly several = new Set<string>();
  /** The names in cards by their paths: one that is damaged does not give its model another name. */
  private readonly cardNames = new Map<string, { changed: number; name: string | undefined }>();
  /** Where the models of these names are. */
  private places = new Map<string, string>();
  private notices: string[] = [];

  /**
   * @param paths model files, folders, or names of Keras Applications
   * @param weights a file that belongs to the only model
   */
  constructor(
    private readonly paths: readonly string[],
    private readonly weights?: string,
  ) {}

  /**
   * Looks at all paths. What could be read before and can't be now is as it was.
   * @throws ModelFileError `model_not_found`, `model_unreadable`, `model_too_large`
   * @throws ModelsError `model_names_equal`, `models_too_many`
   */
  async scan(): Promise<FoundModels> {
    this.notices = [];
    for (const path of new Map(this.paths.map((path) => [resolve(path), path])).values()) {
      try {
        this.last.set(path, await this.scanPath(path));
      } catch (error) {
        if (!this.last.has(path)) throw error;
        this.notices.push((error as Error).message);
      }
    }
    return { models: this.distinct([...this.last.values()].flat()), notices: this.notices };
  }

  private async scanPath(path: string): Promise<FoundModel[]> {
    const found = await stat(path).catch(() => undefined);
    if (!found) return [{ name: await nameOfAbsent(path), path, versions: [{ version: 1, path, fingerprint: '' }] }];
    if (!found.isDirectory()) return [await this.single(path)];

    const folder = await readFolder(path);
    const own = ownModel(folder);
    if (own && !this.several.has(path)) {
      // Folders beside a model's file are its trainer's, unless they have a card or versions.
      const others = await this.modelsIn(folder, folder.folders, true);
      if (others.length > 0) this.several.add(path);
      return [await this.single(own), ...others];
    }
    const files = await Promise.all(folder.models.map((name) => this.single(join(path, name))));
    const isVersion = (name: string) => versionOf(name) !== undefined;
    const named = folder.folders.filter((name) => !isVersion(name));
    const models = [...files, ...(await this.modelsIn(folder, named))];
    const versioned = models.length === 0 && (await this.versioned(folder));
    if (versioned) return [versioned];
    models.push(...(await this.modelsIn(folder, folder.folders.filter(isVersion))));
    if (models.length === 0)
      throw new ModelFileError('model_not_found', `The folder "${path}" has no model file. Name the file to serve.`);
    if (models.length > 1) this.several.add(path);
    return models;
  }

  /** The models that folders of a folder are; only those that are made to be served, if need be. */
  private async modelsIn(parent: Folder, names: readonly string[], onlyMarked = false): Promise<FoundModel[]> {
    const models: FoundModel[] = [];
    for (const name of names) {
      if (models.length > maxModels) break;
      const path = join(parent.path, name);
      try {
        const folder = await readFolder(path);
        const model = await this.modelIn(folder);
        const isMarked = folder.names.has(CARD_FILE) || model?.path !== model?.versions[0]?.path;
        if (model && (isMarked || !onlyMarked)) models.push(model);
        else if (model) this.notices.push(`The model in "${path}" isn't served: a ${CARD_FILE} in it would say so.`);
      } catch (error) {
        if (!(error instanceof ModelFileError)) throw error;
        this.notices.push(error.message);
        const isGone = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
        const before = isGone ? undefined : [...this.last.values()].flat().find((model) => isIn(path, model.path));
        if (before) models.push(before);
      }
    }
    return models;
  }

  private async modelIn(folder: Folder): Promise<FoundModel | undefined> {
    const own = ownModel(folder);
    if (own) return this.single(own, basename(folder.path));
    const versioned = folder.models.length === 0 && (await this.versioned(folder));
    if (versioned) return versioned;
    // With a card it is meant to be a model: the loader says what is wrong with it.
    if (folder.names.has(CARD_FILE)) return this.single(folder.path, basename(folder.path));
    if (folder.models.length > 1)
      this.notices.push(
        `The folder "${folder.path}" has several model files; none is served. Give each its own folder.`,
      );
    return undefined;
  }

  /** @param otherwise what it is called where its card doesn't say */
  private async single(path: string, otherwise = nameOf(path)): Promise<FoundModel> {
    const fingerprint = await fingerprintOf(path, { weights: this.weights });
    const name = (await this.cardNameBeside(path)) ?? asModelName(otherwise);
    return { name, path, versions: [{ version: 1, path, fingerprint }] };
  }

  /** The model whose versions are the numbered folders in its own; undefined when there are none with a model. */
  private async versioned(parent: Folder): Promise<FoundModel | undefined> {
    const newest = parent.folders
      .map((name) => ({ name, version: versionOf(name) ?? -1 }))
      .filter(({ version }) => version >= 0)
      .sort((a, b) => b.version - a.version);
    const versions: FoundVersion[] = [];
    for (const { name, version } of newest) {
      const folder = await readFolder(join(parent.path, name));
      const path = ownModel(folder) ?? (folder.models.length > 1 ? folder.path : undefined);
      if (path === undefined) continue;
      const twin = versions.find((one) => one.version === version);
      if (twin) throw namesEqual(`versions ${version} of a model`, twin.path, path);
      if (versions.length === maxVersions) {
        this.notices.push(`Of the versions in "${parent.path}" the newest ${maxVersions} are served.`);
        break;
      }
      const cardFolder = parent.path;
      versions.push({ version, path, cardFolder, fingerprint: await fingerprintOf(path, { cardFolder }) });
    }
    if (versions.length === 0) return undefined;
    const name =
      (await this.cardName(join(parent.path, CARD_FILE))) ??
      (await this.cardNameBeside(versions[0]!.path)) ??
      asModelName(basename(resolve(parent.path)));
    return { name, path: parent.path, versions };
  }

  private async cardNameBeside(path: string): Promise<string | undefined> {
    const found = await stat(path).catch(() => undefined);
    return found && this.cardName(join(found.isDirectory() ? path : dirname(path), CARD_FILE));
  }

  private async cardName(path: string): Promise<string | undefined> {
    const found = await stat(path).catch(() => undefined);
    const known = this.cardNames.get(path);
    const changed = found?.isFile() && found.size <= MAX_CARD_BYTES ? found.mtimeMs : 0;
    if (known?.changed === changed) return known.name;
    const name = changed === 0 ? undefined : await readCardName(path).catch(() => known?.name);
    this.cardNames.set(path, { changed, name });
    return name;
  }

  /**
   * Models by name. The first time, two of one name are an error; later, the one that came later is left out.
   * @throws ModelsError
   */
  private distinct(models: readonly FoundModel[]): FoundModel[] {
    const byName = new Map<string, FoundModel>();
    for (const model of models) {
      const twin = byName.get(model.name);
      const isKnown = this.places.get(model.name) === model.path;
      if (!twin || isKnown) byName.set(model.name, model);
      if (!twin) continue;
      const error = namesEqual(`models called ${model.name}`, twin.path, model.path);
      if (this.places.size === 0) throw error;
      this.notices.push(error.message);
    }
    if (byName.size > maxModels)
      throw new ModelsError('models_too_many', `There are more than ${maxModels} models, the most that are served.`);
    this.places = new Map([...byName].map(([name, { path }]) => [name, path]));
    return [...byName.values()].sort((a, b) => compareNames(a.name, b.name));
  }
}

/**
 * The name under which what is not on disk is served: that of a Keras Application.
 * @throws ModelFileError `model_not_found`
 */
async function nameOfAbsent(path: string): Promise<string> {
  const { findApplication, readApplications, servedName } = await import('./applications/application.js');
  const application = findApplication(path, await readApplications());
  if (application) return servedName(application);
  const { findModel } = await import('./find-model.js');
  await findModel(path);
  return asModelName(nameOf(path));
}

const isIn = (folder: string, path: string) => path === folder || path.startsWith(folder + sep);

const namesEqual = (what: string, one: string, other: string) =>
  new ModelsError(
    'model_names_equal',
    `There are two ${what}: ${one} and ${other}. Give each a folder of its own, with another "name" in its serve.json.`,
  );

/** The name in a card; what else is in it, and whether it is right, is the loader's to see. */
async function readCardName(path: string): Promise<string | undefined> {
  const { name } = JSON.parse(decodeText(await readWhole(path, MAX_CARD_BYTES)) ?? '') as { name?: unknown };
  return isModelName(name) ? name : undefined;
}
