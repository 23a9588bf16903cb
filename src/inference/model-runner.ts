import { setTimeout as sleep } from 'node:timers/promises';
import type { Signature, Tensors } from '../tensor.js';
import { batchSizeOf, concatRows, mapTensors, rowsOf, sliceRows } from './batch.js';
import { checkInputs } from './check-inputs.js';
import type { EngineModel } from './engine.js';
import { InferenceError } from './errors.js';
import { InferenceProcess } from './inference-process.js';
import { Job, type Prediction } from './job.js';

/** How a model is run. */
export interface RunnerOptions {
  /** Inference processes. */
  processes: number;
  /** The most rows in one run. */
  maxBatch: number;
  /** The most requests that wait; one more is refused. */
  maxQueue: number;
  /** Milliseconds until a request fails, and after which a run is cut by ending its process. */
  deadline: number;
}

/** What a runner tells whoever counts. */
export interface RunnerEvents {
  /** A run has ended well. */
  onBatch?(rows: number, milliseconds: number): void;
  /** A process has ended unasked and is replaced. */
  onRestart?(pid: number | undefined): void;
}

/** How often a job may be on a process that dies, or in a batch that fails. */
const maxFailures = 2;
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
  private onDrained: (() => void) | undefined;
  /** Processes that ended one after the other with no run between them. */
  private deaths = 0;
  private readonly signature: Signature;
  private batchSize: number | null | undefined;
  /** Who is told of runs and restarts. */
  events: RunnerEvents = {};

  private constructor(
    private readonly model: EngineModel | Promise<EngineModel>,
    private readonly options: RunnerOptions,
    processes: readonly InferenceProcess[],
  ) {
    this.signature = processes[0]!.signature;
    this.batchSize = batchSizeOf(this.signature);
    for (const process of processes) this.adopt(process);
  }

  /**
   * Starts the processes and loads the model into each.
   * @param model may still be worked out while the processes start
   * @throws InferenceError `model_load_failed`, or what `model` rejects with
   */
  static async start(model: EngineModel | Promise<EngineModel>, options: RunnerOptions): Promise<ModelRunner> {
    const started = await Promise.allSettled(
      Array.from({ length: options.processes }, () => InferenceProcess.start(model)),
    );
    const processes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = started.find((result) => result.status === 'rejected');
    if (!failed) return new ModelRunner(model, options, processes);
    for (const process of processes) process.kill();
    throw failed.reason;
  }

  /** Whether a process is there to take work. */
  get ready(): boolean {
    return !this.closing && this.alive.size > 0;
  }

  /** Requests that wait for a process. */
  get queued(): number {
    return this.queue.length;
  }

  /** The processes that are alive, with their resident bytes. */
  get processes(): { pid: number | undefined; memory: number }[] {
    return [...this.alive].map(({ pid, memory }) => ({ pid, memory }));
  }

  /**
   * Runs the model on the rows of `inputs`; more than fit in one batch run in several.
   * @param inputs tensors by input name, batch axis first
   * @param options.image the first input holds uint8 pixels, to be scaled by the engine model's `imageScaling`
   * @param options.signal takes the request out of the queue
   * @throws InferenceError
   */
  async predict(
    inputs: Tensors,
    { image = false, signal }: { image?: boolean; signal?: AbortSignal } = {},
  ): Promise<Prediction> {
    if (!image) checkInputs(inputs, this.signature);
    const rows = rowsOf(inputs) ?? 1;
    const limit = this.batchSize ?? this.options.maxBatch;
    if (this.batchSize === undefined || rows <= limit) return this.enqueue(inputs, image, rows, signal);
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
    const timings = parts.map((part) => part.timings);
    return {
      outputs: mapTensors(parts[0]!.outputs, (_, name) => concatRows(parts.map(({ outputs }) => outputs[name]!))),
      timings: { queue: timings[0]!.queue, inference: timings.reduce((sum, { inference }) => sum + inference, 0) },
    };
  }

  /** Answers what has been accepted, then ends the processes. */
  async close(): Promise<void> {
    this.closing = true;
    if (!this.drained) {
      await new Promise<void>((resolve) => {
        this.onDrained = resolve;
      });
    }
    await Promise.all([...this.alive].map((process) => process.close()));
  }

  private enqueue(inputs: Tensors, image: boolean, rows: number, signal: AbortSignal | undefined): Promise<Prediction> {
    if (this.closing) throw new InferenceError('server_closing', 'The server is shutting down.');
    if (this.queue.length >= this.options.maxQueue)
      throw new InferenceError('queue_full', 'Too many requests wait for this model. Try again in a moment.');
    const job = new Job(inputs, image, rows, this.options.deadline, signal, (given) => {
      const index = this.queue.indexOf(given);
      if (index >= 0) this.queue.splice(index, 1);
      this.dispatch();
    });
    if (!job.settled) this.queue.push(job);
    this.dispatch();
    return job.result;
  }

  /** Gives waiting jobs to idle processes. */
  private dispatch(): void {
    while (this.idle.length > 0 && this.queue.length > 0) void this.run(this.idle.pop()!, this.nextBatch());
    if (this.drained) this.onDrained?.();
  }

  private get drained(): boolean {
    return this.running === 0 && this.queue.length === 0;
  }

  /** The first job and those behind it that can go with it, up to the process's share of what waits. */
  private nextBatch(): Job[] {
    const share = Math.ceil(this.queue.length / this.options.processes);
    const first = this.queue.shift()!;
    const batch = [first];
    if (this.batchSize === undefined || first.failures > 0) return batch;
    const limit = this.batchSize ?? Math.min(this.options.maxBatch, Math.max(first.rows, share));
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

  private async run(process: InferenceProcess, batch: readonly Job[]): Promise<void> {
    this.running++;
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
      const { outputs, milliseconds } = await process.run(inputs, batch[0]!.image);
      this.deaths = 0;
      this.events.onBatch?.(
        batch.reduce((sum, job) => sum + job.rows, 0),
        milliseconds,
      );
      this.answer(batch, outputs, startedAt, milliseconds);
    } catch (error) {
      this.retry(batch, error);
    } finally {
      clearTimeout(timer);
      this.running--;
      if (this.alive.has(process)) this.idle.push(process);
      this.dispatch();
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

  private adopt(process: InferenceProcess): void {
    this.alive.add(process);
    this.idle.push(process);
    void process.exited.then(() => this.replace(process));
  }

  private async replace(process: InferenceProcess): Promise<void> {
    this.alive.delete(process);
    const index = this.idle.indexOf(process);
    if (index >= 0) this.idle.splice(index, 1);
    if (this.closing && this.drained) return;
    this.events.onRestart?.(process.pid);
    for (;;) {
      // The first is replaced at once; one that dies again and again waits longer each time.
      if (this.deaths > 0) await sleep(Math.min(maxBackoff, 50 * 2 ** this.deaths));
      this.deaths++;
      try {
        const next = await InferenceProcess.start(this.model);
        if (this.closing && this.drained) return next.kill();
        this.adopt(next);
        return this.dispatch();
      } catch {
        // Tried again after the wait; requests meanwhile end by their deadlines.
        if (this.closing && this.drained) return;
      }
    }
  }
}
