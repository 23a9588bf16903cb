import { EventEmitter } from 'node:events';
import type { Tensors } from '../support/tensor.js';
import { batchSizeOf, concatRows, mapTensors, rowsOf, rowsPerRun, sliceRows } from './batch.js';
import { checkInputs } from './check-inputs.js';
import type { EngineModel } from './engine.js';
import { InferenceError } from './errors.js';
import type { InferenceProcess } from './inference-process.js';
import { Job, type JobResult } from './job.js';
import type { LoadResult } from './messages.js';

/** How a model is run. */
export interface RunnerOptions {
  /** The most rows in one run; by default as many as a run's memory should hold. */
  maxBatch?: number;
  /** The most requests that wait; one more is refused. */
  maxQueue: number;
  /** Milliseconds until a request fails, and after which a run is cut by ending its process. */
  deadline: number;
}

/** What a runner tells whoever counts. */
export interface RunnerEvents {
  /** A run has ended well. */
  batch: [rows: number, milliseconds: number];
}

/** What a runner needs of the pool that it is in. */
export interface RunnerPool {
  /** How many processes there are. */
  readonly size: number;
  /** Whether one of them can run a model. */
  has(model: number): boolean;
  /** How many have nothing to do and can run it. */
  idleFor(model: number): number;
  /** Looks for who waits, when somebody does. */
  dispatch(): void;
  /** Takes a model out of the processes. */
  remove(runner: ModelRunner): Promise<void>;
}

/** How often a job may be on a process that dies, or in a batch that fails. */
const maxFailures = 2;

const queueFull = () =>
  new InferenceError('queue_full', 'Too many requests wait for this model. Try again in a moment.');

/**
 * Runs one model in the processes of a pool. A request runs at once when a process is idle, with what arrives in the same turn of the
 * event loop; what arrives while all are busy goes together in the next run.
 */
export class ModelRunner {
  private readonly queue: Job[] = [];
  /** What each process runs. */
  private readonly runs = new Map<InferenceProcess, readonly Job[]>();
  /** Requests that are being got ready, wait or run. */
  private entered = 0;
  /** Requests in the runs. */
  private inRuns = 0;
  private closing = false;
  private onDrained: (() => void) | undefined;
  private batchSize: number | null | undefined;
  /** Who is told of runs. */
  readonly events = new EventEmitter<RunnerEvents>();

  /**
   * @param model the number that the pool's processes have the model under
   * @param source what it was loaded from
   */
  constructor(
    private readonly pool: RunnerPool,
    readonly model: number,
    readonly source: EngineModel,
    readonly signature: LoadResult,
    readonly options: RunnerOptions,
  ) {
    this.batchSize = batchSizeOf(signature);
  }

  /** Whether a process is there to take work. */
  get ready(): boolean {
    return !this.closing && this.pool.has(this.model);
  }

  /** Requests that wait for a process. */
  get queued(): number {
    return this.queue.length;
  }

  /** Whether there is something to run. */
  get waiting(): boolean {
    return this.queue.length > 0;
  }

  /**
   * Runs the model on the rows of `inputs`; more than fit in one batch run in several.
   * @param inputs tensors by input name, batch axis first
   * @param options.raw the names of the inputs that are given raw, to be prepared as the engine model says
   * @param options.signal takes the request out of the queue
   * @throws InferenceError
   */
  async predict(
    inputs: Tensors,
    { raw = [], signal }: { raw?: readonly string[]; signal?: AbortSignal } = {},
  ): Promise<JobResult> {
    checkInputs(inputs, this.signature, raw, this.source.prepare);
    const rows = rowsOf(inputs) ?? 1;
    const limit = this.batchSize ?? this.options.maxBatch ?? rowsPerRun(inputs, this.signature.rowElements);
    const endsAt = performance.now() + this.options.deadline;
    if (this.batchSize === undefined || rows <= limit) return this.enqueue(inputs, raw, rows, endsAt, signal);
    const starts = Array.from({ length: Math.ceil(rows / limit) }, (_, index) => index * limit);
    const parts: JobResult[] = [];
    let next = 0;
    // As many parts at once as there are processes: one request takes no more of the queue than that.
    const lane = async () => {
      for (let index = next++; index < starts.length; index = next++) {
        const end = Math.min(starts[index]! + limit, rows);
        const part = mapTensors(inputs, (tensor) => sliceRows(tensor, starts[index]!, end));
        try {
          parts[index] = await this.enqueue(part, raw, end - starts[index]!, endsAt, signal);
        } catch (error) {
          next = starts.length;
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: this.pool.size }, lane));
    const timings = parts.map((part) => part.timings);
    return {
      outputs: mapTensors(parts[0]!.outputs, (_, name) => concatRows(parts.map(({ outputs }) => outputs[name]!))),
      timings: { queue: timings[0]!.queue, inference: timings.reduce((sum, { inference }) => sum + inference, 0) },
    };
  }

  /**
   * Takes a place among the requests that wait, for one that is still to be got ready: what can't be run soon need not be
   * decoded first.
   * @returns gives the place back, once the request is answered
   * @throws InferenceError `queue_full`
   */
  enter(): () => void {
    if (this.entered - this.inRuns >= this.places) throw queueFull();
    this.entered++;
    return () => {
      this.entered--;
    };
  }

