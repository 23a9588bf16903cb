import fp from 'fastify-plugin';
import { Job } from '../schemas/jobs.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { JobError } from '../src/jobs/errors.js';
import type { Obstacle } from '../src/jobs/lane.js';
import { MemoryJobs } from '../src/jobs/memory-jobs.js';
import { MemoryStore } from '../src/jobs/memory-store.js';
import type { WebhookLog, Webhooks } from '../src/jobs/webhooks.js';
import { KnownError } from '../src/support/errors.js';

export interface JobsOptions {
  /** What messages of webhooks are signed with; without, there are none. */
  webhookSecret?: string | undefined;
  /** The hosts that may be told of the ends of jobs. */
  webhookHost: readonly string[];
  /** Jobs that may wait or run. */
  maxJobs: number;
  /** Seconds that a job is known after its end. */
  jobTtl: number;
}

/** What an error may be that comes of others, or of a time that was too short for all at once. */
const obstacles: Record<string, Obstacle> = {
  queue_full: 'full',
  model_not_ready: 'perhaps itself',
  deadline_exceeded: 'perhaps itself',
  inference_process_died: 'perhaps itself',
};

const obstacleOf = (error: unknown): Obstacle | undefined =>
  error instanceof KnownError && Object.hasOwn(obstacles, error.code) ? obstacles[error.code] : undefined;

/** Adds `jobs`, requests that are answered later, to `kerasServe`. They are kept in memory, and an end waits for them. */
export default fp<JobsOptions>(
  async (app, { maxJobs, jobTtl, webhookSecret, webhookHost }) => {
    const parts = kerasServeOf(app);
    // Replies that wait to be fetched leave most of the memory to requests.
    const limits = { maxJobs, jobTtl, maxKeptBytes: parts.memory.limit / 4 };
    app.addSchema(Job);
    const all = new MemoryJobs(limits, obstacleOf);
    const webhooks = webhookSecret === undefined ? undefined : await openWebhooks(webhookSecret, webhookHost, app.log);
    parts.jobs = {
      store: new MemoryStore(all, parts, webhooks),
      webhookAddress(text) {
        if (webhooks) return webhooks.addressOf(text);
        throw new JobError('webhook_refused', 'There are no webhooks here: the operator has set no --webhook-secret.');
      },
      path: `${app.prefix}/jobs`,
    };
    all.once('added', () => app.log.info('jobs are kept in memory: what isn’t fetched is lost when the server ends'));
    app.addHook('preClose', async () => all.refuseMore());
    app.addHook('onClose', async () => {
      await all.settled();
      const untold = (await webhooks?.close()) ?? 0;
      if (untold > 0) app.log.warn({ untold }, `webhooks that could not be delivered before the end: ${untold}`);
    });
  },
  { name: 'jobs', dependencies: ['model', 'open-replies', 'serving', 'closing'] },
);

/** What tells of ends, loaded where there is a secret: it brings what speaks HTTPS. */
async function openWebhooks(secret: string, hosts: readonly string[], log: WebhookLog): Promise<Webhooks> {
  const { Webhooks } = await import('../src/jobs/webhooks.js');
  return new Webhooks(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'), hosts, log);
}
