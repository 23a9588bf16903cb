import { EventEmitter } from 'node:events';
import type { InferencePool } from '../inference/inference-pool.js';
import { KnownError } from '../support/errors.js';
import { Leases } from '../support/leases.js';
import { compareNames, normalName } from '../support/model-name.js';
import type { FoundModel, FoundVersion } from './found-model.js';
import { LoadError } from './load-error.js';
import type { ServedModel } from './served-model.js';

/** What a version of a model can be doing: the states of TensorFlow Serving's `ModelVersionStatus`. `END` has an error. */
export const versionStates = ['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'] as const;
export type VersionState = (typeof versionStates)[number];

/** One version of a model. */
export interface CatalogVersion {
  readonly version: number;
  readonly state: VersionState;
  /** Why it isn't served; while it is `AVAILABLE`, why what its files hold now isn't, and what they held before is. */
  readonly error?: LoadError;
  /** While it is `AVAILABLE`. */
  readonly model?: ServedModel;
  /** How often it could not be loaded. */
  readonly failures: number;
}

/** A model with its versions, the newest first. */
export interface CatalogModel {
  readonly name: string;
  readonly versions: readonly CatalogVersion[];
}

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
  ) {
    super(message);
  }
}

/** What a catalog tells whoever logs and counts. */
export interface CatalogEvents {
  /** A version is loaded and warm, in the place of what its files held before when `isChange`. */
  available: [{ name: string; version: number; model: ServedModel; milliseconds: number; isChange: boolean }];
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
  defaultModel?: string;
}

/** How many models are loaded at once. */
const concurrency = 2;

type Slot = { -readonly [Key in keyof CatalogVersion]: CatalogVersion[Key] } & { fingerprint?: string };

/** The models that are served, by name. */
export class Catalog extends EventEmitter<CatalogEvents> {
  private readonly entries = new Map<string, { name: string; versions: Slot[] }>();
  /** Other names under which models are found. */
  private aliases = new Map<string, string>();
  private readonly closing = new AbortController();
  private readonly open = new Set<ServedModel>();
  private readonly leases = new Leases<ServedModel>();
  private readonly users = new Set<symbol>();
  private default: string | undefined;
  readonly pool: InferencePool;
  /** Goes up whenever a model or version comes, goes or changes: what is made of their signatures is then made anew. */
  generation = 0;
  /** Settles when all models have been loaded, or could not be. */
  started: Promise<void> = Promise.resolve();
  /** What was last told of the folders. */
  notices: readonly string[] = [];

  constructor(private readonly options: CatalogOptions) {
    super();
    this.pool = options.pool;
    this.default = options.defaultModel;
  }

  /** A catalog of one loaded model in one version, which ends with it. */
  static of(model: ServedModel): Catalog {
    const catalog = new Catalog({ load: async () => model, pool: model.pool, defaultModel: model.name });
    catalog.change(catalog.ensureSlot(model.name, 1), { state: 'AVAILABLE', model });
    catalog.adopt(model.name, model);
    return catalog;
  }

  /** All of them, in the order of their names; those that failed to load too. */
  get models(): readonly CatalogModel[] {
    return [...this.entries.values()];
  }

  /** The name of the model that serves where none is named: it stays the same, whatever comes and goes. */
  get defaultName(): string {
    return this.canonical(this.default ?? '');
  }

  /** Aborts when the catalog is closed. */
  get signal(): AbortSignal {
    return this.closing.signal;
  }

  /** Whether every version that is loaded can take work now, and there is one. */
  get ready(): boolean {
    const models = this.models.flatMap(({ versions }) => versions.filter(({ state }) => state === 'AVAILABLE'));
    return models.length > 0 && models.every(({ model }) => model?.ready);
  }

  /** A model by its name, in whatever normal form, or an alias; undefined when there is none. */
  get(name: string): CatalogModel | undefined {
    return this.entries.get(this.canonical(name));
  }

  /** What a model is called that is found under a name; the name itself when there is none. */
  private canonical(name: string): string {
    const normal = normalName(name);
    return this.entries.has(normal) ? normal : (this.aliases.get(normal) ?? name);
  }

