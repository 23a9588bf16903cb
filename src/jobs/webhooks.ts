import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { documentOf, summaryOf } from './document.js';
import type { Job } from './job.js';
import { publicLookup, webhookAddress } from './webhook-address.js';

/** Seconds after which one that failed is tried again: as Standard Webhooks advises, within a day of a process that lives so long. */
const pauses = [0, 5, 30, 120, 600, 3600, 7200, 14_400];
/** Milliseconds that a receiver has to answer. */
const patience = 15_000;
/** Bytes of a job: what is larger is told of without its result. */
const largest = 256 * 1024;
/** Messages under way at once; more wait. */
const mostAtOnce = 16;

/** What there is to say of messages that weren't taken. */
export interface WebhookLog {
  warn(of: { job: string; host: string; reason: string }, message: string): void;
}

/**
 * Tells the receivers of jobs of their ends, each until it has said that it got it.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export class Webhooks {
  private readonly messages = new Set<Promise<void>>();
  private readonly waiting: (() => void)[] = [];
  private readonly closing = new AbortController();
  private open = 0;
  private untold = 0;

  /**
   * @param secret its bytes
   * @param hosts that may be told
   */
  constructor(
    private readonly secret: Uint8Array,
    private readonly hosts: readonly string[],
    private readonly log: WebhookLog,
  ) {}

  /** Where to tell of an end. @throws JobError where it is no address that may be told */
  addressOf(text: string): URL {
    return webhookAddress(text, this.hosts);
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
    for (const [attempt, pause] of pauses.entries()) {
      if (attempt > 0 && !(await this.rest(pause))) {
        this.untold++;
        return;
      }
      const reason = await this.post(job, url).catch((error: Error) => error.message);
      if (reason === undefined) return;
      const isLast = attempt === pauses.length - 1 || reason === gone;
      this.log.warn(
        { job: job.id, host: url.host, reason },
        isLast ? 'a webhook was not taken, and is given up' : 'a webhook was not taken, and is sent again later',
      );
      if (isLast) return;
    }
  }

  /** @returns whether there is still somebody to go on */
  private rest(seconds: number): Promise<boolean> {
    const { signal } = this.closing;
    return sleep(seconds * 1000, true, { signal, ref: false }).catch(() => false);
  }

  /** @returns why it wasn't taken */
  private async post(job: Job, url: URL): Promise<string | undefined> {
    if (this.open >= mostAtOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.open++;
    try {
      return await this.send(job, url);
    } finally {
      this.open--;
      this.waiting.shift()?.();
    }
  }

  /** @returns why it wasn't taken */
  private send(job: Job, url: URL): Promise<string | undefined> {
    const document = documentOf(job);
    const data = document.length <= largest ? document : JSON.stringify(summaryOf(job));
    const now = new Date();
    const body = Buffer.from(`{"type":"job.${job.status}","timestamp":"${now.toISOString()}","data":${data}}`);
    const seconds = Math.floor(now.getTime() / 1000);
    const signature = createHmac('sha256', this.secret).update(`${job.id}.${seconds}.`).update(body).digest('base64');
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
          'webhook-id': job.id,
          'webhook-timestamp': seconds,
          'webhook-signature': `v1,${signature}`,
        },
      });
      sent.on('error', reject);
      sent.on('response', (reply) => {
        const { statusCode = 0 } = reply;
        // Nothing of what it says is of interest; a redirect isn't followed.
        reply.destroy();
        if (statusCode === 410) resolve(gone);
        else resolve(statusCode >= 200 && statusCode < 300 ? undefined : `status ${statusCode}`);
      });
      sent.end(body);
    });
  }
}

/** What a receiver says that wants no more. */
const gone = 'status 410';
