import { ownTime } from '../../support/processor-time.js';
import { PickleError } from '../error.js';

/** How often it is looked whether unpacking takes too long, in bytes that were made: a power of two. */
const timeStep = 2 ** 16;

/** That what was packed isn't as it was written. */
export const damaged = (what: string): PickleError => new PickleError('pickle_damaged', `can't be unpacked: ${what}`);

/** What is unpacked, byte after byte, within bounds. */
export class Output {
  length = 0;
  private bytes = new Uint8Array(timeStep);

  /**
   * @param most bytes that there may be
   * @param deadline when it has to be done, by `ownTime()`
   */
  constructor(
    private readonly most: number,
    private readonly deadline: number,
  ) {}

  /** @throws PickleError where it is one too many */
  push(byte: number): void {
    if (this.length === this.bytes.length) this.grow();
    this.bytes[this.length++] = byte;
    if (this.length % timeStep === 0) this.checkTime();
  }

  /** The byte that was made so many before the next one: 1 is the last. */
  back(distance: number): number {
    return this.bytes[this.length - distance]!;
  }

  /** @throws PickleError where it takes too long: to be asked by what may go on without making anything */
  checkTime(): void {
    if (ownTime() > this.deadline) throw new PickleError('pickle_too_large', 'takes too long to unpack');
  }

  /** What was made, from a place on, not copied. */
  from(start: number): Uint8Array {
    return this.bytes.subarray(start, this.length);
  }

  private grow(): void {
    if (this.length >= this.most)
      throw new PickleError('pickle_too_large', `is larger than ${this.most / 2 ** 20} MB once it is unpacked`);
    const larger = new Uint8Array(Math.min(this.most, this.length * 2));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
