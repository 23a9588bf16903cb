import type { StageTimings } from '../../serving/request-context.js';

/**
 * How many requests of one queue a worker takes at once: as many as its processes run, and as many as wait for the next run. More would
 * wait here while another worker has nothing to do.
 */
export class Window {
  private value: number;

  /** @param least what all processes need to have something to do @param most as many as share batches */
  constructor(
    private readonly least: number,
    private readonly most: number,
  ) {
    this.value = least;
  }

  get size(): number {
    return this.value;
  }

  /** A request has been run: one that waited longer than it ran was taken too early. */
  ran({ queue = 0, inference = 0 }: StageTimings): void {
    this.value = queue <= inference ? Math.min(this.most, this.value + 1) : Math.max(this.least, this.value - 1);
  }

  /** A request found no room. */
  full(): void {
    this.value = Math.max(1, Math.floor(this.value / 2));
  }
}
