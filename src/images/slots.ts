import { DecodingError } from './errors.js';

/** When a task that waits is given up. */
export interface WaitOptions {
  /** Rejects the task when it is still waiting. */
  signal?: AbortSignal;
}

/** Bounds on what waits. */
export interface SlotLimits {
  /** Tasks at once. */
  count: number;
  /** Tasks that wait for a slot; one more is refused. */
  maxWaiting: number;
  /** Milliseconds that a task may wait. */
  deadline: number;
}

interface Waiting {
  begin(): void;
  giveUp(error: Error): void;
}

/** Runs tasks, so many at once; the others wait in the order they came, so many and so long. */
export class Slots {
  readonly #waiting = new Set<Waiting>();
  #free: number;
  #closed: Promise<void> | undefined;

  constructor(readonly limits: SlotLimits) {
    const { count } = limits;
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`The number of tasks at once must be a positive integer, not ${count}.`);
    }
    this.#free = count;
  }

  /** Tasks that wait for a slot. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs a task when its turn comes. Rejects as the task does, or when the slots are closed.
   * @throws DecodingError when it can't wait, or has waited too long
   */
  async run<Result>(task: () => Promise<Result>, { signal }: WaitOptions = {}): Promise<Result> {
    const { maxWaiting, deadline } = this.limits;
    if (this.#closed) throw new Error('No more tasks are taken: this is closing.');
    if (this.#free === 0 && this.waiting >= maxWaiting) throw new DecodingError('queue_full');
    if (signal?.aborted) throw new DecodingError('request_aborted');
    await this.#hold((waiting) => {
      const timer = setTimeout(() => waiting.giveUp(new DecodingError('deadline_exceeded')), deadline);
      const abort = () => waiting.giveUp(new DecodingError('request_aborted'));
      signal?.addEventListener('abort', abort, { once: true });
      return () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
    });
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  /** Takes no more tasks and resolves when those taken are done. */
  close(): Promise<void> {
    const holds = () => Array.from({ length: this.limits.count }, () => this.#hold());
    this.#closed ??= Promise.all(holds()).then(() => undefined);
    return this.#closed;
  }

  /**
   * Waits for a slot.
   * @param watch may give the waiting up; what it returns is called when the waiting is over
   */
  async #hold(watch: (waiting: Waiting) => () => void = () => () => undefined): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiting);
        unwatch();
      };
      const waiting: Waiting = {
        begin() {
          leave();
          resolve();
        },
        giveUp(error) {
          leave();
          reject(error);
        },
      };
      const unwatch = watch(waiting);
      this.#waiting.add(waiting);
    });
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next) next.begin();
    else this.#free++;
  }
}
