import type { KnownError } from '../support/errors.js';
import { compareNames, normalName } from '../support/model-name.js';
import type { FoundModel } from './found-model.js';
import type { LoadError } from './load-error.js';
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

/** Whether a version can be asked now, or later where nobody has it at the moment. */
export const isAvailable = ({ state }: CatalogVersion): boolean => state === 'AVAILABLE';

/** The version that answers where none is named: the newest, of those that somebody has. @param versions the newest first */
export function servingVersion(versions: readonly CatalogVersion[]): CatalogVersion | undefined {
  const available = versions.filter(isAvailable);
  return available.find(({ model }) => !model?.absence) ?? available[0];
}

/** What a version is doing, as clients are told: one that nobody has can't predict. */
export function shownStatus({ state, error, model }: CatalogVersion): { state: VersionState; error?: KnownError } {
  const absence = state === 'AVAILABLE' ? model?.absence : undefined;
  if (absence) return { state: 'END', error: absence };
  return error ? { state, error } : { state };
}

/** A version that the catalog works on. */
export type Slot = { -readonly [Key in keyof CatalogVersion]: CatalogVersion[Key] } & {
  /** Of the files that were last read, or tried. */
  fingerprint?: string;
};

/** Which models and versions there are, and under which names they are found. */
export class ModelVersions {
  private readonly entries = new Map<string, { name: string; versions: Slot[] }>();
  /** All of them in the order of their names, once somebody has asked for it. */
  private sorted: readonly CatalogModel[] | undefined;
  /** Other names under which models are found. */
  aliases: ReadonlyMap<string, string> = new Map();
  /** Goes up whenever a model or version comes, goes or changes. */
  generation = 0;

  /** All models in the order of their names. */
  get models(): readonly CatalogModel[] {
    this.sorted ??= [...this.entries.values()].sort((a, b) => compareNames(a.name, b.name));
    return this.sorted;
  }

  /** A model by its name, in whatever normal form, or an alias; undefined when there is none. */
  get(name: string): CatalogModel | undefined {
    return this.entries.get(this.canonical(name));
  }

  /** What a model is called that is found under a name; the name itself when there is none. */
  canonical(name: string): string {
    const normal = normalName(name);
    return this.entries.has(normal) ? normal : (this.aliases.get(normal) ?? name);
  }

  /** Takes the aliases of these models, in the place of all others. */
  setAliases(models: readonly FoundModel[]): void {
    this.aliases = aliasesOf(models);
  }

  /** The version, unless it is on its way out. */
  slot(name: string, version: number): Slot | undefined {
    return this.entries.get(name)?.versions.find((slot) => slot.version === version && slot.state !== 'UNLOADING');
  }

  /** The version, which comes to be where there is none. */
  ensureSlot(name: string, version: number): Slot {
    const known = this.slot(name, version);
    if (known) return known;
    const slot: Slot = { version, state: 'START', failures: 0 };
    const entry = this.entries.get(name) ?? { name, versions: [] };
    entry.versions.push(slot);
    entry.versions.sort((a, b) => b.version - a.version);
    this.entries.set(name, entry);
    this.sorted = undefined;
    this.generation++;
    return slot;
  }

  /** Changes what is known of a version. */
  change(slot: Slot, changes: Partial<Slot>): void {
    Object.assign(slot, changes);
    this.generation++;
  }

  /** Takes a version away, and its model with the last. */
  remove(name: string, slot: Slot): void {
    const entry = this.entries.get(name);
    const index = entry?.versions.indexOf(slot) ?? -1;
    if (index >= 0) entry!.versions.splice(index, 1);
    if (entry?.versions.length === 0) this.entries.delete(name);
    this.sorted = undefined;
    this.generation++;
  }

  /** All versions but these. @param wanted `name/version` */
  *others(wanted: ReadonlySet<string>): Generator<[name: string, slot: Slot]> {
    for (const { name, versions } of this.entries.values())
      for (const slot of [...versions]) if (!wanted.has(`${name}/${slot.version}`)) yield [name, slot];
  }
}

/** Aliases with the names that they stand for; what would stand for two models, or is one's name, stands for none. */
function aliasesOf(models: readonly FoundModel[]): Map<string, string> {
  const names = new Set(models.map(({ name }) => name));
  const found = new Map<string, string | undefined>();
  for (const { name, alias } of models)
    if (alias && !names.has(alias)) found.set(alias, found.has(alias) ? undefined : name);
  return new Map([...found].filter((entry): entry is [string, string] => entry[1] !== undefined));
}