  /**
   * The versions of a model that are meant, the newest first.
   * @param version all where it is left out
   * @throws CatalogError `model_unknown`, `model_version_unknown`
   */
  versionsOf(name: string, version?: number): readonly CatalogVersion[] {
    const entry = this.get(name);
    if (!entry) throw new CatalogError('model_unknown', `There is no model "${name.slice(0, 80)}".`);
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
    const available = wanted.find(({ state }) => state === 'AVAILABLE');
    if (available?.model) return { model: available.model, version: available.version };
    const label = version === undefined ? `The model "${name}"` : `Version ${version} of the model "${name}"`;
    const why = wanted.some(({ error }) => error)
      ? `could not be loaded: GET /models/${encodeURIComponent(this.canonical(name))} says why`
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
        .filter(({ version, fingerprint }) => this.slot(name, version)?.fingerprint !== fingerprint)
        .map((source) => ({ name, source, slot: this.ensureSlot(name, source.version) })),
    );
    this.default ??= found[0]?.name;
    this.aliases = aliasesOf(found);
    const queue = [...loads];
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await this.load(next.name, next.source, next.slot);
    };
    await Promise.all(Array.from({ length: concurrency }, work));

    const wanted = new Set(found.flatMap(({ name, versions }) => versions.map(({ version }) => `${name}/${version}`)));
    for (const { name, versions } of this.entries.values())
      for (const slot of [...versions]) if (!wanted.has(`${name}/${slot.version}`)) this.drop(name, slot);
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
    if (!isChange) this.change(slot, { state: 'LOADING' });
    slot.fingerprint = source.fingerprint;
    try {
      const model = await this.options.load(name, source);
      this.adopt(name, model);
      if (this.signal.aborted) return await this.release(model);
      this.change(slot, { state: 'AVAILABLE', model, error: undefined });
      this.emit('available', { name, version, model, milliseconds: performance.now() - started, isChange });
      if (before) this.releaseLater(before);
    } catch (cause) {
      if (this.signal.aborted) return;
      const error = cause as Error;
      const state = isChange ? 'AVAILABLE' : 'END';
      this.change(slot, { state, error: new LoadError(error, source.path), failures: slot.failures + 1 });
      this.emit('failed', { name, version, error, isChange });
    }
  }

  private drop(name: string, slot: Slot): void {
    if (slot.state === 'UNLOADING') return;
    const { model, version } = slot;
    this.change(slot, { state: 'UNLOADING' });
    this.emit('gone', { name, version });
    const remove = () => {
      const entry = this.entries.get(name);
      const index = entry?.versions.indexOf(slot) ?? -1;
      if (index >= 0) entry!.versions.splice(index, 1);
      if (entry?.versions.length === 0) this.entries.delete(name);
      this.generation++;
    };
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

  private adopt(name: string, model: ServedModel): void {
    this.open.add(model);
    model.events.on('batch', (rows) => this.emit('batch', { name, rows }));
  }

  /** Closes a model, once. */
  private async release(model: ServedModel): Promise<void> {
    if (this.open.delete(model)) await model.close();
  }

  private change(slot: Slot, changes: Partial<Slot>): void {
    Object.assign(slot, changes);
    this.generation++;
  }

  private slot(name: string, version: number): Slot | undefined {
    return this.entries.get(name)?.versions.find((slot) => slot.version === version && slot.state !== 'UNLOADING');
  }

  private ensureSlot(name: string, version: number): Slot {
    const known = this.slot(name, version);
    if (known) return known;
    const slot: Slot = { version, state: 'START', failures: 0 };
    const versions = this.entries.get(name)?.versions ?? [];
    versions.push(slot);
    versions.sort((a, b) => b.version - a.version);
    this.entries.set(name, { name, versions });
    const byName = [...this.entries].sort(([a], [b]) => compareNames(a, b));
    this.entries.clear();
    for (const [key, entry] of byName) this.entries.set(key, entry);
    this.generation++;
    return slot;
  }
}

/** Aliases with the names that they stand for; what would stand for two models, or is one's name, stands for none. */
function aliasesOf(models: readonly FoundModel[]): Map<string, string> {
  const names = new Set(models.map(({ name }) => name));
  const found = models.flatMap(({ name, alias }) => (alias && !names.has(alias) ? [[alias, name] as const] : []));
  return new Map(found.filter(([alias], at) => !found.some(([other], index) => other === alias && index !== at)));
}
