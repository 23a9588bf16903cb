import type { Redis } from 'ioredis';
import { reach } from './reach.js';

/** What there is to say of all queues of a namespace. */
export interface QueueFigures {
  /** Requests that wait for a worker: jobs, and those whose clients wait. */
  length: { job: number; direct: number };
  /** Requests that workers have begun. */
  running: { job: number; direct: number };
  /** Seconds that the one that waits longest has been waiting; 0 where none does. */
  oldest: number;
  /** How often workers have begun a request, and how often it was one that had been begun before. */
  attempts: number;
  retries: number;
}

/** @throws JobError `queue_unavailable` */
export const queueFigures = (redis: Redis, prefix: string): Promise<QueueFigures> =>
  reach(async () => {
    const count = (set: string) => redis.zcard(prefix + set);
    const oldestOf = async (set: string) => (await redis.zrange(prefix + set, '0', '0', 'WITHSCORES'))[1];
    const [job, direct, runningJob, runningDirect, time, totals, ...since] = await Promise.all([
      count('jobs:queued'),
      count('direct:queued'),
      count('jobs:running'),
      count('direct:running'),
      redis.time(),
      redis.hgetall(`${prefix}totals`),
      oldestOf('jobs:queued'),
      oldestOf('direct:queued'),
    ]);
    const now = Number(time[0]);
    const ages = since.map((milliseconds) => (milliseconds === undefined ? 0 : now - Number(milliseconds) / 1000));
    return {
      length: { job, direct },
      running: { job: runningJob, direct: runningDirect },
      oldest: Math.max(0, ...ages),
      attempts: Number(totals.attempts ?? 0),
      retries: Number(totals.retries ?? 0),
    };
  });
