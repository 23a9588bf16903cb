import { EventEmitter } from 'node:events';
import { CatalogError } from '../../catalog/catalog.js';
import type { ServedModel } from '../../catalog/served-model.js';
import type { InferencePool } from '../../inference/inference-pool.js';
import { type Announcement, readAgain, readAnnouncement } from './announcement.js';

/** Announcements that are kept as they are used, the latest last: all others are kept as they came. */
const read = new Map<AnnouncedModel, Announcement>();
/** How many those are, and the bytes of what they were made of. */
const mostRead = { announcements: 64, bytes: 4 * 2 ** 20 };

/** A model that workers have announced, in a process that has none itself: all is known of it, and none of it runs here. */
export class AnnouncedModel implements ServedModel {
  readonly notes = [];
  readonly anomalies = [];
  readonly queued = 0;
  readonly events: ServedModel['events'] = new EventEmitter();
  readonly monitoring: ServedModel['monitoring'] = new EventEmitter();
  readonly name: string;
  readonly version: number;
  /** Another name under which it is found. */
  readonly alias: string | undefined;
  readonly image: ServedModel['image'];
  readonly engine: ServedModel['engine'];
  readonly digest: string;

  private constructor(
    readonly bytes: Uint8Array,
    announcement: Announcement,
    readonly pool: InferencePool,
    private readonly isThere: () => boolean,
  ) {
    const { name, version, alias, image, engine, digest } = announcement;
    this.name = name;
    this.version = version;
    this.alias = alias;
    this.image = image;
    this.engine = engine;
    this.digest = digest;
    keep(this, announcement);
  }

  /**
   * @param bytes of the announcement
   * @param pool of no processes
   * @param isThere whether a worker has it now
   * @throws AnnouncementError
   */
  static async of(
    bytes: Uint8Array,
    generation: string,
    pool: InferencePool,
    isThere: () => boolean,
  ): Promise<AnnouncedModel> {
    return new AnnouncedModel(bytes, await readAnnouncement(bytes, generation), pool, isThere);
  }

  get card(): ServedModel['card'] {
    return this.announcement.card;
  }

  get assumptions(): ServedModel['assumptions'] {
    return this.announcement.assumptions;
  }

  get kinds(): ServedModel['kinds'] {
    return this.announcement.kinds;
  }

  get inputs(): ServedModel['inputs'] {
    return this.announcement.inputs;
  }

  get outputs(): ServedModel['outputs'] {
    return this.announcement.outputs;
  }

  get batchDependent(): boolean {
    return this.announcement.batchDependent ?? false;
  }

  get classes(): number {
    return this.announcement.classes;
  }

  get ready(): boolean {
    return this.isThere();
  }

  get absence(): CatalogError | undefined {
    return this.ready ? undefined : absent(this.name);
  }

  async classify(): Promise<never> {
    throw absent(this.name);
  }

  async predictImages(): Promise<never> {
    throw absent(this.name);
  }

  async predict(): Promise<never> {
    throw absent(this.name);
  }

  enter(): never {
    throw absent(this.name);
  }

  async close(): Promise<void> {
    read.delete(this);
  }

  private get announcement(): Announcement {
    const announcement = read.get(this) ?? readAgain(this.bytes);
    keep(this, announcement);
    return announcement;
  }
}

function keep(model: AnnouncedModel, announcement: Announcement): void {
  read.delete(model);
  read.set(model, announcement);
  let bytes = [...read.keys()].reduce((sum, one) => sum + one.bytes.length, 0);
  for (const oldest of read.keys()) {
    if (oldest === model || (read.size <= mostRead.announcements && bytes <= mostRead.bytes)) return;
    read.delete(oldest);
    bytes -= oldest.bytes.length;
  }
}

const absent = (name: string): CatalogError =>
  new CatalogError(
    'model_not_ready',
    `No worker has the model "${name}" now. Try again later, or have it answered later: Prefer: respond-async.`,
  );
