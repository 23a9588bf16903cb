import { setTimeout as sleep } from 'node:timers/promises';
import type { Tensors } from '../tensor.js';
import { batchKey, batchSizeOf, concatRows, mapTensors, rowsOf, sliceRows } from './batch.js';
import type { EngineModel } from './engine.js';
import { InferenceError } from './errors.js';
import { InferenceProcess } from './inference-process.js';

/** How a model is run. Times are in milliseconds. */
export interface RunnerOptions {
  /** Inference processes. */
  processes: number;
  /** The most rows in one run. */
  maxBatch: number;
  /** The most requests that wait; one more is refused. */
  maxQueue: number;
  /** A run that takes longer is cut by ending its process. */
  runTimeout: number;
}

/** What one prediction gave, and what it cost. */
export interface Prediction {
  outputs: Tensors;
  timings: Timings;
}

/** Milliseconds. */
export interface Timings {
  queue: number;
  inference: number;
}

/** What a runner tells whoever counts. */
export interface RunnerEvents {
  /** A run has ended well. */
  batch?(rows: number, milliseconds: number): void;
  /** A process has ended unasked and is replaced. */
  restart?(reason: string): void;
}

interface Job {
  inputs: Tensors;
  image: boolean;
  rows: number;
  key: string;
  /** Runs that were tried; a job that has failed beside others runs alone. */
  attempts: number;
  queuedAt: number;
  resolve(prediction: Prediction): void;
  reject(error: unknown): void;
}

/** A process that dies is not what a request asked for: its work is tried once more. */
const maxAttempts = 2;
/** The longest wait before a process that keeps dying is started again. */
const maxBackoff = 5_000;

/**
 * Runs one model in a set of processes. A request runs at once when a process is idle; what arrives while all are busy goes
 * together in the next run.
 */
export class ModelRunner {
  private readonly queue: Job[] = [];
  private readonly idle: InferenceProcess[] = [];
  private readonly alive = new Set<InferenceProcess>();
  private running = 0;
  private closing = false;
  private drained: (() => void) | undefined;
  private failures = 0;

  private batchSize: number | null | undefined;

  private constructor(
    private readonly model: EngineModel,
    private readonly options: RunnerOptions,
    private readonly events: RunnerEvents,
    first: InferenceProcess,
  ) {
    this.batchSize = batchSizeOf(first.signature);
    this.adopt(first);
  }

  /**
   * Starts the processes and loads the model into each.
   * @throws InferenceError `model_load_failed`
   */
  static async start(model: EngineModel, options: RunnerOptions, events: RunnerEvents = {}): Promise<ModelRunner> {
    const started = await Promise.allSettled(
      Array.from({ length: options.processes }, () => InferenceProcess.start(model)),
    );
    const processes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = started.find((result) => result.status === 'rejected');
    if (failed) {
      for (const process of processes) process.kill();
      throw failed.reason;
    }
    const [first, ...others] = processes as [InferenceProcess, ...InferenceProcess[]];
    const runner = new ModelRunner(model, options, events, first);
    for (const process of others) runner.adopt(process);
    return runner;
  }

  /** Whether a process is there to take work. */
  get ready(): boolean {
    return !this.closing && this.alive.size > 0;
  }

  /** Requests that wait for a process. */
  get queued(): number {
    return this.queue.length;
  }

  /** The ids of the processes that are alive. */
  get pids(): number[] {
    return [...this.alive].flatMap(({ pid }) => pid ?? []);
  }

  /**
   * Runs the model on the rows of `inputs`.
   * @param inputs tensors by input name, batch axis first
   * @param options.image the first input holds uint8 pixels, to be scaled by the engine model's `imageScaling`
   * @param options.signal takes the request out of the queue
   * @throws InferenceError
   */
  async predict(
    inputs: Tensors,
    { image = false, signal }: { image?: boolean; signal?: AbortSignal } = {},
  ): Promise<Prediction> {
    const rows = rowsOf(inputs);
    const limit = this.batchSize ?? this.options.maxBatch;
    if (this.batchSize === undefined || rows === undefined || rows <= limit)
      return this.enqueue(inputs, image, rows ?? 1, signal);
    const starts = Array.from({ length: Math.ceil(rows / limit) }, (_, index) => index * limit);
    const parts = await Promise.all(
      starts.map((start) => {
        const end = Math.min(start + limit, rows);
        return this.enqueue(
          mapTensors(inputs, (tensor) => sliceRows(tensor, start, end)),
          image,
          end - start,
          signal,
        );
      }),
    );
    return {
      outputs: mapTensors(parts[0]!.outputs, (_, name) => concatRows(parts.map(({ outputs }) => outputs[name]!))),
      timings: {
        queue: parts[0]!.timings.queue,
        inference: parts.reduce((sum, { timings }) => sum + timings.inference, 0),
      },
    };
  }

