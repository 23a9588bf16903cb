import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { Reply } from '../../protocols/protocol.js';
import { storeRequest } from '../../protocols/stored-request.js';
import { JobError } from '../errors.js';
import { idempotencyName } from '../idempotency-keys.js';
import type { FailedReply, JobStatus } from '../job.js';
import type { JobFigures, JobStore, KnownJob, LaterRequest } from '../job-store.js';
import { type Queues, queueName } from './queues.js';
import { reach } from './reach.js';
import type { JobScripts } from './scripts.js';
import { isJob, replyIn, StoredJob } from './stored-job.js';
import type { Subscriptions } from './subscriptions.js';

/** How many jobs there may be, and for how long. */
export interface StoreLimits {
  /** Jobs that wait or run. */
  maxJobs: number;
  /** Seconds that a job is known after its end. */
  jobTtl: number;
}

/** What a store works with. */
export interface StoreParts {
  /** Says at once that Redis is away. */
  redis: Redis & JobScripts;
  /** What all keys begin with. */
  prefix: string;
  queues: Queues;
  subscriptions: Subscriptions;
  /** Tells the receiver of a job's webhook of its end. */
  tell(job: StoredJob): Promise<void>;
}

/** Milliseconds that a request may wait for a worker: as long as a model is known that has none, and a day. */
export const longestLife = 8 * 86_400_000;

const states: readonly JobStatus[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];

const unknown = () => new JobError('job_unknown', 'There is no job of this id: its time may be over.');

/** The version that an address names, if it names one: what else it says is for the worker to read. */
export const versionIn = (address: { version?: string }): number | undefined =>
  address.version !== undefined && /^\d{1,15}$/.test(address.version) ? Number(address.version) : undefined;

/** Jobs in Redis, which any worker that has their model answers: they outlive whoever took them on. */
export class RedisStore implements JobStore {
  readonly events: JobStore['events'] = new EventEmitter();
  readonly isShared = true;
  readonly unfinished = 0;

  constructor(
    private readonly parts: StoreParts,
    private readonly limits: StoreLimits,
  ) {}

  async take<Message>(request: LaterRequest<Message>): Promise<KnownJob> {
    const { owner, model, protocol, address, kept, idempotent, webhook } = request;
    const { redis, prefix, queues } = this.parts;
    const id = randomBytes(16).toString('hex');
    const queue = queueName(model, versionIn(address));
    const { name = '', body = '' } = idempotent ? await idempotencyName(idempotent) : {};
    const chunks = await storeRequest(protocol.prefix, address, kept);
    const taking = reach(async () => {
      const fields = { model, queue, ...(owner !== undefined && { owner }), ...(webhook && { webhook: webhook.href }) };
      const [, [outcome, taken]] = (await Promise.all([
        redis.set(`${prefix}in:${id}`, Buffer.concat(chunks), 'PX', longestLife),
        redis.takeJob(prefix, id, longestLife, this.limits.maxJobs, name, body, ...Object.entries(fields).flat()),
      ])) as [string, [outcome: string, id: string]];
      if (outcome === 'full')
        throw new JobError(
          'queue_full',
          `${this.limits.maxJobs} jobs wait, and no more are taken. Try again in a moment.`,
        );
      if (outcome === 'reused')
        throw new JobError(
          'idempotency_key_reused',
          'This Idempotency-Key came with another body before. Take a new one.',
        );
      // Should it never come into its queue, the mender finds it.
      const [job] = await Promise.all([this.get(taken, owner), outcome === 'taken' && queues.add(queue, taken, false)]);
      return job;
    });
    taking.catch(() => this.clear(id).catch(() => undefined));
    return taking;
  }

  /** Removes what was stored of a request that could not be taken. One that was taken is answered, though its client was told otherwise. */
  private async clear(id: string): Promise<void> {
    const { redis, prefix } = this.parts;
    if (!(await redis.exists(`${prefix}job:${id}`))) await redis.del(`${prefix}in:${id}`);
  }

