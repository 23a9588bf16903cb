import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Queues } from './queues.js';
import { stateIn } from './reach.js';

/** Milliseconds between two looks. */
const interval = 5000;
/** Milliseconds after which a request should be in its queue. */
const patience = 10_000;
/** Requests that are looked at each time, of each set. */
const atOnce = 1000;

/** Requests that have to be in a queue, and others whose time may be over. */
const unfinished = ['jobs:queued', 'jobs:running', 'direct:queued', 'direct:running'];
const finished = ['jobs:succeeded', 'jobs:failed', 'jobs:cancelled'];

/**
 * Brings together what is known of requests and what is in their queues: whoever took one on may have died before it was in its queue, and
 * Redis may have lost the last that it was told. One gateway after the other does it.
 */
export class Mender {
  private readonly closing = new AbortController();
  private readonly seen = new Map<string, number>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
    private readonly queues: Queues,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (await sleep(interval, true, { signal, ref: false }).catch(() => false)) {
      // While Redis is away there is nothing to mend.
      await this.mend().catch(() => undefined);
    }
  }

  private async mend(): Promise<void> {
    const { redis, prefix } = this;
    if ((await redis.set(`${prefix}mending`, '1', 'PX', interval - 500, 'NX')) === null) return;
    const [seconds] = await redis.time();
    const before = Number(seconds) * 1000 - patience;
    for (const set of [...unfinished, ...finished]) {
      const start = this.seen.get(set) ?? 0;
      const ids = await redis.zrange(`${prefix}${set}`, String(start), String(start + atOnce - 1));
      this.seen.set(set, ids.length < atOnce ? 0 : start + atOnce);
      for (const id of ids)
        await this.mendOne(id, set, before).catch((error: Error) => {
          if (stateIn(error)) throw error;
          // What can't be understood holds up nobody behind it.
          return redis.zrem(`${prefix}${set}`, id);
        });
    }
  }

  private async mendOne(id: string, set: string, before: number): Promise<void> {
    const { redis, prefix, queues } = this;
    const [queue, created, started] = await redis.hmget(`${prefix}job:${id}`, 'queue', 'created', 'started');
    if (!queue) await redis.zrem(`${prefix}${set}`, id);
    else if (finished.includes(set)) return;
    else if (Number(started ?? created) < before && !(await queues.has(queue, id)))
      await queues.add(queue, id, set.startsWith('direct'));
  }
}