  /** Answers what has been accepted, then ends the processes. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.queue.length > 0 || this.running > 0) {
      await new Promise<void>((resolve) => {
        this.drained = resolve;
      });
    }
    await Promise.all([...this.alive].map((process) => process.close()));
  }

  private enqueue(inputs: Tensors, image: boolean, rows: number, signal: AbortSignal | undefined): Promise<Prediction> {
    return new Promise((resolve, reject) => {
      if (this.closing) return reject(new InferenceError('server_closing', 'The server is shutting down.'));
      if (this.queue.length >= this.options.maxQueue)
        return reject(
          new InferenceError('queue_full', 'Too many requests wait for this model. Try again in a moment.'),
        );
      const aborted = () => new InferenceError('request_aborted', 'The request was given up before it ran.');
      if (signal?.aborted) return reject(aborted());
      const abort = () => {
        const index = this.queue.indexOf(job);
        if (index >= 0) this.queue.splice(index, 1);
        job.reject(aborted());
      };
      const forget = () => signal?.removeEventListener('abort', abort);
      const job: Job = {
        inputs,
        image,
        rows,
        key: `${image}:${batchKey(inputs)}`,
        attempts: 0,
        queuedAt: performance.now(),
        resolve(prediction) {
          forget();
          resolve(prediction);
        },
        reject(error) {
          forget();
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.queue.push(job);
      this.dispatch();
    });
  }

  /** Gives waiting jobs to idle processes. */
  private dispatch(): void {
    while (this.idle.length > 0 && this.queue.length > 0) void this.run(this.idle.pop()!, this.nextBatch());
    if (this.running === 0 && this.queue.length === 0) this.drained?.();
  }

  /** The first job and those behind it that can go with it. */
  private nextBatch(): Job[] {
    const first = this.queue.shift()!;
    const batch = [first];
    if (this.batchSize === undefined || first.attempts > 0) return batch;
    const limit = this.batchSize ?? this.options.maxBatch;
    let rows = first.rows;
    for (let index = 0; index < this.queue.length && rows < limit; ) {
      const job = this.queue[index]!;
      if (job.key !== first.key || job.attempts > 0 || rows + job.rows > limit) {
        index++;
        continue;
      }
      this.queue.splice(index, 1);
      batch.push(job);
      rows += job.rows;
    }
    return batch;
  }

  private async run(process: InferenceProcess, batch: Job[]): Promise<void> {
    this.running++;
    const startedAt = performance.now();
    const fixed = this.batchSize ?? undefined;
    const inputs = mapTensors(batch[0]!.inputs, (_, name) =>
      concatRows(
        batch.map((job) => job.inputs[name]!),
        fixed,
      ),
    );
    const timer = setTimeout(() => process.kill(), this.options.runTimeout);
    try {
      const { outputs, milliseconds } = await process.run(inputs, batch[0]!.image);
      this.failures = 0;
      this.events.batch?.(
        batch.reduce((sum, { rows }) => sum + rows, 0),
        milliseconds,
      );
      this.answer(batch, outputs, (job) => ({ queue: startedAt - job.queuedAt, inference: milliseconds }));
    } catch (error) {
      this.retry(batch, error, performance.now() - startedAt >= this.options.runTimeout);
    } finally {
      clearTimeout(timer);
      this.running--;
      if (this.alive.has(process)) this.idle.push(process);
      this.dispatch();
    }
  }

  private answer(batch: Job[], outputs: Tensors, timings: (job: Job) => Timings): void {
    const rows = batch.reduce((sum, job) => sum + job.rows, 0);
    const whole = batch.length === 1 && this.batchSize == null;
    if (!whole && Object.values(outputs).some(({ shape }) => shape[0] !== (this.batchSize ?? rows))) {
      // The model mixes rows: its first axis is not the batch. From now on every request runs alone.
      this.batchSize = undefined;
      this.queue.unshift(...batch);
      return;
    }
    let start = 0;
    for (const job of batch) {
      const [from, to] = [start, start + job.rows];
      job.resolve({
        outputs: whole ? outputs : mapTensors(outputs, (tensor) => sliceRows(tensor, from, to)),
        timings: timings(job),
      });
      start = to;
    }
  }

  /** After a failed run: a batch is tried again row by row, a job whose process died once more, the rest fails. */
  private retry(batch: Job[], error: unknown, timedOut: boolean): void {
    const died = error instanceof InferenceError && error.code === 'inference_process_died';
    const again: Job[] = [];
    for (const job of batch) {
      job.attempts++;
      if (job.attempts < maxAttempts && (batch.length > 1 || (died && !timedOut))) again.push(job);
      else if (timedOut)
        job.reject(new InferenceError('deadline_exceeded', 'The model took too long and was stopped.'));
      else job.reject(error);
    }
    this.queue.unshift(...again);
  }

  private adopt(process: InferenceProcess): void {
    this.alive.add(process);
    this.idle.push(process);
    void process.exited.then(() => this.replace(process));
  }

  private async replace(process: InferenceProcess): Promise<void> {
    this.alive.delete(process);
    const index = this.idle.indexOf(process);
    if (index >= 0) this.idle.splice(index, 1);
    while (!this.finished) {
      this.events.restart?.(`inference process ${process.pid} ended`);
      // The first is replaced at once; one that dies again and again waits longer each time.
      if (this.failures > 1) await sleep(Math.min(maxBackoff, 100 * 2 ** this.failures));
      this.failures++;
      try {
        this.adopt(await InferenceProcess.start(this.model));
        break;
      } catch {
        // Tried again after the wait.
      }
    }
    if (this.finished) for (const one of this.alive) void one.close();
    this.dispatch();
  }

  /** Closing, with nothing left to answer. */
  private get finished(): boolean {
    return this.closing && this.running === 0 && this.queue.length === 0;
  }
}
