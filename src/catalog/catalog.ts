import { EventEmitter } from 'node:events';
import type { Anomaly } from '../../schemas/models.js';
import type { InferencePool } from '../inference/inference-pool.js';
import { KnownError } from '../support/errors.js';
import { Leases } from '../support/leases.js';
import type { FoundModel, FoundVersion } from './found-model.js';
import { LoadError } from './load-error.js';
import {
  type CatalogModel,
  type CatalogVersion,
  isAvailable,
  ModelVersions,
  type Slot,
  servingVersion,
} from './model-versions.js';
import type { ServedModel } from './served-model.js';
import type { Worker, Workers } from './workers.js';

/** A model that stays loaded until its lease is released. */
export interface ModelLease {
  readonly version: number;
  readonly model: ServedModel;
  /** Once is enough; again does nothing. */
  release(): void;
}

/** A model that isn't there, or can't be used now. */
export class CatalogError extends KnownError {
  readonly audience = 'client';
  constructor(
    readonly code: 'model_unknown' | 'model_version_unknown' | 'model_not_ready',
    message: string,
    /** The name that no model has. */
    readonly unknown?: string,
  ) {
    super(message);
  }
}

/** What a catalog tells whoever logs and counts. */
export interface CatalogEvents {
  /** A version is loaded and warm, in the place of what its files held before when `isChange`. */
  available: [{ name: string; version: number; model: ServedModel; milliseconds: number; isChange: boolean }];
  /** Something looks like nonsense that goes into a version of a model or comes out. */
  anomaly: [{ name: string; version: number; anomaly: Anomaly }];
  /** A model has been run. */
  batch: [{ name: string; rows: number }];
  /** A version can't be loaded; `isChange` when what its files held before goes on serving. */
  failed: [{ name: string; version: number; error: Error; isChange: boolean }];
  /** A version is no longer served, for it is no longer there. */
  gone: [{ name: string; version: number }];
  /** A sentence on what is not as it should be, such as that a folder can't be read. */
  notice: [message: string];
}

/** Loads a version of a model. */
export type Loader = (name: string, source: FoundVersion) => Promise<ServedModel>;

export interface CatalogOptions {
  load: Loader;
  /** The processes that the models run in. */
  pool: InferencePool;
  /** Whether the pool ends with the catalog. */
  ownsPool?: boolean;
  /** The name of the model that serves where none is named; the first one by default. */
  defaultModel?: string | undefined;
  /** Those that run the models, where other processes do. */
  workers?: Workers;
}

/** How many models are loaded at once. */
const concurrency = 2;

/** The models that are served, by name. */
export class Catalog extends EventEmitter<CatalogEvents> {
  private readonly versions = new ModelVersions();
  private readonly closing = new AbortController();
  private readonly open = new Set<ServedModel>();
  private readonly leases = new Leases<ServedModel>();
  private readonly users = new Set<symbol>();
  private default: string | undefined;
  readonly pool: InferencePool;
  /** Settles when all models have been loaded, or could not be. */
  started: Promise<void> = Promise.resolve();
  /** What was last told of the folders. */
  notices: readonly string[] = [];
  /** Those that run the models, where other processes do: nothing is loaded here then. */
  readonly workers: Workers | undefined;

  constructor(private readonly options: CatalogOptions) {
    super();
    this.pool = options.pool;
    this.workers = options.workers;
    this.default = options.defaultModel;
  }

  /** A catalog of one loaded model in one version, which ends with it. */
  static of(model: ServedModel): Catalog {
    const catalog = new Catalog({ load: async () => model, pool: model.pool, defaultModel: model.name });
    catalog.versions.change(catalog.versions.ensureSlot(model.name, 1), { state: 'AVAILABLE', model });
    catalog.adopt(model.name, 1, model);
    return catalog;
  }

  /** All of them, in the order of their names; those that failed to load too. */
  get models(): readonly CatalogModel[] {
    return this.versions.models;
  }

  /** Other names under which models are found, with those that they stand for. */
  get aliases(): ReadonlyMap<string, string> {
    return this.versions.aliases;
  }

  /** The name of the model that serves where none is named: it stays the same, whatever comes and goes. */
  get defaultName(): string {
    return this.versions.canonical(this.default ?? '');
  }

  /** Aborts when the catalog is closed. */
  get signal(): AbortSignal {
    return this.closing.signal;
  }

  /** Whether every version that is loaded can take work now, and there is one; where others run them, whether those can be asked. */
  get ready(): boolean {
    if (this.workers) return this.workers.ready;
    const models = this.models.flatMap(({ versions }) => versions.filter(isAvailable));
    return models.length > 0 && models.every(({ model }) => model?.ready);
  }

  /** Those that answer for a version of a model, where other processes run the models. */
  workersOf(name: string, version: number): readonly Worker[] | undefined {
    return this.workers?.of(this.versions.canonical(name), version);
  }

  /** Goes up whenever a model or version comes, goes or changes: what is made of their signatures is then made anew. */
  get generation(): number {
    return this.versions.generation;
  }

  /** A model by its name, in whatever normal form, or an alias; undefined when there is none. */
  get(name: string): CatalogModel | undefined {
    return this.versions.get(name);
  }

