import type { RedisLog } from './check.js';

/** Milliseconds between two lines that say the same. */
const interval = 10_000;
/** Milliseconds after a line in which a new absence waits for the next one: a connection that comes and goes fills no log. */
const pause = 1000;

/** Says in the log that Redis can't be reached, at once and then now and again, and when it can. */
export class Absence {
  private timer: NodeJS.Timeout | undefined;
  private reason = '';
  private toldAt = Number.NEGATIVE_INFINITY;
  private isTold = false;

  constructor(
    private readonly where: string,
    private readonly log: RedisLog,
  ) {}

  /** It can't be reached, or still not. @param reason in words */
  begin(reason: string): void {
    this.reason = reason;
    if (this.timer) return;
    this.timer = setInterval(() => this.tell(), interval).unref();
    if (performance.now() - this.toldAt >= pause) this.tell();
  }

  /** It can be reached. */
  end(): void {
    this.close();
    if (this.isTold) this.log.info({ redis: this.where }, `${this.where} can be used now`);
    this.isTold = false;
  }

  /** Says no more. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private tell(): void {
    this.toldAt = performance.now();
    this.isTold = true;
    this.log.warn({ redis: this.where }, `${this.where} can't be used: ${this.reason}. It is tried again until it can`);
  }
}
