import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from './job.js';

/** Jobs of one model that run at once, at most: as many as share batches as direct requests do. */
const widest = 32;
/** Milliseconds until a job that found no room is tried again. */
const pause = 100;
/** How often a job may have taken too long, or been on a process that died. */
const mostAttempts = 3;

/** What an attempt to run a job came to grief on: others before it, which says nothing of it; or perhaps itself. */
export type Obstacle = 'full' | 'perhaps itself';

/** The jobs of one model: how many run at once is found out by trying, for direct requests run beside them. */
export class Lane {
  /** The one that waits longest first. */
  private readonly waiting: Job[] = [];
  private readonly attempts = new WeakMap<Job, number>();
  private running = 0;
  /** How many may run at once: one more with each that succeeds, half as many where one found no room or no time. */
  private window = 4;

  /**
   * @param obstacleOf what an error is that another attempt may not meet; undefined for all others
   * @param onIdle called when nothing waits or runs any more
   */
  constructor(
    private readonly obstacleOf: (error: unknown) => Obstacle | undefined,
    private readonly onIdle: () => void,
  ) {}

  /** Jobs that wait or run. */
  get unfinished(): number {
    return this.waiting.length + this.running;
  }

  /** The job that waits longest. */
  get oldest(): Job | undefined {
    return this.waiting[0];
  }

  add(job: Job): void {
    this.waiting.push(job);
    queueMicrotask(() => this.startNext());
  }

  /** Takes out a job that waits. */
  remove(job: Job): void {
    const place = this.waiting.indexOf(job);
    if (place >= 0) this.waiting.splice(place, 1);
    if (this.unfinished === 0) this.onIdle();
  }

  private startNext(): void {
    while (this.running < this.window && this.waiting.length > 0) {
      this.running++;
      void this.run(this.waiting.shift()!).finally(() => {
        this.running--;
        this.startNext();
      });
    }
    if (this.unfinished === 0) this.onIdle();
  }

  private async run(job: Job): Promise<void> {
    try {
      await job.attempt();
      this.window = Math.min(widest, this.window + 1);
    } catch (error) {
      const obstacle = this.obstacleOf(error);
      const attempts = (this.attempts.get(job) ?? 0) + (obstacle === 'full' ? 0 : 1);
      if (!obstacle || attempts >= mostAttempts) return job.fail(error);
      this.attempts.set(job, attempts);
      this.window = Math.max(1, Math.floor(this.window / 2));
      await sleep(pause);
      if (job.isFinished) return;
      job.putBack();
      // Behind the others: what one comes to grief on need not stand in their way.
      this.waiting.push(job);
    }
  }
}