  /** Answers what has been accepted, then takes the model out of the processes. */
  async close(): Promise<void> {
    this.closing = true;
    this.endAbandoned();
    if (!this.drained) {
      await new Promise<void>((resolve) => {
        this.onDrained = resolve;
      });
    }
    await this.pool.remove(this);
  }

  private enqueue(
    inputs: Tensors,
    raw: readonly string[],
    rows: number,
    endsAt: number,
    signal: AbortSignal | undefined,
  ): Promise<JobResult> {
    if (this.closing) throw new InferenceError('server_closing', 'The server is shutting down.');
    if (this.queue.length >= this.places) throw queueFull();
    const job = new Job(inputs, raw, rows, endsAt - performance.now(), signal, (given) => {
      const index = this.queue.indexOf(given);
      if (index >= 0) this.queue.splice(index, 1);
      if (this.drained) this.onDrained?.();
      this.endAbandoned();
    });
    if (!job.settled) this.queue.push(job);
    this.pool.dispatch();
    return job.result;
  }

  /** How many may be here that don't run yet: those that run next don't wait. */
  private get places(): number {
    return this.options.maxQueue + this.pool.idleFor(this.model);
  }

  private get drained(): boolean {
    return this.runs.size === 0 && this.queue.length === 0;
  }

  /** A model that closes doesn't wait for runs that nobody waits for: like those past their deadline, they end with their process. */
  private endAbandoned(): void {
    if (!this.closing) return;
    for (const [process, batch] of this.runs) if (batch.every(({ settled }) => settled)) process.kill();
  }

  /** The first job and those behind it that can go with it, up to the process's share of what waits. */
  private nextBatch(): Job[] {
    const share = Math.ceil(this.queue.length / this.pool.size);
    const first = this.queue.shift()!;
    const batch = [first];
    if (this.batchSize === undefined || first.failures > 0) return batch;
    const most = this.options.maxBatch ?? rowsPerRun(first.inputs, this.signature.rowElements);
    const limit = this.batchSize ?? Math.min(most, Math.max(first.rows, share));
    let rows = first.rows;
    for (let index = 0; index < this.queue.length && rows < limit; ) {
      const job = this.queue[index]!;
      if (job.key === first.key && job.failures === 0 && rows + job.rows <= limit) {
        this.queue.splice(index, 1);
        batch.push(job);
        rows += job.rows;
      } else index++;
    }
    return batch;
  }

  /** Runs what waits longest in a process. @returns whether the run ended well */
  async run(process: InferenceProcess): Promise<boolean> {
    const batch = this.nextBatch();
    this.runs.set(process, batch);
    this.inRuns += batch.length;
    const startedAt = performance.now();
    const timer = setTimeout(() => process.kill(), this.options.deadline);
    try {
      const rows = this.batchSize ?? undefined;
      const inputs = mapTensors(batch[0]!.inputs, (_, name) =>
        concatRows(
          batch.map((job) => job.inputs[name]!),
          rows,
        ),
      );
      const { outputs, milliseconds } = await process.run(this.model, inputs, batch[0]!.raw);
      this.events.emit(
        'batch',
        batch.reduce((sum, job) => sum + job.rows, 0),
        milliseconds,
      );
      this.answer(batch, outputs, startedAt, milliseconds);
      return true;
    } catch (error) {
      this.retry(batch, error);
      return false;
    } finally {
      clearTimeout(timer);
      this.runs.delete(process);
      this.inRuns -= batch.length;
      if (this.drained) this.onDrained?.();
    }
  }

  private answer(batch: readonly Job[], outputs: Tensors, startedAt: number, inference: number): void {
    const total = batch.reduce((sum, job) => sum + job.rows, 0);
    const rows = this.batchSize ?? total;
    const whole = batch.length === 1 && rows === total;
    if (!whole && Object.values(outputs).some(({ shape }) => shape[0] !== rows)) {
      // The first axis of an output is not the batch. From now on every request runs alone.
      this.batchSize = undefined;
      this.queue.unshift(...batch);
      return;
    }
    let start = 0;
    for (const job of batch) {
      const [from, to] = [start, start + job.rows];
      job.resolve({
        outputs: whole ? outputs : mapTensors(outputs, (tensor) => sliceRows(tensor, from, to)),
        timings: { queue: startedAt - job.queuedAt, inference },
      });
      start = to;
    }
  }

  /**
   * After a failed run. The members of a batch are tried again one by one, since any of them may be to blame; a lone job only
   * if its process died, for that may have come from outside.
   */
  private retry(batch: readonly Job[], error: unknown): void {
    const died = error instanceof InferenceError && error.code === 'inference_process_died';
    const again = batch.filter((job) => {
      if (job.settled) return false;
      job.failures++;
      return job.failures < maxFailures && (died || batch.length > 1);
    });
    for (const job of batch) if (!job.settled && !again.includes(job)) job.reject(error);
    this.queue.unshift(...again);
  }
}
