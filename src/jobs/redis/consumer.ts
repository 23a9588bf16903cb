import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job as QueuedJob, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Protocol, ProtocolParts, Reply } from '../../protocols/protocol.js';
import { readStoredRequest, StoredRequestError } from '../../protocols/stored-request.js';
import { type MemoryBudget, messageCost, type Reservation } from '../../serving/memory-budget.js';
import type { RequestContext, StageTimings } from '../../serving/request-context.js';
import { InternalSignal } from '../../support/errors.js';
import { JobError } from '../errors.js';
import type { FailedReply } from '../job.js';
import type { JobStore } from '../job-store.js';
import type { Obstacle } from '../lane.js';
import { replyLife } from './direct-requests.js';
import { idOf, queuePrefix } from './queues.js';
import { persist, stateIn } from './reach.js';
import type { JobScripts } from './scripts.js';
import { endOf, StoredJob } from './stored-job.js';
import type { Subscriptions } from './subscriptions.js';
import { Window } from './window.js';

/** Milliseconds that a worker may say nothing before its jobs are another's. */
const lockDuration = 4000;
/** Milliseconds between two looks for jobs whose worker is gone. */
const stalledInterval = 1000;
/** Milliseconds until a request that found no room, or not its model, is tried again: twice as long each time, up to the longest. */
const pauses = { first: 100, longest: 2000 };

/** What a consumer works with. */
export interface ConsumerParts extends ProtocolParts {
  readonly memory: MemoryBudget;
  /** Waits until Redis is there. */
  redis: Redis & JobScripts;
  prefix: string;
  subscriptions: Subscriptions;
  /** By their prefixes. */
  protocols: ReadonlyMap<string, Protocol<never, never>>;
  /** What an error is that another attempt may not meet; undefined for all others. */
  obstacleOf(error: unknown): Obstacle | undefined;
  /** The reply that says why a request failed. */
  failure(error: unknown, protocol: Protocol<never, never>): FailedReply;
  /** Tells the receiver of a job's webhook of its end. */
  tell(job: StoredJob): Promise<void>;
  log: { warn(of: object, message: string): void };
}

export interface ConsumerLimits {
  /** How often a request may be begun. */
  maxAttempts: number;
  /** Seconds that a job is known after its end. */
  jobTtl: number;
  /** Inference processes: each has something to run, and something that waits for it. */
  processes: number;
}

/** A request that has been begun. */
interface Begun {
  job: StoredJob;
  /** What was sent; null where it is lost. */
  bytes: Buffer | null;
  /** How often it was begun. */
  attempts: number;
  /** Whether that was too often. */
  isSpent: boolean;
}

/** A request that is worked on. */
interface Running {
  controller: AbortController;
  /** Whether it goes back into the queue: the consumer closes. */
  isHandedBack: boolean;
}

/** Takes requests out of the queues of models that are served here, and answers them. */
export class Consumer {
  readonly events: JobStore['events'] = new EventEmitter();
  private readonly workers = new Map<string, Worker>();
  /** Those that take no more, and finish what they have. */
  private readonly leaving = new Set<Promise<void>>();
  private readonly running = new Map<string, Running>();
  private stop: (() => void) | undefined;
  private readonly closing = new AbortController();

  constructor(
    private readonly parts: ConsumerParts,
    private readonly limits: ConsumerLimits,
  ) {}

  /** Requests that are worked on here. */
  get active(): number {
    return this.running.size;
  }

  /** Begins to hear of requests that are given up. */
  async start(): Promise<void> {
    const { subscriptions, prefix } = this.parts;
    this.stop = await subscriptions.subscribe(`${prefix}cancelled`, (id) => this.running.get(id)?.controller.abort());
  }

  /** Takes requests out of these queues, and no others any more. */
  consume(names: ReadonlySet<string>): void {
    if (this.closing.signal.aborted) return;
    for (const [name, worker] of this.workers) {
      if (names.has(name)) continue;
      this.leave(name, worker);
    }
    for (const name of names) if (!this.workers.has(name)) this.workers.set(name, this.open(name));
  }

  /**
   * Takes no more, and finishes what it has.
   * @param milliseconds after which what isn't finished goes back into its queue
   */
  async close(milliseconds: number): Promise<void> {
    this.closing.abort();
    for (const [name, worker] of this.workers) this.leave(name, worker);
    const timer = setTimeout(() => {
      for (const running of this.running.values()) {
        running.isHandedBack = true;
        running.controller.abort();
      }
    }, milliseconds);
    await Promise.all(this.leaving);
    clearTimeout(timer);
    this.stop?.();
  }

  private leave(name: string, worker: Worker): void {
    this.workers.delete(name);
    const left = worker
      .close()
      .catch(() => undefined)
      .finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }

