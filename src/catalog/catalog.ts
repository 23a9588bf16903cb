import type { ServedModel } from './served-model.js';

/** What a version of a model is doing: the states of TensorFlow Serving's `ModelVersionStatus`. `END` has an error, or is unloaded. */
export type VersionState = 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

/** One version of a model. */
export interface ModelVersion {
  readonly version: number;
  readonly state: VersionState;
  /** Why it isn't served. */
  readonly error?: Error & { code?: string };
  /** While it is `AVAILABLE`. */
  readonly model?: ServedModel;
}

/** A model with its versions, the newest first. */
export interface CatalogModel {
  readonly name: string;
  readonly versions: readonly ModelVersion[];
}

/** A model that isn't there, or can't be used now. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';
  constructor(
    readonly code: 'model_unknown' | 'model_version_unknown' | 'model_not_ready',
    message: string,
  ) {
    super(message);
  }
}

/** The models that are served, by name. */
export class Catalog {
  private readonly entries = new Map<string, CatalogModel>();
  /** Goes up whenever a model or version comes, goes or changes: what is made of their signatures is then made anew. */
  generation = 0;

  /** A catalog of one model in one version. */
  static of(model: ServedModel): Catalog {
    const catalog = new Catalog();
    catalog.entries.set(model.name, { name: model.name, versions: [{ version: 1, state: 'AVAILABLE', model }] });
    return catalog;
  }

  /** All of them, in the order of their names; those that failed to load too. */
  get models(): readonly CatalogModel[] {
    return [...this.entries.values()];
  }

  /** The name of the model that serves where none is named. */
  get defaultName(): string {
    return this.models[0]!.name;
  }

  /** Whether every model can take work now. */
  get ready(): boolean {
    return this.models.every(({ versions }) => versions.some(({ model }) => model?.ready));
  }

  /**
   * The model of a name and version that can predict.
   * @param name the default model's where it is left out
   * @param version the newest that is available where it is left out
   * @throws CatalogError
   */
  find(name: string = this.defaultName, version?: number): ServedModel {
    const entry = this.entries.get(name);
    if (!entry) throw new CatalogError('model_unknown', `There is no model "${name.slice(0, 80)}".`);
    const wanted = entry.versions.filter((one) => version === undefined || one.version === version);
    if (wanted.length === 0)
      throw new CatalogError('model_version_unknown', `The model "${name}" has no version ${version}.`);
    const available = wanted.find(({ state }) => state === 'AVAILABLE');
    if (!available?.model) throw new CatalogError('model_not_ready', `The model "${name}" isn't loaded.`);
    return available.model;
  }

  /** Answers what has been accepted, then ends the inference processes. */
  async close(): Promise<void> {
    await Promise.all(this.models.flatMap(({ versions }) => versions.map(({ model }) => model?.close())));
  }
}
