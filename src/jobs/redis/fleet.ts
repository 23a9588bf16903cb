import { EventEmitter } from 'node:events';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Worker } from '../../catalog/workers.js';
import { isModelName } from '../../support/model-name.js';
import type { RedisConnections } from './connection.js';
import { mostGenerations, withWorkerScripts } from './worker-scripts.js';

/** What there is to say of workers that can't be understood. */
export interface FleetLog {
  warn(message: string): void;
}

/** The files of a version of a model, as their contents are somewhere. */
interface Generation {
  readonly id: string;
  /** When it was first announced, by the epoch. */
  since: number;
  /** Those that have it now. */
  readonly workers: Set<Worker>;
}

/** Models that a worker has, as it announces them. */
const Models = Compile(
  Type.Array(Type.Tuple([Type.String(), Type.Integer({ minimum: 0 }), Type.String()]), { maxItems: 20_000 }),
);
type Models = [name: string, version: number, generation: string][];

/** Workers that are asked for what they have at once. */
const atOnce = 50;

/** How a generation stands among all: `pets/1/0f3c…`. */
export const memberOf = (name: string, version: number, generation: string): string =>
  `${name}/${version}/${generation}`;

/** The workers that live, and what they and those before them have announced, as Redis has it. Emits `change` when that has changed. */
export class Fleet extends EventEmitter<{ change: [] }> {
  private readonly redis: ReturnType<typeof withWorkerScripts>;
  private readonly prefix: string;
  private readonly living = new Map<string, { worker: Worker; models: Models }>();
  private readonly models = new Map<string, Map<number, Generation[]>>();
  /** Those that were not understood, each told once. */
  private readonly told = new Set<string>();
  /** The state of Redis that is known. */
  private epoch = 0;

  constructor(
    { commands, prefix }: Pick<RedisConnections, 'commands' | 'prefix'>,
    private readonly log: FleetLog,
  ) {
    super();
    this.redis = withWorkerScripts(commands);
    this.prefix = prefix;
  }

  /** How many workers live. */
  get count(): number {
    return this.living.size;
  }

  /** All models with their versions, those too that no worker has now. */
  *versions(): Generator<[name: string, versions: readonly number[]]> {
    for (const [name, versions] of this.models) yield [name, [...versions.keys()]];
  }

  /**
   * The generation of a version that answers: of those that a worker has, the one that was first announced last; where no worker has
   * any, of all.
   */
  answering(name: string, version: number): string | undefined {
    return this.find(name, version)?.id;
  }

  /** The workers that have the generation that answers. */
  workersOf(name: string, version: number): readonly Worker[] {
    return [...(this.find(name, version)?.workers ?? [])];
  }

  /** Whether a worker has a version. */
  has(name: string, version: number): boolean {
    return (this.find(name, version)?.workers.size ?? 0) > 0;
  }

  /** The newest version of a model that a worker has. */
  newestVersion(name: string): number | undefined {
    const versions = [...(this.models.get(name)?.entries() ?? [])].filter(([, all]) => all.some(hasWorkers));
    return versions.length === 0 ? undefined : Math.max(...versions.map(([version]) => version));
  }

  /**
   * Takes over what has changed.
   * @param epoch of Redis, which is asked for nothing where that is known
   * @throws Error of the client of Redis; then nothing is taken over
   */
  async follow(epoch: number): Promise<void> {
    if (epoch === this.epoch) return;
    const [current, isAnew, living, changed] = (await this.redis.changesWorker(this.prefix, this.epoch)) as [
      number,
      number,
      string[],
      string[],
    ];
    const known = isAnew ? 0 : this.epoch;
    const key = `${this.prefix}generations`;
    const members = await this.redis.zrevrangebyscore(
      key,
      '+inf',
      `(${known}`,
      'WITHSCORES',
      'LIMIT',
      0,
      mostGenerations,
    );
    const read: [id: string, fields: string[]][] = [];
    for (let from = 0; from < changed.length; from += atOnce)
      read.push(...(await Promise.all(changed.slice(from, from + atOnce).map((id) => this.ask(id)))));

    if (isAnew) this.models.clear();
    if (isAnew) this.living.clear();
    const alive = new Set(living);
    for (const id of this.living.keys()) if (!alive.has(id)) this.remove(id);
    for (let index = 0; index < members.length; index += 2) this.learn(members[index]!, Number(members[index + 1]));
    for (const [id, fields] of read) this.add(id, fields);
    this.epoch = current;
    this.emit('change');
  }

  private async ask(id: string): Promise<[id: string, fields: string[]]> {
    return [id, (await this.redis.readWorker(this.prefix, id)) as string[]];
  }

  private find(name: string, version: number): Generation | undefined {
    const all = this.models.get(name)?.get(version) ?? [];
    return newest(all.filter(hasWorkers)) ?? newest(all);
  }

  private generation(name: string, version: number, id: string, since: number): Generation {
    const versions = this.models.get(name) ?? new Map<number, Generation[]>();
    this.models.set(name, versions);
    const all = versions.get(version) ?? [];
    versions.set(version, all);
    const known = all.find((one) => one.id === id);
    if (known) {
      known.since = Math.min(known.since, since);
      return known;
    }
    const made = { id, since, workers: new Set<Worker>() };
    all.push(made);
    return made;
  }

  /** A generation that somebody has announced at some time. */
  private learn(member: string, since: number): void {
    const [name = '', version = '', id = ''] = member.split('/');
    if (/^\d{1,15}$/.test(version) && isGeneration(name, id)) this.generation(name, Number(version), id, since);
  }

  private add(id: string, [host, list, times]: (string | null)[]): void {
    this.remove(id);
    // It has ended since.
    if (!host || !list || !times) return;
    const models = modelsIn(list);
    const since = times.split(',').map(Number);
    if (models?.length !== since.length || !since.every(Number.isSafeInteger)) {
      if (!this.told.has(id))
        this.log.warn(`What the worker ${id.slice(0, 80)} has isn’t understood, and is passed over.`);
      this.told.add(id);
      return;
    }
    const worker = { id, host: host.slice(0, 255) };
    this.living.set(id, { worker, models });
    for (const [index, [name, version, generation]] of models.entries())
      this.generation(name, version, generation, since[index]!).workers.add(worker);
  }

  private remove(id: string): void {
    const known = this.living.get(id);
    this.living.delete(id);
    for (const [name, version, generation] of known?.models ?? [])
      this.models
        .get(name)
        ?.get(version)
        ?.find((one) => one.id === generation)
        ?.workers.delete(known!.worker);
  }
}

const hasWorkers = ({ workers }: Generation): boolean => workers.size > 0;

const newest = (all: readonly Generation[]): Generation | undefined =>
  all.toSorted((a, b) => b.since - a.since || (a.id < b.id ? 1 : -1))[0];

const isGeneration = (name: string, id: string): boolean => isModelName(name) && /^[0-9a-f]{64}$/.test(id);

function modelsIn(list: string): Models | undefined {
  try {
    const found: unknown = JSON.parse(list);
    return Models.Check(found) && found.every(([name, , id]) => isGeneration(name, id)) ? (found as Models) : undefined;
  } catch {
    return undefined;
  }
}
