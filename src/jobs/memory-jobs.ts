import { EventEmitter } from 'node:events';
import { JobError } from './errors.js';
import { Job, type JobRequest, type JobStatus } from './job.js';
import { Lane, type Obstacle } from './lane.js';

/** How many jobs there may be, and for how long. */
export interface JobLimits {
  /** Jobs that wait or run. */
  maxJobs: number;
  /** Seconds that a job is known after its end. */
  jobTtl: number;
  /** Bytes of all replies that are kept: past them, what ended first goes before its time. */
  maxKeptBytes: number;
}

/** Jobs that are known after their end, however small their replies. */
const mostFinished = 10_000;
/**
 * Jobs in the memory of one process: all of them are lost when it ends. Emits `added` for each, `ended`, and `forgotten`
 * when it is known no more.
 */
export class MemoryJobs extends EventEmitter<{ added: [Job]; ended: [Job]; forgotten: [Job] }> {
  private readonly jobs = new Map<string, Job>();
  /** Those that wait and run, by their models. */
  private readonly lanes = new Map<string, Lane>();
  /** In the order of their ends. */
  private readonly finished = new Map<Job, NodeJS.Timeout>();
  private keptBytes = 0;
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
    return [...this.lanes.values()].reduce((sum, { unfinished }) => sum + unfinished, 0);
  }

  /** Seconds that the job that waits longest has been waiting; 0 where none does. */
  get oldest(): number {
    const times = [...this.lanes.values()].map(({ oldest }) => oldest?.createdAt.getTime() ?? Date.now());
    return Math.max(0, Date.now() - Math.min(...times, Date.now())) / 1000;
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
    job.once('end', () => this.keep(job));
    this.emit('added', job);
    this.laneOf(job.model).add(job);
    return job;
  }

  /** A job of an owner. @throws JobError where there is none */
  get(id: string, owner: string | undefined): Job {
    const job = this.jobs.get(id);
    if (job && job.owner === owner) return job;
    throw new JobError('job_unknown', 'There is no job of this id: its time may be over.');
  }

  /** All jobs that are known, the newest first. */
  get all(): readonly Job[] {
    return [...this.jobs.values()].reverse();
  }

  /** Cancels a job that waits or runs, forgets one that is finished. */
  delete(job: Job): void {
    if (job.isFinished) {
      this.forget(job);
      return;
    }
    job.cancel();
    this.lanes.get(job.model)?.remove(job);
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

  private laneOf(model: string): Lane {
    const known = this.lanes.get(model);
    if (known) return known;
    const lane = new Lane(this.obstacleOf, () => this.lanes.delete(model));
    this.lanes.set(model, lane);
    return lane;
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
