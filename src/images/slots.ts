/** Runs tasks, at most `count` at once; the others wait in the order they came. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #closed: Promise<void> | undefined;

  constructor(readonly count: number) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`The number of tasks at once must be a positive integer, not ${count}.`);
    }
    this.#free = count;
  }

  /** Tasks that wait for a slot. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs a task when its turn comes. Rejects as the task does, or when the slots are closed. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#closed) {
      throw new Error('No more tasks are taken: this is closing.');
    }
    return this.#take(task);
  }

  /** Takes no more tasks and resolves when those taken are done. */
  close(): Promise<void> {
    const nothing = async () => {};
    this.#closed ??= Promise.all(Array.from({ length: this.count }, () => this.#hold())).then(nothing);
    return this.#closed;
  }

  async #take<Result>(task: () => Promise<Result>): Promise<Result> {
    await this.#hold();
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  async #hold(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
