import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Job } from '../schemas/jobs.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { JobError } from '../src/jobs/errors.js';
import type { JobStore } from '../src/jobs/job-store.js';
import { MemoryJobs } from '../src/jobs/memory-jobs.js';
import { MemoryStore } from '../src/jobs/memory-store.js';
import { obstacleOf } from '../src/jobs/obstacles.js';
import type { RedisParts } from '../src/jobs/redis/redis-parts.js';
import type { WebhookLog, Webhooks } from '../src/jobs/webhooks.js';

export interface JobsOptions {
  /** What messages of webhooks are signed with; without, there are none. */
  webhookSecret?: string | undefined;
  /** The hosts that may be told of the ends of jobs. */
  webhookHost: readonly string[];
  /** Jobs that may wait or run. */
  maxJobs: number;
  /** Seconds that a job is known after its end. */
  jobTtl: number;
  /** Seconds that a model may take to answer. */
  deadline: number;
}

/** Adds `jobs`, requests that are answered later, to `kerasServe`: in Redis where there is one, else in memory. */
export default fp<JobsOptions>(
  async (app, { maxJobs, jobTtl, deadline, webhookSecret, webhookHost }) => {
    const parts = kerasServeOf(app);
    app.addSchema(Job);
    const webhooks = webhookSecret === undefined ? undefined : await openWebhooks(webhookSecret, webhookHost, app.log);
    parts.jobs = {
      store: parts.redis
        ? keepInRedis(app, parts.redis, { maxJobs, jobTtl }, webhooks)
        : keepInMemory(app, { maxJobs, jobTtl }, webhooks),
      webhookAddress(text) {
        if (webhooks) return webhooks.addressOf(text);
        throw new JobError('webhook_refused', 'There are no webhooks here: the operator has set no --webhook-secret.');
      },
      deadline,
      path: `${app.prefix}/jobs`,
    };
    app.addHook('onClose', async () => {
      const untold = (await webhooks?.close()) ?? 0;
      if (untold > 0) app.log.warn({ untold }, `webhooks that could not be delivered before the end: ${untold}`);
    });
  },
  { name: 'jobs', dependencies: ['model', 'open-replies', 'serving', 'closing'] },
);

type Limits = Pick<JobsOptions, 'maxJobs' | 'jobTtl'>;

/** Jobs outlive this process. */
function keepInRedis(
  app: FastifyInstance,
  redis: RedisParts,
  limits: Limits,
  webhooks: Webhooks | undefined,
): JobStore {
  app.addHook('onReady', async () => redis.start(webhooks));
  return redis.store(limits);
}

/** Jobs are lost with this process, so its end waits for them. */
function keepInMemory(app: FastifyInstance, { maxJobs, jobTtl }: Limits, webhooks: Webhooks | undefined): JobStore {
  const parts = kerasServeOf(app);
  // Replies that wait to be fetched leave most of the memory to requests.
  const jobs = new MemoryJobs({ maxJobs, jobTtl, maxKeptBytes: parts.memory.limit / 4 }, obstacleOf);
  jobs.once('added', () => app.log.info('jobs are kept in memory: what isn’t fetched is lost when the server ends'));
  app.addHook('preClose', async () => jobs.refuseMore());
  app.addHook('onClose', () => jobs.settled());
  return new MemoryStore(jobs, parts, webhooks);
}

/** What tells of ends, loaded where there is a secret: it brings what speaks HTTPS. */
async function openWebhooks(secret: string, hosts: readonly string[], log: WebhookLog): Promise<Webhooks> {
  const { Webhooks } = await import('../src/jobs/webhooks.js');
  return new Webhooks(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'), hosts, log);
}