  /**
   * The versions of a model that are meant, the newest first.
   * @param version all where it is left out
   * @throws CatalogError `model_unknown`, `model_version_unknown`
   */
  versionsOf(name: string, version?: number): readonly CatalogVersion[] {
    const entry = this.get(name);
    if (!entry) throw new CatalogError('model_unknown', `There is no model "${name.slice(0, 80)}".`, name);
    const wanted = entry.versions.filter((one) => version === undefined || one.version === version);
    if (wanted.length > 0) return wanted;
    throw new CatalogError('model_version_unknown', `The model "${name}" has no version ${version}.`);
  }

  /** The model that `findVersion` finds. @throws CatalogError */
  find(name?: string, version?: number): ServedModel {
    return this.findVersion(name, version).model;
  }

  /**
   * The model of a name and version that can predict, with the version that it is.
   * @param name the default model's where it is left out
   * @param version the newest that is available where it is left out
   * @throws CatalogError
   */
  findVersion(name: string = this.defaultName, version?: number): { model: ServedModel; version: number } {
    if (name === '') throw new CatalogError('model_not_ready', 'There is no model yet.');
    const wanted = this.versionsOf(name, version);
    const available = servingVersion(wanted);
    if (available?.model) return { model: available.model, version: available.version };
    const which = version === undefined ? 'The' : `Version ${version} of the`;
    const label = `${which} model ${name === this.defaultName ? `"${name}", the default one,` : `"${name}"`}`;
    const why = wanted.some(({ error }) => error)
      ? `could not be loaded: GET /models/${encodeURIComponent(this.versions.canonical(name))} says why`
      : "isn't loaded";
    throw new CatalogError('model_not_ready', `${label} ${why}.`);
  }

  /** The model that `findVersion` finds, kept loaded whatever happens to its files. @throws CatalogError */
  lease(name?: string, version?: number): ModelLease {
    const found = this.findVersion(name, version);
    return { ...found, release: this.leases.take(found.model) };
  }

  /**
   * Makes these the models that are served. What is new or has changed is loaded beside what is there, which then makes way
   * for it once no lease of it is left. What can't be loaded changes nothing but its state. What is no longer wanted goes last.
   */
  async update(found: readonly FoundModel[]): Promise<void> {
    const loads = found.flatMap(({ name, versions }) =>
      versions
        .filter(({ version, fingerprint }) => this.versions.slot(name, version)?.fingerprint !== fingerprint)
        .map((source) => ({ name, source, slot: this.versions.ensureSlot(name, source.version) })),
    );
    this.default ??= found[0]?.name;
    this.versions.setAliases(found);
    const queue = [...loads];
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await this.load(next.name, next.source, next.slot);
    };
    await Promise.all(Array.from({ length: concurrency }, work));

    const wanted = new Set(found.flatMap(({ name, versions }) => versions.map(({ version }) => `${name}/${version}`)));
    for (const [name, slot] of this.versions.others(wanted)) this.drop(name, slot);
  }

  /** Takes over what there is to say of the folders; what is new is told. */
  notice(messages: readonly string[]): void {
    const fresh = messages.filter((message) => !this.notices.includes(message));
    this.notices = messages;
    for (const message of fresh) this.emit('notice', message);
  }

  /**
   * Counts one more that serves the models.
   * @returns counts it off, once; the catalog is closed with the last
   */
  use(): () => Promise<void> {
    const user = Symbol();
    this.users.add(user);
    return async () => {
      if (this.users.delete(user) && this.users.size === 0) await this.close();
    };
  }

  /** Answers what has been accepted, then ends the inference processes. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([...this.open].map((model) => this.release(model)));
    if (this.options.ownsPool) await this.pool.close();
  }

  private async load(name: string, source: FoundVersion, slot: Slot): Promise<void> {
    if (this.signal.aborted) return;
    const started = performance.now();
    const { version, model: before } = slot;
    const isChange = before !== undefined;
    if (!isChange) this.versions.change(slot, { state: 'LOADING' });
    slot.fingerprint = source.fingerprint;
    try {
      const model = await this.options.load(name, source);
      this.adopt(name, version, model);
      if (this.signal.aborted) return await this.release(model);
      this.versions.change(slot, { state: 'AVAILABLE', model, error: undefined });
      this.emit('available', { name, version, model, milliseconds: performance.now() - started, isChange });
      if (before) this.releaseLater(before);
    } catch (cause) {
      if (this.signal.aborted) return;
      const error = cause as Error;
      const state = isChange ? 'AVAILABLE' : 'END';
      this.versions.change(slot, { state, error: new LoadError(error, source.path), failures: slot.failures + 1 });
      this.emit('failed', { name, version, error, isChange });
    }
  }

  private drop(name: string, slot: Slot): void {
    if (slot.state === 'UNLOADING') return;
    const { model, version } = slot;
    this.versions.change(slot, { state: 'UNLOADING' });
    this.emit('gone', { name, version });
    const remove = () => this.versions.remove(name, slot);
    if (model) this.releaseLater(model, remove);
    else remove();
  }

  private releaseLater(model: ServedModel, then: () => void = () => undefined): void {
    this.leases
      .unused(model)
      .then(() => this.release(model))
      .then(then)
      .catch((error: Error) => this.emit('notice', error.message));
  }

  private adopt(name: string, version: number, model: ServedModel): void {
    this.open.add(model);
    model.monitoring.on('anomaly', (anomaly) => this.emit('anomaly', { name, version, anomaly }));
    model.events.on('batch', (rows) => this.emit('batch', { name, rows }));
  }

  /** Closes a model, once. */
  private async release(model: ServedModel): Promise<void> {
    if (this.open.delete(model)) await model.close();
  }
}
