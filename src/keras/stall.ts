import { ownTime } from '../support/processor-time.js';
import { limits } from './limits.js';

/** Milliseconds of the clock, and those that this process has computed. */
export interface Times {
  clock: number;
  computed: number;
}

/**
 * Notices where work gets on no more: it computes without end, or waits for a disk that does not answer. Where others leave it little of
 * the processor, neither it nor its file is to blame.
 */
export class Stall {
  #count: number | undefined;
  #since: Times = { clock: 0, computed: 0 };

  constructor(private readonly times: () => Times = () => ({ clock: performance.now(), computed: ownTime() })) {}

  /**
   * @param count another one than before where it has got on
   * @returns whether it has not for too long
   */
  at(count: number): boolean {
    const now = this.times();
    if (count !== this.#count) [this.#count, this.#since] = [count, now];
    const [clock, computed] = [now.clock - this.#since.clock, now.computed - this.#since.computed];
    return clock >= limits.hdf5SilenceMilliseconds || Math.min(clock, computed) >= limits.hdf5StallMilliseconds;
  }
}
