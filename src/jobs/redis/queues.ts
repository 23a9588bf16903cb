import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Events of a queue that Redis keeps: nobody reads them. */
const keptEvents = 10;

/** The queue of requests for a model: one for those that name no version, one for each version that is named. */
export const queueName = (model: string, version?: number): string =>
  version === undefined ? model : `${model}@${version}`;

/** What BullMQ calls a job: it takes no numbers, which an id could look like. */
export const queuedId = (id: string): string => `job-${id}`;

/** The id that `queuedId` was made of. */
export const idOf = (queued: string): string => queued.replace('job-', '');

/** What the keys of BullMQ begin with. */
export const queuePrefix = (prefix: string): string => `${prefix}queue`;

/** Where queues that are used are named, so that workers look into them. */
export const usedQueues = (prefix: string): string => `${prefix}queues`;

/** The queues of all models, as far as somebody has asked for them. */
export class Queues {
  private readonly open = new Map<string, Queue>();

  /** @param prefix what all keys begin with */
  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
  ) {
    // Each queue listens to the connection.
    redis.setMaxListeners(0);
  }

  /**
   * Puts a request into a queue, once: one that is there stays where it is. Those that nobody waits for on a connection come
   * behind all others.
   */
  async add(name: string, id: string, isDirect: boolean): Promise<void> {
    const queue = await this.queue(name);
    await queue.add('request', {}, { jobId: queuedId(id), ...(!isDirect && { priority: 1 }) });
  }

  /** Takes a request out of its queue, unless it is worked on. */
  async remove(name: string, id: string): Promise<void> {
    const queue = await this.queue(name);
    await queue.remove(queuedId(id));
  }

  /** Whether a request is in its queue, or worked on. */
  async has(name: string, id: string): Promise<boolean> {
    return (await this.redis.exists(`${queuePrefix(this.prefix)}:${name}:${queuedId(id)}`)) === 1;
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map((queue) => queue.close().catch(() => undefined)));
  }

  private async queue(name: string): Promise<Queue> {
    const known = this.open.get(name);
    if (known) return known;
    await this.redis.sadd(usedQueues(this.prefix), name);
    const queue = new Queue(name, {
      connection: this.redis,
      prefix: queuePrefix(this.prefix),
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: keptEvents } },
    });
    // What it can't do it says to whoever asked for it.
    queue.on('error', () => undefined);
    this.open.set(name, queue);
    return queue;
  }
}