  async get(id: string, owner: string | undefined): Promise<StoredJob> {
    if (!/^[0-9a-f]{32}$/.test(id)) throw unknown();
    const fields = await reach(() => this.parts.redis.hgetall(`${this.parts.prefix}job:${id}`));
    if (!isJob(fields) || fields.owner !== owner || fields.reply_to !== undefined) throw unknown();
    return new StoredJob(id, fields);
  }

  async settled(job: KnownJob, signal: AbortSignal, seconds: number): Promise<KnownJob> {
    if (job.isFinished || seconds <= 0) return job;
    let end!: () => void;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    const timer = seconds < Number.POSITIVE_INFINITY ? setTimeout(end, seconds * 1000) : undefined;
    const watching = this.watch(job, ({ isFinished }) => isFinished && end(), end);
    // It may have ended before it was watched.
    const looked = watching
      .then(() => this.get(job.id, job.owner))
      .then(({ isFinished }) => (isFinished ? end() : over));
    try {
      await Promise.race([over, looked]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      // The wait may be over before the watch has begun.
      watching.then((stop) => stop()).catch(() => undefined);
    }
    return this.get(job.id, job.owner);
  }

  /** @param failed is called where nothing can be said of the job any more */
  watch(job: KnownJob, changed: (job: KnownJob) => void, failed: () => void = () => undefined): Promise<() => void> {
    const { subscriptions, prefix } = this.parts;
    const look = () =>
      void this.get(job.id, job.owner).then(changed, (error) => error.code === 'job_unknown' && failed());
    return reach(() => subscriptions.subscribe(`${prefix}changed:${job.id}`, look));
  }

  async replyOf(known: KnownJob): Promise<Reply | FailedReply | undefined> {
    const { id, fields } = known as StoredJob;
    if (fields.type === undefined) return undefined;
    const body = await reach(() => this.parts.redis.getBuffer(`${this.parts.prefix}out:${id}`));
    if (!body) throw unknown();
    return replyIn(fields, body);
  }

  async delete(known: KnownJob): Promise<void> {
    const { redis, prefix, queues, tell } = this.parts;
    const { id, isFinished, fields } = known as StoredJob;
    await reach(async () => {
      if (isFinished) return redis.forgetJob(prefix, id);
      await redis.finishJob(prefix, id, 'cancelled', this.limits.jobTtl * 1000, '');
      await queues.remove(fields.queue!, id).catch(() => undefined);
      return fields.webhook === undefined ? undefined : tell(await this.get(id, known.owner));
    });
  }

  async list(most: number): Promise<{ jobs: readonly KnownJob[]; total: number }> {
    const { redis, prefix } = this.parts;
    return reach(async () => {
      const sets = await Promise.all(
        states.map(async (state) => ({
          total: await redis.zcard(`${prefix}jobs:${state}`),
          ids: await redis.zrevrange(`${prefix}jobs:${state}`, 0, most - 1),
        })),
      );
      const read = sets
        .flatMap(({ ids }) => ids)
        .map(async (id) => new StoredJob(id, await redis.hgetall(`${prefix}job:${id}`)));
      const jobs = (await Promise.all(read)).filter(({ fields }) => isJob(fields));
      jobs.sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
      return { jobs: jobs.slice(0, most), total: sets.reduce((sum, { total }) => sum + total, 0) };
    });
  }

  async figures(): Promise<JobFigures> {
    const { redis, prefix } = this.parts;
    return reach(async () => {
      const counts = await Promise.all(
        states.map(async (state) => [state, await redis.zcard(`${prefix}jobs:${state}`)] as const),
      );
      const [, since] = await redis.zrange(`${prefix}jobs:queued`, '0', '0', 'WITHSCORES');
      const [seconds] = await redis.time();
      const oldest = since === undefined ? 0 : Math.max(0, Number(seconds) - Number(since) / 1000);
      return { counts: Object.fromEntries(counts) as JobFigures['counts'], oldest };
    });
  }
}
