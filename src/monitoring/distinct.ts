/** The most datapoints that are remembered. */
const most = 1024;

/**
 * Tells datapoints that were not there before from such as come again and again, by their hashes: a health check that sends one picture
 * all day is one datapoint. In constant memory: what has not come for longest is forgotten.
 */
export class Distinct {
  private readonly known = new Set<number>();

  /** Whether a datapoint is new; it is known from then on. */
  isNew(hash: number): boolean {
    const isKnown = this.known.delete(hash);
    if (this.known.size === most) this.known.delete(this.known.values().next().value!);
    this.known.add(hash);
    return !isKnown;
  }
}
