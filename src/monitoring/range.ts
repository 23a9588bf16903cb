/** The range of a stream of numbers in constant memory: by Welford's algorithm, which loses nothing where the mean is large. */
export class Range {
  count = 0;
  least = Number.POSITIVE_INFINITY;
  greatest = Number.NEGATIVE_INFINITY;
  /** 0 where there is none yet. */
  mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    if (value < this.least) this.least = value;
    if (value > this.greatest) this.greatest = value;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.squares += before * (value - this.mean);
  }

  /** Of all numbers that there were, not of a sample: as NumPy's `var`. */
  get variance(): number {
    return this.count === 0 ? 0 : this.squares / this.count;
  }
}
