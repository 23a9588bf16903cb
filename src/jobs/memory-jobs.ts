import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobError } from './errors.js';
import { Job, type JobRequest, type JobStatus } from './job.js';

/** How many jobs there may be, and for how long. */
export interface JobLimits {
  /** Jobs that wait or run. */
  maxJobs: number;
  /** Seconds that a job is known after its end. */
  jobTtl: number;
  /** Bytes of all replies that are kept: past them, what ended first goes before its time. */
  maxKeptBytes: number;
}

/** Jobs that run at once, at most: as many as share batches as direct requests do. */
const widest = 32;
/** Jobs that are known after their end, however small their replies. */
const mostFinished = 10_000;
/** Milliseconds until a job that found no room is tried again. */
const pause = 100;
/** How often a job may have taken too long, or been on a process that died. */
const mostAttempts = 3;

/** What an attempt to run a job came to grief on: others before it, which says nothing of it; or perhaps itself. */
export type Obstacle = 'full' | 'perhaps itself';

/**
 * Jobs in the memory of one process: all of them are lost when it ends. Emits `added` for each, `ended`, and `forgotten`
 * when it is known no more.
 */
export class MemoryJobs extends EventEmitter<{ added: [Job]; ended: [Job]; forgotten: [Job] }> {
  private readonly jobs = new Map<string, Job>();
  /** The one that waits longest first. */
  private readonly waiting: Job[] = [];
  /** In the order of their ends. */
  private readonly finished = new Map<Job, NodeJS.Timeout>();
  private readonly attempts = new WeakMap<Job, number>();
  private keptBytes = 0;
  private running = 0;
  /** How many may run at once: one more with each that succeeds, half as many where one found no room or no time. */
  private window = 4;
  private closing = false;

  /** @param obstacleOf what an error is that another attempt may not meet; undefined for all others */
  constructor(
    private readonly limits: JobLimits,
    private readonly obstacleOf: (error: unknown) => Obstacle | undefined,
  ) {
    super();
  }

  /** Jobs that wait or run. */
  get unfinished(): number {
    return this.waiting.length + this.running;
  }

  /** Seconds that the job that waits longest has been waiting; 0 where none does. */
  get oldest(): number {
    const [first] = this.waiting;
    return first ? (Date.now() - first.createdAt.getTime()) / 1000 : 0;
  }

  /** How many jobs are in each state. */
  get counts(): Record<JobStatus, number> {
    const counts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
    for (const { status } of this.jobs.values()) counts[status]++;
    return counts;
  }

  /** Takes a request on. @throws JobError where there are too many, or none are taken any more */
  add(request: JobRequest): Job {
    if (this.closing) throw new JobError('server_closing', 'The server is closing.');
    if (this.unfinished >= this.limits.maxJobs)
      throw new JobError('queue_full', `${this.unfinished} jobs wait, and no more are taken. Try again in a moment.`);
    const job = new Job(request);
    this.jobs.set(job.id, job);
    this.waiting.push(job);
    job.once('end', () => this.keep(job));
    this.emit('added', job);
    queueMicrotask(() => this.startNext());
    return job;
  }

  /** A job of an owner. @throws JobError where there is none */
  get(id: string, owner: string | undefined): Job {
    const job = this.jobs.get(id);
    if (job && job.request.owner === owner) return job;
    throw new JobError('job_unknown', 'There is no job of this id: its time may be over.');
  }

  /** Cancels a job that waits or runs, forgets one that is finished. */
  delete(job: Job): void {
    if (job.isFinished) {
      this.forget(job);
      return;
    }
    const place = this.waiting.indexOf(job);
    if (place >= 0) this.waiting.splice(place, 1);
    job.finish('cancelled');
  }

  /** From now on none is taken. */
  refuseMore(): void {
    this.closing = true;
  }

  /** Resolves when all have ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.jobs.values()].map((job) => job.settled()));
    for (const timer of this.finished.values()) clearTimeout(timer);
  }

  private startNext(): void {
    while (this.running < this.window && this.waiting.length > 0) {
      this.running++;
      void this.run(this.waiting.shift()!).finally(() => {
        this.running--;
        this.startNext();
      });
    }
  }

  private async run(job: Job): Promise<void> {
    const { request } = job;
    job.start();
    try {
      const reply = await request.answer(job, (version) => {
        job.version = version;
      });
      job.finish('succeeded', reply);
      this.window = Math.min(widest, this.window + 1);
    } catch (error) {
      const obstacle = this.obstacleOf(error);
      const attempts = (this.attempts.get(job) ?? 0) + (obstacle === 'full' ? 0 : 1);
      if (job.isFinished) return;
      if (!obstacle || attempts >= mostAttempts) return job.finish('failed', request.failure(error));
      this.attempts.set(job, attempts);
      this.window = Math.max(1, Math.floor(this.window / 2));
      await sleep(pause);
      if (job.isFinished) return;
      job.putBack();
      this.waiting.unshift(job);
    }
  }

  /** Keeps what is finished for its time, as far as there is room. */
  private keep(job: Job): void {
    this.emit('ended', job);
    this.finished.set(job, setTimeout(() => this.forget(job), this.limits.jobTtl * 1000).unref());
    this.keptBytes += job.size;
    for (const [oldest] of this.finished) {
      if (oldest === job || (this.keptBytes <= this.limits.maxKeptBytes && this.finished.size <= mostFinished)) return;
      this.forget(oldest);
    }
  }

  private forget(job: Job): void {
    this.jobs.delete(job.id);
    this.emit('forgotten', job);
    const timer = this.finished.get(job);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.finished.delete(job);
    this.keptBytes -= job.size;
  }
}
