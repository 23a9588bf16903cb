import { InferencePool } from '../../inference/inference-pool.js';
import { AnnouncedModel } from './announced-model.js';
import { AnnouncementError, largest } from './announcement.js';
import type { RedisConnections } from './connection.js';
import { type Fleet, memberOf } from './fleet.js';

/** A version of a model as it was announced. */
export interface AnnouncedVersion {
  name: string;
  version: number;
  generation: string;
}

/** Announcements that are fetched at once. */
const atOnce = 16;
/** Bytes of all announcements that are kept: models past them can't be served. */
const mostBytes = 256 * 2 ** 20;

/** The announcements of the versions that answer, as they were fetched from Redis. */
export class KeptAnnouncements {
  /** For the models, which run in none of its processes. */
  readonly pool = new InferencePool(0);
  private readonly models = new Map<string, AnnouncedModel | AnnouncementError>();
  private bytes = 0;

  constructor(
    private readonly connections: Pick<RedisConnections, 'commands' | 'prefix'>,
    private readonly fleet: Fleet,
  ) {}

  /** The model of a version, or why it can't be used; undefined where Redis has nothing of it. */
  get({ name, version, generation }: AnnouncedVersion): AnnouncedModel | AnnouncementError | undefined {
    return this.models.get(memberOf(name, version, generation));
  }

  /** Keeps these and no others, and fetches those that are new. @throws Error of the client of Redis */
  async keep(versions: readonly AnnouncedVersion[]): Promise<void> {
    const wanted = new Set(versions.map(({ name, version, generation }) => memberOf(name, version, generation)));
    for (const [member, model] of this.models) {
      if (wanted.has(member)) continue;
      this.models.delete(member);
      if (model instanceof AnnouncedModel) this.bytes -= model.bytes.length;
    }
    const missing = versions.filter((one) => !this.get(one));
    for (let from = 0; from < missing.length; from += atOnce)
      await Promise.all(missing.slice(from, from + atOnce).map((one) => this.fetch(one)));
  }

  private async fetch(wanted: AnnouncedVersion): Promise<void> {
    const { commands, prefix } = this.connections;
    // A byte more than it may have.
    const bytes = await commands.getrangeBuffer(`${prefix}model:${wanted.generation}`, 0, largest.deflated);
    if (bytes.length === 0) return;
    const model = await this.read(bytes, wanted).catch((error) => {
      if (error instanceof AnnouncementError) return error;
      throw error;
    });
    if (model instanceof AnnouncedModel) this.bytes += model.bytes.length;
    this.models.set(memberOf(wanted.name, wanted.version, wanted.generation), model);
  }

  /** @throws AnnouncementError */
  private async read(bytes: Buffer, { name, version, generation }: AnnouncedVersion): Promise<AnnouncedModel> {
    if (bytes.length > largest.deflated || this.bytes + bytes.length > mostBytes)
      throw new AnnouncementError('What workers say of their models is too much to be kept.');
    const isThere = () => this.fleet.has(name, version);
    // What the client of Redis gives is a part of something larger.
    const model = await AnnouncedModel.of(Buffer.from(bytes), generation, this.pool, isThere);
    if (model.name === name && model.version === version) return model;
    throw new AnnouncementError('What a worker says of the model is of another.');
  }
}
