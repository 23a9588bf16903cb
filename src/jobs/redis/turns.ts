import { setTimeout as sleep } from 'node:timers/promises';
import type { JobError } from '../errors.js';
import type { RedisConnections } from './connection.js';
import type { FleetLog } from './fleet.js';
import { away, stateIn } from './reach.js';

/** Does something in Redis again and again, whatever becomes of Redis. */
export class Turns {
  private closing = false;
  private waiting = new AbortController();
  private running: Promise<void> | undefined;
  private failure: string | undefined;
  private state: JobError | undefined;

  /**
   * @param pause milliseconds between two turns
   * @param log gets what Redis has against it, once; that it can't be reached is told elsewhere
   */
  constructor(
    private readonly connections: Pick<RedisConnections, 'isReady'>,
    private readonly pause: number,
    private readonly turn: () => Promise<void>,
    private readonly log: FleetLog,
  ) {}

  /** Why Redis could do nothing in the last turn; undefined where it could. */
  get trouble(): JobError | undefined {
    return this.connections.isReady ? this.state : away();
  }

  /** Resolves after the first turn that succeeds, or when it is stopped before. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.running = this.run(resolve).finally(resolve);
    });
  }

  /** Has the next turn come at once. */
  hurry(): void {
    this.waiting.abort();
  }

  /** Resolves when no turn runs any more. */
  async stop(): Promise<void> {
    this.closing = true;
    this.waiting.abort();
    await this.running;
  }

  private async run(succeeded: () => void): Promise<void> {
    while (!this.closing) {
      this.waiting = new AbortController();
      await this.turn().then(
        () => {
          this.failure = undefined;
          this.state = undefined;
          succeeded();
        },
        (error: Error) => {
          const { message } = error;
          this.state = stateIn(error);
          if (this.connections.isReady && message !== this.failure) this.log.warn(`Redis: ${message}`);
          this.failure = message;
        },
      );
      const { signal } = this.waiting;
      if (!this.closing) await sleep(this.pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
