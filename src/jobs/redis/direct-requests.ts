import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { KeptMessage, Protocol, Reply } from '../../protocols/protocol.js';
import { storeRequest } from '../../protocols/stored-request.js';
import type { RequestContext } from '../../serving/request-context.js';
import { JobError } from '../errors.js';
import type { FailedReply } from '../job.js';
import { type Queues, queueName } from './queues.js';
import { reach } from './reach.js';
import { versionIn } from './redis-store.js';
import type { JobScripts } from './scripts.js';
import { replyIn, StoredJob } from './stored-job.js';
import type { Subscriptions } from './subscriptions.js';

/** A request whose client waits. */
export interface DirectRequest<Message = unknown> {
  model: string;
  protocol: Protocol<never, Message>;
  address: object;
  kept: KeptMessage<Message>;
}

/** What a worker answered. */
export interface DirectReply {
  reply: Reply | FailedReply;
  /** The version that answered, where it came to that. */
  version: number | undefined;
}

export interface DirectLimits {
  /** Seconds that a worker may take, with all that waits before. */
  deadline: number;
  /** Requests that may wait for one model. */
  maxQueue: number;
}

/** What direct requests work with. */
export interface DirectParts {
  /** Says at once that Redis is away. */
  redis: Redis & JobScripts;
  prefix: string;
  queues: Queues;
  subscriptions: Subscriptions;
}

/** Milliseconds that what is left of a request is kept behind its deadline, should its gateway have died. */
const rest = 60_000;
/** Milliseconds that a reply is kept for the gateway that waits for it. */
export const replyLife = 60_000;

/** What is known of a request that is over. */
interface Over {
  fields: Record<string, string>;
  /** Of its reply. */
  body: Buffer | null;
}

/** Requests that workers answer while their clients wait: the replies come to the gateway that has the client. */
export class DirectRequests {
  private readonly gateway = randomBytes(16).toString('hex');
  private readonly waiting = new Map<string, () => void>();
  private readonly counts = new Map<string, number>();
  private stop: (() => void) | undefined;

  constructor(
    private readonly parts: DirectParts,
    private readonly limits: DirectLimits,
  ) {}

  /** Begins to hear of replies. */
  async start(): Promise<void> {
    const { subscriptions, prefix } = this.parts;
    this.stop = await subscriptions.subscribe(`${prefix}replies:${this.gateway}`, (id) => {
      if (id !== '') this.waiting.get(id)?.();
      // Something may have been told while Redis was away.
      else for (const look of this.waiting.values()) look();
    });
  }

  /** Answers nothing any more. */
  close(): void {
    this.stop?.();
  }

  /** @throws JobError, and what the signal aborts with */
  async ask<Message>(request: DirectRequest<Message>, { signal, timings }: RequestContext): Promise<DirectReply> {
    const { model } = request;
    const count = this.counts.get(model) ?? 0;
    if (count >= this.limits.maxQueue)
      throw new JobError('queue_full', 'Too many requests wait for this model. Try again in a moment.');
    this.counts.set(model, count + 1);
    const id = randomBytes(16).toString('hex');
    const queue = queueName(model, versionIn(request.address));
    let isAnswered = false;
    try {
      const found = this.whenOver(id, signal);
      found.catch(() => undefined);
      await this.put(id, queue, request);
      const { fields, body } = await found;
      isAnswered = true;
      if (!body) throw new JobError('queue_unavailable', 'The answer was lost with the queue. Try again.');
      const job = new StoredJob(id, fields);
      Object.assign(timings, job.timings);
      return { reply: replyIn(fields, body), version: job.version };
    } finally {
      this.waiting.delete(id);
      const left = this.counts.get(model)! - 1;
      if (left > 0) this.counts.set(model, left);
      else this.counts.delete(model);
      this.clear(id, queue, isAnswered);
    }
  }

  private async put<Message>(id: string, queue: string, { model, protocol, address, kept }: DirectRequest<Message>) {
    const { redis, prefix, queues } = this.parts;
    const lifetime = this.limits.deadline * 1000 + rest;
    const request = Buffer.concat(await storeRequest(protocol.prefix, address, kept));
    await reach(() =>
      Promise.all([
        redis.set(`${prefix}in:${id}`, request, 'PX', lifetime),
        redis.takeJob(prefix, id, lifetime, 0, '', '', 'model', model, 'queue', queue, 'reply_to', this.gateway),
        queues.add(queue, id, true),
      ]),
    );
  }

  /** A request once it is over. */
  private whenOver(id: string, signal: AbortSignal): Promise<Over> {
    const { redis, prefix } = this.parts;
    return new Promise((resolve, reject) => {
      const { deadline } = this.limits;
      const timer = setTimeout(
        () =>
          reject(
            new JobError('deadline_exceeded', `No worker has answered within ${deadline} s. Try again in a moment.`),
          ),
        deadline * 1000,
      );
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      };
      const abort = () => {
        end();
        reject(new JobError('request_aborted', 'The request was given up.'));
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort);
      this.waiting.set(id, () => {
        // In one go: each would wait for the one before.
        Promise.all([redis.hgetall(`${prefix}job:${id}`), redis.getBuffer(`${prefix}out:${id}`)]).then(
          ([fields, body]) => {
            if (fields.finished === undefined) return;
            end();
            resolve({ fields, body });
          },
          // Somebody looks again.
          () => undefined,
        );
      });
    });
  }

  /** Removes what is left of a request; one that nobody waits for any more is cancelled first. */
  private clear(id: string, queue: string, isAnswered: boolean): void {
    const { redis, prefix, queues } = this.parts;
    const clear = async () => {
      if (!isAnswered) {
        await redis.finishJob(prefix, id, 'cancelled', replyLife, '');
        await queues.remove(queue, id).catch(() => undefined);
      } else await redis.forgetJob(prefix, id);
    };
    clear().catch(() => undefined);
  }
}
