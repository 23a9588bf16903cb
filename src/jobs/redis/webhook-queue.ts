import { Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { hasResult } from '../document.js';
import { gone, largestResult, pauses, type Webhooks } from '../webhooks.js';
import { idOf, queuedId } from './queues.js';
import { replyIn, StoredJob } from './stored-job.js';

/** What the keys of BullMQ for webhooks begin with: a model may be called as their queue is. */
const queuePrefix = (prefix: string): string => `${prefix}webhooks`;
const name = 'webhooks';

/** Ends of jobs that are to be told, which outlive whoever was about to tell them. */
export class WebhookQueue {
  private readonly queue: Queue;
  private worker: Worker | undefined;

  /** @param prefix what all keys begin with */
  constructor(
    redis: Redis,
    private readonly prefix: string,
  ) {
    this.queue = new Queue(name, {
      connection: redis,
      prefix: queuePrefix(prefix),
      defaultJobOptions: {
        attempts: pauses.length,
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: true,
      },
      streams: { events: { maxLen: 10 } },
    });
    // What it can't do it says to whoever asked for it.
    this.queue.on('error', () => undefined);
  }

  /** Has the end of a job told, once. */
  async add({ id }: StoredJob): Promise<void> {
    await this.queue.add('webhook', {}, { jobId: queuedId(id) });
  }

  /**
   * Tells of ends from now on.
   * @param redis waits until Redis is there
   */
  tell(redis: Redis, webhooks: Webhooks): void {
    this.worker = new Worker(
      name,
      async (queued) => {
        const id = idOf(queued.id!);
        const fields = await redis.hgetall(`${this.prefix}job:${id}`);
        // It may be forgotten meanwhile: then there is nothing to tell.
        if (fields.webhook === undefined) return;
        const job = new StoredJob(id, fields);
        const body = hasResult(job, largestResult) ? await redis.getBuffer(`${this.prefix}out:${id}`) : null;
        const reason = await webhooks.post(job, new URL(fields.webhook), body ? replyIn(fields, body) : undefined);
        const isLast = reason === gone || queued.attemptsMade + 1 >= pauses.length;
        if (reason === undefined) return;
        webhooks.warn(job, new URL(fields.webhook), reason, isLast);
        throw isLast ? new UnrecoverableError(reason) : new Error(reason);
      },
      {
        connection: redis,
        prefix: queuePrefix(this.prefix),
        concurrency: 32,
        settings: { backoffStrategy: (attempts) => 1000 * (pauses[attempts] ?? 0) },
        lockDuration: 30_000,
      },
    );
    this.worker.on('error', () => undefined);
  }

  async close(): Promise<void> {
    await this.worker?.close();
    await this.queue.close().catch(() => undefined);
  }
}