  private open(name: string): Worker {
    const { redis, prefix, log } = this.parts;
    const window = new Window(2 * this.limits.processes, 32 * this.limits.processes);
    const worker: Worker = new Worker(
      name,
      async (job: QueuedJob, token?: string) => {
        const timings = await this.work(job, token!, window);
        if (timings) window.ran(timings);
        worker.concurrency = window.size;
      },
      {
        connection: redis,
        prefix: queuePrefix(prefix),
        concurrency: window.size,
        lockDuration,
        stalledInterval,
        // Attempts are counted where the job is kept.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
    );
    worker.on('failed', (job, error) =>
      log.warn({ job: job?.id, reason: error.message }, 'a request could not be begun'),
    );
    worker.on('error', (error) => {
      // What state Redis is in is said once, by who reaches it.
      if (!stateIn(error)) log.warn({ queue: name, reason: error.message }, 'a queue has trouble');
    });
    return worker;
  }

  /** @returns what it took, where it came to an answer */
  private async work(queued: QueuedJob, token: string, window: Window): Promise<StageTimings | undefined> {
    const { redis, prefix } = this.parts;
    const id = idOf(queued.id!);
    // In one go: each would wait for the one before.
    const [[outcome, detail], fields, bytes] = await persist(() =>
      Promise.all([
        redis.beginJob(prefix, id, this.limits.maxAttempts) as Promise<[string, string?]>,
        redis.hgetall(`${prefix}job:${id}`),
        redis.getBuffer(`${prefix}in:${id}`),
      ]),
    );
    if (outcome === 'gone') return undefined;
    if (outcome === 'over') {
      // Whoever ended it may have died before the webhook was told.
      if (detail) await this.tell(id);
      return undefined;
    }
    const running: Running = { controller: new AbortController(), isHandedBack: false };
    this.running.set(id, running);
    try {
      return await this.answer(
        { job: new StoredJob(id, fields), bytes, attempts: Number(detail), isSpent: outcome === 'spent' },
        running,
      );
    } catch (error) {
      if (!(error instanceof PutBack)) throw error;
      if (!running.isHandedBack) window.full();
      const times = (await persist(() => redis.putBackJob(prefix, id, error.counts ? 1 : 0))) as number;
      // It rests here: BullMQ would put it off by the clock of this machine, which the others needn't share.
      if (!running.isHandedBack) await this.rest(times);
      await persist(() => queued.moveToWait(token));
      throw new WaitingError();
    } finally {
      this.running.delete(id);
    }
  }

  /** Waits before a request goes back into its queue for the so manieth time, or until the consumer closes. */
  private async rest(times: number): Promise<void> {
    const pause = Math.min(pauses.first * 2 ** (times - 1), pauses.longest);
    await sleep(pause, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }

  /** @throws PutBack */
  private async answer({ job, bytes, attempts, isSpent }: Begun, running: Running): Promise<StageTimings | undefined> {
    const { memory, protocols, obstacleOf } = this.parts;
    const timings: StageTimings = {};
    const reservation = memory.reservation();
    const context: RequestContext = { signal: running.controller.signal, timings, memory: reservation };
    let protocol: Protocol<never, never> = protocols.get('')!;
    let version: number | undefined;
    let reply: Reply | FailedReply;
    try {
      if (!bytes) throw new JobError('job_unknown', 'The request was lost before it could be answered.');
      const request = readStoredRequest(bytes as Buffer<ArrayBuffer>);
      protocol = protocols.get(request.protocol) ?? protocol;
      if (isSpent) throw abandoned(this.limits.maxAttempts);
      reserve(reservation, bytes.length);
      const lease = protocol.lease(this.parts.serving, request.address as never);
      version = lease.version;
      try {
        reply = await protocol.answer(this.parts, lease, request.message as never, context);
      } finally {
        lease.release();
      }
    } catch (error) {
      if (running.isHandedBack) throw new PutBack(false);
      if (running.controller.signal.aborted) return undefined;
      const obstacle = error instanceof StoredRequestError ? undefined : obstacleOf(error);
      if (obstacle === 'full') throw new PutBack(false);
      if (obstacle && !isSpent && attempts < this.limits.maxAttempts) throw new PutBack(true);
      reply = this.parts.failure(error, protocol);
    } finally {
      reservation.release();
    }
    await this.finish(job, attempts, reply, version, timings);
    this.events.emit('ended', { model: job.model, timings });
    return timings;
  }

  private async finish(
    { id, fields }: StoredJob,
    attempts: number,
    reply: Reply | FailedReply,
    version: number | undefined,
    timings: StageTimings,
  ): Promise<void> {
    const { redis, prefix } = this.parts;
    const { status, fields: news, body } = endOf(reply, version, timings);
    const life = fields.reply_to === undefined ? this.limits.jobTtl * 1000 : replyLife;
    // It is the reply's with the end, which may be another's: two may have worked on it.
    const place = `${prefix}out:${id}:${attempts}`;
    const webhook = await persist(async () => {
      const [, [isFirst, receiver]] = (await Promise.all([
        redis.set(place, Buffer.concat(body), 'PX', life),
        redis.finishJob(prefix, id, status, life, place, ...Object.entries(news).flat()),
      ])) as [string, [number, string]];
      if (isFirst < 0) throw new JobError('queue_unavailable', 'The reply could not be kept.');
      return isFirst ? receiver : '';
    });
    if (webhook) await this.tell(id);
  }

  private async tell(id: string): Promise<void> {
    const { redis, prefix, tell } = this.parts;
    await persist(async () => {
      const fields = await redis.hgetall(`${prefix}job:${id}`);
      if (fields.webhook !== undefined) await tell(new StoredJob(id, fields));
    });
  }
}

/** A request goes back into its queue. */
class PutBack extends InternalSignal {
  /** @param counts whether it may have been the request's own fault */
  constructor(readonly counts: boolean) {
    super('put back');
  }
}

/** Takes the memory that a request needs. */
function reserve(reservation: Reservation, bytes: number): void {
  reservation.grow(bytes * messageCost);
}

const abandoned = (attempts: number): JobError =>
  new JobError(
    'job_abandoned',
    `${attempts} ${attempts === 1 ? 'worker has' : 'workers have'} ended while working on this request, so it isn't tried again.`,
  );
