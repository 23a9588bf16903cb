import fp from 'fastify-plugin';
import { Job } from '../schemas/jobs.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { IdempotencyKeys } from '../src/jobs/idempotency-keys.js';
import { MemoryJobs, type Obstacle } from '../src/jobs/memory-jobs.js';
import { KnownError } from '../src/support/errors.js';

export interface JobsOptions {
  /** Jobs that may wait or run. */
  maxJobs: number;
  /** Seconds that a job is known after its end. */
  jobTtl: number;
}

/** What an error may be that comes of others, or of a time that was too short for all at once. */
const obstacles: Record<string, Obstacle> = {
  queue_full: 'full',
  model_not_ready: 'full',
  deadline_exceeded: 'perhaps itself',
  inference_process_died: 'perhaps itself',
};

const obstacleOf = (error: unknown): Obstacle | undefined =>
  error instanceof KnownError && Object.hasOwn(obstacles, error.code) ? obstacles[error.code] : undefined;

/** Adds `jobs`, requests that are answered later, to `kerasServe`. They are kept in memory, and an end waits for them. */
export default fp<JobsOptions>(
  async (app, { maxJobs, jobTtl }) => {
    const parts = kerasServeOf(app);
    // Replies that wait to be fetched leave most of the memory to requests.
    const limits = { maxJobs, jobTtl, maxKeptBytes: parts.memory.limit / 4 };
    app.addSchema(Job);
    const all = new MemoryJobs(limits, obstacleOf);
    const idempotencyKeys = new IdempotencyKeys();
    all.on('forgotten', (job) => idempotencyKeys.forget(job));
    parts.jobs = { all, idempotencyKeys, path: `${app.prefix}/jobs` };
    app.addHook('preClose', async () => all.refuseMore());
    app.addHook('onClose', () => all.settled());
  },
  { name: 'jobs', dependencies: ['model', 'open-replies', 'serving', 'closing'] },
);
