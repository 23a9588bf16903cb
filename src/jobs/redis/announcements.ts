import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import type { Catalog, CatalogEvents } from '../../catalog/catalog.js';
import { isAvailable } from '../../catalog/model-versions.js';
import type { ServedModel } from '../../catalog/served-model.js';
import { listen } from '../../support/listen.js';
import { type AnnouncedBytes, AnnouncementError, writeAnnouncement } from './announcement.js';
import type { RedisConnections } from './connection.js';
import { Fleet, type FleetLog, memberOf } from './fleet.js';
import { Turns } from './turns.js';
import { withWorkerScripts } from './worker-scripts.js';

/** Milliseconds between two signs of life. */
const pause = 1_000;
/** Milliseconds after which everything is announced once more, so that it is kept. */
const renewal = 3_600_000;
/** Milliseconds that a model is known after its last worker. */
const kept = 7 * 24 * 3_600_000;
/** Models that are written at once. */
const atOnce = 50;

/** A model that this worker has. */
interface Own extends AnnouncedBytes {
  name: string;
  version: number;
}

/**
 * Announces the models of a worker that can be asked to all gateways and workers of a namespace, for as long as it lives, whatever
 * becomes of Redis; and knows of what others have announced. Emits `change` when that has changed.
 */
export class Announcements extends EventEmitter<{ change: [] }> {
  private readonly redis: ReturnType<typeof withWorkerScripts>;
  private readonly fleet: Fleet;
  private readonly turns: Turns;
  private readonly startedAt = new Date().toISOString();
  /** What was made of models, by the alias that they then had. */
  private readonly made = new WeakMap<ServedModel, { alias: string | undefined; own: AnnouncedBytes | undefined }>();
  /** When each generation was first announced, for a Redis that has lost it. */
  private readonly since = new Map<string, number>();
  /** The generations that were announced last, by name and version. */
  private announced = new Map<string, string>();
  /** When everything has to be announced. */
  private due = 0;
  private readonly stopListening: () => void;

  /** @param id of this worker, that no other has */
  constructor(
    private readonly connections: RedisConnections,
    private readonly id: string,
    private readonly catalog: Catalog,
    private readonly log: FleetLog,
  ) {
    super();
    this.redis = withWorkerScripts(connections.commands);
    this.fleet = new Fleet(connections, log);
    this.fleet.on('change', () => this.emit('change'));
    this.turns = new Turns(connections, pause, () => this.turn(), log);
    const changed = () => {
      this.due = 0;
      this.turns.hurry();
    };
    this.stopListening = listen<CatalogEvents>(catalog, { available: changed, gone: changed });
  }

  /** Resolves when the models have been announced for the first time. */
  start(): Promise<void> {
    return this.turns.start();
  }

  /** Says that this worker is gone, where Redis can be reached. */
  async stop(): Promise<void> {
    this.stopListening();
    await this.turns.stop();
    if (this.connections.isReady) await this.redis.leaveWorker(this.connections.prefix, this.id).catch(() => undefined);
  }

  /**
   * Whether this worker's files of a version are those that answer: where several have other files under one name and version, those
   * do that were first announced last.
   */
  isNewest(name: string, version: number): boolean {
    const own = this.announced.get(`${name}/${version}`);
    return own !== undefined && own === this.fleet.answering(name, version);
  }

  /** The newest version of a model that any worker has. */
  newestVersion(name: string): number | undefined {
    return this.fleet.newestVersion(name);
  }

  private async turn(): Promise<void> {
    if (performance.now() >= this.due) await this.announce();
    let epoch = await this.beat();
    // Redis knows nothing of this worker: it has lost everything, or has not heard of it for too long.
    if (epoch < 0) {
      await this.announce();
      epoch = await this.beat();
    }
    await this.fleet.follow(epoch);
  }

  private async beat(): Promise<number> {
    return (await this.redis.beatWorker(this.connections.prefix, this.id)) as number;
  }

  private async announce(): Promise<void> {
    const { prefix } = this.connections;
    // What changes from here on has to be announced after this.
    this.due = performance.now() + renewal;
    try {
      const all = await this.own();
      for (let from = 0; from < all.length; from += atOnce) await this.keep(all.slice(from, from + atOnce));
      const members = all.map(({ name, version, generation }) => memberOf(name, version, generation));
      const since = (await this.redis.announceWorker(
        prefix,
        this.id,
        hostname(),
        process.pid,
        this.startedAt,
        JSON.stringify(all.map(({ name, version, generation }) => [name, version, generation])),
        ...members.flatMap((member) => [member, this.since.get(member) ?? 0]),
      )) as string[];
      this.since.clear();
      for (const [index, member] of members.entries()) this.since.set(member, Number(since[index]));
      this.announced = new Map(all.map(({ name, version, generation }) => [`${name}/${version}`, generation]));
      await this.redis.pruneWorker(prefix);
    } catch (error) {
      this.due = 0;
      throw error;
    }
  }

  /** The models that can be asked, as they are announced; one that is too large for that is logged and left out. */
  private async own(): Promise<Own[]> {
    const aliases = new Map([...this.catalog.aliases].map(([alias, name]) => [name, alias]));
    const all: Own[] = [];
    for (const { name, versions } of this.catalog.models)
      for (const { version, model } of versions.filter(isAvailable)) {
        const written = model && (await this.write(model, { name, version, alias: aliases.get(name) }));
        if (written) all.push({ ...written, name, version });
      }
    return all;
  }

  private async write(
    model: ServedModel,
    called: { name: string; version: number; alias: string | undefined },
  ): Promise<AnnouncedBytes | undefined> {
    const { alias } = called;
    const known = this.made.get(model);
    if (known && known.alias === alias) return known.own;
    const own = await writeAnnouncement(model, called).catch((error) => {
      if (!(error instanceof AnnouncementError)) throw error;
      this.log.warn(error.message);
      return undefined;
    });
    this.made.set(model, { alias, own });
    return own;
  }

  /** Has Redis keep models, those that it hasn't got anew. */
  private async keep(models: readonly Own[]): Promise<void> {
    const keyOf = ({ generation }: Own) => `${this.connections.prefix}model:${generation}`;
    const known = await Promise.all(models.map((model) => this.redis.pexpire(keyOf(model), kept)));
    const missing = models.filter((_, index) => known[index] === 0);
    await Promise.all(missing.map((model) => this.redis.set(keyOf(model), model.bytes, 'PX', kept)));
  }
}
