import { Worker, type WorkerOptions } from 'node:worker_threads';
import { availableCores } from '../support/cores.js';
import { KnownError } from '../support/errors.js';

/** What a thread is told to do. */
export interface ThreadRequest {
  task: string;
  input: unknown;
}

/** What it answers: what the task gave, or the error that it ended with; only a KnownError for clients has a code. */
export type ThreadReply = { result: unknown } | { error: { code: string | undefined; message: string } };

/** A KnownError of a task: its code and message, as they came from the thread. */
export class TaskError extends KnownError {
  readonly audience = 'client';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Functions by name, whose arguments and results can be sent between threads. */
type Tasks = Record<string, (input: never) => unknown>;

interface Job {
  request: ThreadRequest;
  transfer: readonly ArrayBuffer[];
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Milliseconds after which a thread with nothing to do ends: it costs memory. */
const idleTime = 30_000;
/** Of a thread's heap, in megabytes; what is read and written lies mostly outside of it. */
const heapSize = 768;
/** One core is left to the server itself, but a large body shouldn't hold up all others. */
const mostThreads = Math.max(2, Math.min(4, availableCores() - 1));

/** Runs tasks in threads, which start when there is something to do and end when there is nothing for a while. */
export class Threads<T extends Tasks> {
  private readonly queue: Job[] = [];
  private readonly idle = new Map<Worker, NodeJS.Timeout>();
  private readonly busy = new Map<Worker, Job>();

  /** @param module what serves the tasks by `serveTasks`: its path, of TypeScript or JavaScript */
  constructor(private readonly module: URL) {}

  /** Threads that are there now. */
  get size(): number {
    return this.idle.size + this.busy.size;
  }

  /** Tasks that wait for a thread. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Runs a task as soon as a thread is free.
   * @param transfer what the thread gets for itself, instead of a copy
   * @param signal takes the task out of the queue
   * @throws TaskError what the task threw for clients; `request_aborted`; an Error where the task or the thread is at fault
   */
  run<K extends keyof T & string>(
    task: K,
    input: Parameters<T[K]>[0],
    transfer: readonly ArrayBuffer[] = [],
    signal?: AbortSignal,
  ): Promise<Awaited<ReturnType<T[K]>>> {
    return new Promise((resolve, reject) => {
      const job: Job = { request: { task, input }, transfer, resolve: resolve as Job['resolve'], reject };
      const giveUp = () => {
        const index = this.queue.indexOf(job);
        if (index >= 0) this.queue.splice(index, 1);
        reject(new TaskError('request_aborted', 'The request was given up.'));
      };
      if (signal?.aborted) return giveUp();
      signal?.addEventListener('abort', giveUp, { once: true });
      this.queue.push(job);
      this.dispatch();
    });
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    const closed = new TaskError('server_closing', 'The server is closing.');
    for (const { reject } of this.queue.splice(0)) reject(closed);
    for (const { reject } of this.busy.values()) reject(closed);
    for (const timer of this.idle.values()) clearTimeout(timer);
    await Promise.all([...this.idle.keys(), ...this.busy.keys()].map((worker) => worker.terminate()));
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const worker = this.takeWorker();
      if (!worker) return;
      const job = this.queue.shift()!;
      this.busy.set(worker, job);
      worker.ref();
      worker.postMessage(job.request, job.transfer);
    }
  }

  private takeWorker(): Worker | undefined {
    const [first] = this.idle;
    if (!first) return this.size < mostThreads ? this.start() : undefined;
    const [worker, timer] = first;
    clearTimeout(timer);
    this.idle.delete(worker);
    return worker;
  }

  private start(): Worker {
    const worker = startThread(this.module, { resourceLimits: { maxOldGenerationSizeMb: heapSize } });
    worker.on('message', (reply: ThreadReply) => {
      const job = this.busy.get(worker);
      this.busy.delete(worker);
      worker.unref();
      this.idle.set(worker, setTimeout(() => void worker.terminate(), idleTime).unref());
      if ('result' in reply) job?.resolve(reply.result);
      else job?.reject(errorOf(reply.error));
      this.dispatch();
    });
    worker.on('error', (error) => this.busy.get(worker)?.reject(error));
    worker.on('exit', () => {
      this.busy.get(worker)?.reject(new Error('A thread ended before its task.'));
      this.busy.delete(worker);
      clearTimeout(this.idle.get(worker));
      this.idle.delete(worker);
      this.dispatch();
    });
    return worker;
  }
}

const errorOf = ({ code, message }: { code: string | undefined; message: string }): Error =>
  code === undefined ? new Error(message) : new TaskError(code, message);

function startThread(module: URL, options: WorkerOptions): Worker {
  if (module.pathname.endsWith('.js')) return new Worker(module, options);
  // Run from source, as the tests are: Node 20 does not hand the loader of TypeScript on to workers.
  const load = `import('${import.meta.resolve('tsx/esm/api')}').then(({ register }) => { register(); return import('${module}'); })`;
  return new Worker(load, { ...options, eval: true });
}
