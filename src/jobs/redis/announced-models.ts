import { Catalog } from '../../catalog/catalog.js';
import type { FoundModel } from '../../catalog/found-model.js';
import { compareNames } from '../../support/model-name.js';
import { AnnouncedModel } from './announced-model.js';
import type { RedisConnections } from './connection.js';
import { Fleet, type FleetLog } from './fleet.js';
import { type AnnouncedVersion, KeptAnnouncements } from './kept-announcements.js';
import { Turns } from './turns.js';
import { withWorkerScripts } from './worker-scripts.js';

/** Milliseconds between two looks at the workers. */
const pause = 1_000;

/** How announced models are served. */
export interface AnnouncedModelsOptions {
  /** The name of the model that serves where none is named. */
  defaultModel?: string | undefined;
  log: FleetLog;
}

/**
 * The models that workers announce, as the catalog of a process that runs none itself. What was announced stays for a week after its last
 * worker. The catalog's `started` resolves when all was read once, be it nothing; closing it ends the following.
 */
export const announcedModels = (connections: RedisConnections, options: AnnouncedModelsOptions): Catalog =>
  new Following(connections, options).catalog;

/** Has a catalog follow what is announced. */
class Following {
  readonly catalog: Catalog;
  private readonly redis: ReturnType<typeof withWorkerScripts>;
  private readonly fleet: Fleet;
  private readonly announcements: KeptAnnouncements;
  /** Whether the catalog is as the workers say, and has ever been. */
  private isCurrent = false;
  private isRead = false;

  constructor(
    private readonly connections: RedisConnections,
    { defaultModel, log }: AnnouncedModelsOptions,
  ) {
    this.redis = withWorkerScripts(connections.commands);
    const fleet = new Fleet(connections, log);
    this.fleet = fleet;
    this.announcements = new KeptAnnouncements(connections, fleet);
    fleet.on('change', () => {
      this.isCurrent = false;
    });
    const turns = new Turns(connections, pause, () => this.turn(), log);
    const isRead = () => this.isRead;
    this.catalog = new Catalog({
      load: async (name, { version, fingerprint }) => this.model({ name, version, generation: fingerprint }),
      pool: this.announcements.pool,
      defaultModel,
      workers: {
        get count() {
          return fleet.count;
        },
        get ready() {
          return isRead() && turns.trouble === undefined;
        },
        get trouble() {
          return turns.trouble;
        },
        of: (name, version) => fleet.workersOf(name, version),
      },
    });
    this.catalog.started = turns.start();
    this.catalog.signal.addEventListener('abort', () => void turns.stop());
  }

  private async turn(): Promise<void> {
    const { prefix } = this.connections;
    await this.fleet.follow((await this.redis.lookWorker(prefix)) as number);
    await this.redis.pruneWorker(prefix);
    if (this.isCurrent) return;
    await this.update();
    this.isCurrent = true;
    this.isRead = true;
  }

  /** Makes the catalog as the workers say. */
  private async update(): Promise<void> {
    const answering = [...this.fleet.versions()].map(([name, versions]): [name: string, AnnouncedVersion[]] => [
      name,
      versions
        .map((version) => ({ name, version, generation: this.fleet.answering(name, version)! }))
        .sort((a, b) => b.version - a.version),
    ]);
    await this.announcements.keep(answering.flatMap(([, versions]) => versions));
    const found = answering
      .map(([name, versions]) => this.foundModel(name, versions))
      .filter(({ versions }) => versions.length > 0)
      .sort((a, b) => compareNames(a.name, b.name));
    const first = this.catalog.defaultName === '' ? await this.defaultAmong(found) : undefined;
    await this.catalog.update(first ? [first, ...found.filter((one) => one !== first)] : found);
  }

  /** A model of those of its versions of which Redis has more than that they were. */
  private foundModel(name: string, versions: readonly AnnouncedVersion[]): FoundModel {
    const known = versions.flatMap((one) => {
      const model = this.announcements.get(one);
      return model ? [{ ...one, alias: model instanceof AnnouncedModel ? model.alias : undefined }] : [];
    });
    const alias = known.find((one) => one.alias !== undefined)?.alias;
    return {
      name,
      ...(alias !== undefined && { alias }),
      path: name,
      versions: known.map(({ version, generation }) => ({ version, path: name, fingerprint: generation })),
    };
  }

  /** The model that serves where none is named, the same for all gateways: the first by name when the first of them had any. */
  private async defaultAmong(found: readonly FoundModel[]): Promise<FoundModel | undefined> {
    const [first] = found;
    if (!first) return undefined;
    const key = `${this.connections.prefix}default`;
    await this.redis.set(key, first.name, 'NX');
    const name = await this.redis.get(key);
    const known = found.find((one) => one.name === name);
    if (!known) await this.redis.set(key, first.name);
    return known ?? first;
  }

  /** @throws AnnouncementError */
  private model(version: AnnouncedVersion): AnnouncedModel {
    const model = this.announcements.get(version);
    if (model instanceof AnnouncedModel) return model;
    throw model!;
  }
}
