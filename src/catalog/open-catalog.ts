import { defaultPoolSize, InferencePool } from '../inference/inference-pool.js';
import { normalName } from '../support/model-name.js';
import { Catalog } from './catalog.js';
import { type FoundModel, type FoundModels, ModelsError } from './found-model.js';
import { ModelFolders } from './model-folders.js';
import type { CatalogModel } from './model-versions.js';
import { type LoadOptions, loadServedModel } from './served-model.js';
import { watch } from './watching.js';

/** How models are found, loaded and run. */
export interface OpenCatalogOptions extends Omit<LoadOptions, 'name' | 'cardFolder' | 'pool' | 'signal'> {
  /** The name of the model that serves where none is named; the first by name by default. */
  defaultModel?: string;
  /** Whether one model that can't be loaded is reason enough not to start. */
  strict?: boolean;
  /** Whether changes in the folders are followed. */
  watch?: boolean;
  /** The processes that the models run in, which end with the catalog; they are started here by default. */
  pool?: InferencePool;
}

/**
 * Finds the models in files and folders and loads them. The catalog is there at once; its `started` rejects with
 * a ModelFileError or CardError when its only model can't be served, and a ModelsError when none of several can, or they
 * can't be served together.
 *
 * @param paths each a model file, a folder with one, a folder of models, a folder of numbered versions, or the name of a Keras
 *   Application
 */
export function openCatalog(paths: readonly string[], options: OpenCatalogOptions = {}): Catalog {
  const { defaultModel, strict, watch: watches, processes = defaultPoolSize(), ...loadOptions } = options;
  // They start while the folders are read.
  const pool = options.pool ?? new InferencePool(processes);
  const catalog: Catalog = new Catalog({
    pool,
    ownsPool: true,
    defaultModel,
    load: (name, { path, cardFolder }) =>
      loadServedModel(path, { ...loadOptions, pool, name, cardFolder, signal: catalog.signal }),
  });
  const folders = new ModelFolders(paths, { weights: loadOptions.weights, watch: watches });
  const starting = start(catalog, folders, options).catch(async (error) => {
    await catalog.close();
    throw error;
  });
  catalog.started = starting.then(() => undefined);
  starting.then(
    (found) => (watches ? watch(folders, catalog, found) : undefined),
    () => undefined,
  );
  catalog.started.catch(() => undefined);
  return catalog;
}

async function start(catalog: Catalog, folders: ModelFolders, options: OpenCatalogOptions): Promise<FoundModels> {
  const { defaultModel, strict = false, weights, inputShape } = options;
  const found = await folders.scan();
  catalog.notice(found.notices);
  const names = found.models.map(({ name }) => name);
  const isDefault = ({ name, alias }: FoundModel) => [name, alias].includes(normalName(defaultModel!));
  if (defaultModel !== undefined && names.length > 0 && !found.models.some(isDefault))
    throw new ModelsError(
      'model_unknown',
      `There is no model "${defaultModel}" to be the default. There is ${names.slice(0, 20).join(', ')}.`,
    );
  if (
    (weights !== undefined || inputShape !== undefined) &&
    found.models.flatMap(({ versions }) => versions).length > 1
  )
    throw new ModelsError('models_too_many', 'Weights and an input shape are for one model. Name the file to serve.');
  await catalog.update(found.models);
  catalog.signal.throwIfAborted();
  checkLoaded(catalog.models, strict ? '--strict' : options.noGuess ? '--no-guess' : undefined);
  return found;
}

/**
 * @param strict the flag by which one that can't be loaded is reason enough not to start
 * @throws the only model's own error, or a ModelsError with those of all
 */
function checkLoaded(models: readonly CatalogModel[], strict: '--strict' | '--no-guess' | undefined): void {
  const versions = models.flatMap(({ name, versions }) =>
    versions.map(({ version, error }) => ({ label: versions.length > 1 ? `${name} ${version}` : name, error })),
  );
  const failed = versions.filter(({ error }) => error);
  if (failed.length === 0 || (failed.length < versions.length && !strict)) return;
  if (versions.length === 1) throw failed[0]!.error!.cause;
  const count =
    failed.length === versions.length ? `None of ${failed.length}` : `${failed.length} of ${versions.length}`;
  const what =
    failed.length === versions.length ? 'models can be served' : `models can't be served, and ${strict} asks for all`;
  const reasons = failed.map(({ label, error }) => `  ${label}: ${error!.cause.message}`);
  throw new ModelsError('models_not_loaded', [`${count} ${what}:`, ...reasons].join('\n'));
}
