import { RequestError } from './errors.js';
import type { OpenReply } from './open-replies.js';

/** Requests of the largest size that are held at once. */
const largestAtOnce = 4;

/** Memory of large requests: bounded, and given back when their replies are sent or their clients gone. */
export class HeldMemory {
  private held = 0;

  get bytes(): number {
    return this.held;
  }

  /** What one request holds: nothing at first. */
  lease(reply: OpenReply): Lease {
    let own = 0;
    reply.onEnd(() => {
      this.held -= own;
    });
    return {
      hold: (bytes, largest) => {
        if (reply.isGone) throw new RequestError('request_aborted');
        if (this.held - own + bytes > largestAtOnce * largest)
          throw new RequestError('queue_full', 'Too many large requests are being read. Try again in a moment.');
        this.held += bytes - own;
        own = bytes;
      },
    };
  }
}

/** Memory of one request that counts until it is answered. */
export interface Lease {
  /**
   * Counts so many bytes from now on.
   * @param largest how many one request can hold
   * @throws RequestError `queue_full` when all hold too much, `request_aborted` when the client is gone
   */
  hold(bytes: number, largest: number): void;
}
