import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '../protocols/protocol.js';
import { documentOf, hasResult } from './document.js';
import { JobError } from './errors.js';
import type { Job } from './job.js';
import type { KnownJob } from './job-store.js';
import { publicLookup, webhookAddress } from './webhook-address.js';

/** Seconds after which a message that wasn't taken is sent again: within a day of a process that lives so long. */
export const pauses = [0, 5, 30, 120, 600, 3600, 7200, 14_400];
/** Milliseconds that a receiver has to answer. */
const patience = 15_000;
/** Bytes of a result: a larger one isn't told. */
export const largestResult = 256 * 1024;
/** Messages under way to one host at once; more wait, and hold up those to no other. */
const mostAtOnce = 4;
/** Jobs whose ends are to be told: each may be a message that nobody takes for hours. */
const mostMessages = 2000;

/** What a receiver says that wants no more. */
export const gone = 'status 410';

/** What there is to say of messages that weren't taken. */
export interface WebhookLog {
  warn(of: { job: string; host: string; reason: string }, message: string): void;
}

/** The end of a job, as it is told. */
interface Message {
  job: string;
  url: URL;
  body: Buffer;
}

/**
 * Tells the receivers of jobs of their ends, each until it has said that it got it.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export class Webhooks {
  private readonly messages = new Set<Promise<void>>();
  private readonly hosts = new Map<string, { open: number; waiting: (() => void)[] }>();
  private readonly closing = new AbortController();
  private untold = 0;

  /**
   * @param secret its bytes
   * @param allowed the hosts that may be told
   */
  constructor(
    private readonly secret: Uint8Array,
    private readonly allowed: readonly string[],
    private readonly log: WebhookLog,
  ) {}

  /** Where to tell of an end. @throws JobError where it is no address that may be told, or too many are to be told already */
  addressOf(text: string): URL {
    if (this.messages.size >= mostMessages)
      throw new JobError('queue_full', `${mostMessages} webhooks are to be told of jobs. Try again in a moment.`);
    return webhookAddress(text, this.allowed);
  }

  /** Tells of the end of a job, once it has come. */
  follow(job: Job, url: URL): void {
    const message = this.tell(job, url).finally(() => this.messages.delete(message));
    this.messages.add(message);
  }

  /**
   * Ends once each end has been told once: what is to be told again is given up.
   * @returns how many those are
   */
  async close(): Promise<number> {
    this.closing.abort();
    await Promise.all(this.messages);
    return this.untold;
  }

  private async tell(job: Job, url: URL): Promise<void> {
    await job.settled();
    const message = messageOf(job, url, hasResult(job, largestResult) ? job.reply : undefined);
    // From here on the job itself isn't needed: it may be forgotten before it is told.
    return this.send(message);
  }

  private async send(message: Message): Promise<void> {
    for (const [attempt, pause] of pauses.entries()) {
      if (attempt > 0 && !(await this.rest(pause))) {
        this.untold++;
        return;
      }
      const reason = await this.postMessage(message);
      if (reason === undefined) return;
      const isLast = attempt === pauses.length - 1 || reason === gone;
      this.warn({ id: message.job }, message.url, reason, isLast);
      if (isLast) return;
    }
  }

  /**
   * Tells of the end of a job, once.
   * @param reply with its result, where that is told
   * @returns why it wasn't taken; undefined where it was
   */
  post(job: KnownJob, url: URL, reply: Reply | undefined): Promise<string | undefined> {
    return this.postMessage(messageOf(job, url, reply));
  }

  /** Says in the log that a message wasn't taken. */
  warn({ id }: Pick<KnownJob, 'id'>, { host }: URL, reason: string, isLast: boolean): void {
    this.log.warn(
      { job: id, host, reason },
      isLast ? 'a webhook was not taken, and is given up' : 'a webhook was not taken, and is sent again later',
    );
  }

  /** @returns whether there is still somebody to go on */
  private rest(seconds: number): Promise<boolean> {
    const { signal } = this.closing;
    return sleep(seconds * 1000, true, { signal, ref: false }).catch(() => false);
  }

  /** @returns why it wasn't taken */
  private async postMessage(message: Message): Promise<string | undefined> {
    const { host } = message.url;
    const state = this.hosts.get(host) ?? { open: 0, waiting: [] };
    this.hosts.set(host, state);
    if (state.open >= mostAtOnce) await new Promise<void>((resolve) => state.waiting.push(resolve));
    state.open++;
    try {
      return await this.exchange(message);
    } catch (error) {
      return (error as Error).message;
    } finally {
      state.open--;
      state.waiting.shift()?.();
      if (state.open === 0 && state.waiting.length === 0) this.hosts.delete(host);
    }
  }

  /** @returns why it wasn't taken */
  private exchange({ job, url, body }: Message): Promise<string | undefined> {
    const seconds = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha256', this.secret).update(`${job}.${seconds}.`).update(body).digest('base64');
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = request(url, {
        method: 'POST',
        // A literal address is never looked up: the operator has allowed it as it is.
        lookup: publicLookup,
        agent: false,
        timeout: patience,
        signal: AbortSignal.timeout(patience),
        headers: {
          'content-type': 'application/json',
          'content-length': body.length,
          'webhook-id': job,
          'webhook-timestamp': seconds,
          'webhook-signature': `v1,${signature}`,
        },
      });
      sent.on('error', reject);
      sent.on('upgrade', (_reply, socket) => {
        socket.destroy();
        resolve('status 101');
      });
      sent.on('response', (reply) => {
        const { statusCode = 0 } = reply;
        // Nothing of what it says is of interest; a redirect isn't followed.
        reply.destroy();
        if (statusCode === 410) resolve(gone);
        else resolve(statusCode >= 200 && statusCode < 300 ? undefined : `status ${statusCode}`);
      });
      // However it ended, it has ended.
      sent.on('close', () => reject(new Error('the connection was closed')));
      sent.end(body);
    });
  }
}

function messageOf(job: KnownJob, url: URL, reply: Reply | undefined): Message {
  const begin = `{"type":"job.${job.status}","timestamp":"${job.finishedAt!.toISOString()}","data":`;
  return {
    job: job.id,
    url,
    body: Buffer.concat([Buffer.from(begin), ...documentOf(job, reply), Buffer.from('}')]),
  };
}
