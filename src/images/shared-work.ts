import { DecodingError } from './errors.js';

/** Work whose result several wait for. It is given up once nobody does any more. */
export class SharedWork<Result> {
  private readonly controller = new AbortController();
  private readonly result: Promise<Result>;
  private waiting = 0;
  /** Resolves when there is a result, or will be none. */
  readonly ended: Promise<void>;

  /** @param begin gets the signal that gives it up */
  constructor(begin: (signal: AbortSignal) => Promise<Result>) {
    this.result = begin(this.controller.signal);
    const end = () => undefined;
    this.ended = this.result.then(end, end);
  }

  /** Whether nobody waits for it any more: it may come to no result. */
  get isGivenUp(): boolean {
    return this.controller.signal.aborted;
  }

  /**
   * Waits for the result.
   * @param take makes of it what is given to who waits, before anybody has it who could change it
   * @throws DecodingError `request_aborted` where the signal ends that, and what the work throws
   */
  wait(signal?: AbortSignal, take: (result: Result) => Result = (result) => result): Promise<Result> {
    this.waiting++;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (settle: () => void) => {
        if (isOver) return;
        isOver = true;
        this.waiting--;
        signal?.removeEventListener('abort', giveUp);
        settle();
      };
      const giveUp = () => {
        end(() => reject(new DecodingError('request_aborted')));
        if (this.waiting === 0) this.controller.abort();
      };
      this.result.then(
        (result) => end(() => resolve(take(result))),
        (error) => end(() => reject(error)),
      );
      signal?.addEventListener('abort', giveUp);
      if (signal?.aborted) giveUp();
    });
  }
}
