import { formatBytes } from '../support/bytes.js';
import { ServingError } from './errors.js';

/** What a byte of a message takes of memory until it is answered, at most: with the JSON that is read from it, and the tensors. */
export const messageCost = 4;

/** What one request has taken of the memory that all requests may have. */
export interface Reservation {
  /**
   * Takes so many bytes more.
   * @throws ServingError `queue_full` when all requests take too much, `content_too_large` when this one would by itself,
   *   `request_aborted` when it has been released
   */
  grow(bytes: number): void;
  /** Gives all of it back. What is taken afterwards is refused. */
  release(): void;
}

/** The memory that all requests together may take: what is read of them, what is made of that, and of the answers. */
export class MemoryBudget {
  private taken = 0;

  /** @param limit in bytes */
  constructor(readonly limit: number) {}

  /** What is taken now, in bytes. */
  get reserved(): number {
    return this.taken;
  }

  /** What one request takes: nothing at first. */
  reservation(): Reservation {
    let own = 0;
    let isReleased = false;
    return {
      grow: (bytes) => {
        if (isReleased) throw new ServingError('request_aborted', 'The request was given up.');
        if (own + bytes > this.limit) throw new ServingError('content_too_large', tooLarge(own + bytes, this.limit));
        if (this.taken + bytes > this.limit)
          throw new ServingError('queue_full', 'Too many large requests are being worked on. Try again in a moment.');
        own += bytes;
        this.taken += bytes;
      },
      release: () => {
        isReleased = true;
        this.taken -= own;
        own = 0;
      },
    };
  }
}

const tooLarge = (bytes: number, limit: number): string =>
  `The request would take about ${formatBytes(bytes)} of memory, where all together may take ${formatBytes(limit)}. Send less at once.`;
