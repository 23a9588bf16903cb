import type { Redis } from 'ioredis';
import type { Catalog } from '../../catalog/catalog.js';
import type { Announcements } from './announcements.js';
import type { Consumer } from './consumer.js';
import { queueName, usedQueues } from './queues.js';

/** Milliseconds between two looks at which queues are used. */
const interval = 1000;

/**
 * Has a consumer take from the queues that are this worker's: those of versions whose files here are the ones that answer, and those of
 * models of which it has the newest version. A queue that names a version is looked into once somebody has used it.
 */
export class QueueTurns {
  private timer: NodeJS.Timeout | undefined;
  private used: ReadonlySet<string> = new Set();

  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
    private readonly catalog: Catalog,
    private readonly announcements: Announcements,
    private readonly consumer: Consumer,
  ) {}

  start(): void {
    this.announcements.on('change', this.look);
    this.timer = setInterval(() => void this.readUsed(), interval).unref();
    this.look();
  }

  stop(): void {
    this.announcements.off('change', this.look);
    clearInterval(this.timer);
  }

  private async readUsed(): Promise<void> {
    const names = this.ownVersions().map(({ name, version }) => queueName(name, version));
    if (names.length > 0 && this.redis.status === 'ready') {
      const known = await this.redis.smismember(usedQueues(this.prefix), ...names).catch(() => []);
      this.used = new Set([...this.used, ...names.filter((_, index) => known[index] === 1)]);
    }
    this.look();
  }

  private readonly look = (): void => {
    const versions = this.ownVersions();
    const named = versions.map(({ name, version }) => queueName(name, version)).filter((name) => this.used.has(name));
    const newest = versions.filter(({ name, version }) => this.announcements.newestVersion(name) === version);
    this.consumer.consume(new Set([...named, ...newest.map(({ name }) => queueName(name))]));
  };

  private ownVersions(): { name: string; version: number }[] {
    return this.catalog.models.flatMap(({ name, versions }) =>
      versions
        .filter(({ state, version }) => state === 'AVAILABLE' && this.announcements.isNewest(name, version))
        .map(({ version }) => ({ name, version })),
    );
  }
}
