import type { Tensors } from '../support/tensor.js';
import { batchKey } from './batch.js';
import { InferenceError } from './errors.js';

/** Milliseconds that a prediction spent. */
export interface Timings {
  /** Waiting for a process. */
  queue: number;
  /** In the engine. */
  inference: number;
}

/** What one prediction gave, and what it cost. */
export interface JobResult {
  outputs: Tensors;
  timings: Timings;
}

/** What a request asks of a model: rows that run together. It settles once, and tells its owner when it is given up. */
export class Job {
  /** Jobs with equal keys can run together. */
  readonly key: string;
  readonly queuedAt = performance.now();
  /** Runs that failed; a job that has failed runs alone. */
  failures = 0;
  settled = false;
  readonly result: Promise<JobResult>;
  private resolveResult!: (prediction: JobResult) => void;
  private rejectResult!: (error: unknown) => void;
  private readonly timer: NodeJS.Timeout;
  private readonly abort = () => this.giveUp(new InferenceError('request_aborted', 'The request was given up.'));

  /**
   * @param raw the names of the inputs that are to be prepared
   * @param rows in every tensor
   * @param deadline milliseconds until the job fails with `deadline_exceeded`
   * @param onGivenUp called when the signal or the deadline ends the job
   */
  constructor(
    readonly inputs: Tensors,
    readonly raw: readonly string[],
    readonly rows: number,
    deadline: number,
    private readonly signal: AbortSignal | undefined,
    private readonly onGivenUp: (job: Job) => void,
  ) {
    this.key = batchKey(inputs, raw);
    this.result = new Promise((resolve, reject) => {
      this.resolveResult = resolve;
      this.rejectResult = reject;
    });
    this.timer = setTimeout(() => this.giveUp(tooSlow()), deadline);
    if (signal?.aborted) this.abort();
    else signal?.addEventListener('abort', this.abort, { once: true });
  }

  resolve(prediction: JobResult): void {
    this.settle();
    this.resolveResult(prediction);
  }

  reject(error: unknown): void {
    this.settle();
    this.rejectResult(error);
  }

  private giveUp(error: InferenceError): void {
    this.reject(error);
    this.onGivenUp(this);
  }

  private settle(): void {
    this.settled = true;
    clearTimeout(this.timer);
    this.signal?.removeEventListener('abort', this.abort);
  }
}

/** The error of a job whose time is over. */
const tooSlow = (): InferenceError =>
  new InferenceError('deadline_exceeded', 'The model did not answer in time. Try again, or send less at once.');
