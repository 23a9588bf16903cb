import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableCores } from '../support/cores.js';
import type { EngineModel } from './engine.js';
import { InferenceError } from './errors.js';
import { InferenceProcess } from './inference-process.js';
import type { LoadResult } from './messages.js';
import { ModelRunner, type RunnerOptions, type RunnerPool } from './model-runner.js';

/** What a pool tells whoever counts. */
export interface PoolEvents {
  /** A process has ended unasked and is replaced. */
  restart: [pid: number | undefined];
  /** A process can't load a model that is served by others, or that the one had which it replaces. */
  loadFailed: [error: unknown];
}

/**
 * A process for each core, up to four: several sessions of one thread get more done than one of several threads. A lone request
 * goes to the first, which may use all cores.
 */
export const defaultPoolSize = (): number => Math.min(4, availableCores());

/** The longest wait before a process that keeps dying is started again, in milliseconds. */
const maxBackoff = 5_000;

/**
 * Inference processes, each with every model that is served. A process runs one request or batch at a time; models that wait
 * for one take turns. A process that dies is replaced.
 */
export class InferencePool implements RunnerPool {
  private readonly runners: ModelRunner[] = [];
  private readonly alive = new Set<InferenceProcess>();
  private readonly idle: InferenceProcess[] = [];
  /** Who waits to have a process for himself, between two runs. */
  private readonly reservations = new Map<InferenceProcess, (() => void)[]>();
  /** Models that are served and on their way into more processes. */
  private readonly following = new Map<ModelRunner, Promise<void>>();
  private closing = false;
  private isDispatching = false;
  private nextModel = 0;
  /** Processes that ended one after the other with no run between them. */
  private deaths = 0;
  readonly events = new EventEmitter<PoolEvents>();
  private begin!: () => void;
  /** Resolves when the first model goes to the processes: what they do from then on takes nothing of this process. */
  readonly begun = new Promise<void>((resolve) => {
    this.begin = resolve;
  });

  /** @param size how many processes; they start at once */
  constructor(readonly size: number) {
    for (let count = 0; count < size; count++) this.adopt(new InferenceProcess(count === 0));
  }

  /** The processes that are alive, with their resident bytes. */
  get processes(): { pid: number | undefined; memory: number }[] {
    return [...this.alive].map(({ pid, memory }) => ({ pid, memory }));
  }

  /**
   * Loads a model into one process after the other and runs it once in each, so that a model that ends its process or takes long
   * harms nobody. The first model of all can be asked as soon as one process has it: a start waits for no more than that.
   * @throws InferenceError `model_load_failed`
   */
  async load(source: EngineModel, options: RunnerOptions): Promise<ModelRunner> {
    const model = this.nextModel++;
    setImmediate(this.begin);
    const isFirst = this.runners.length === 0;
    let signature: LoadResult | undefined;
    try {
      while (await this.loadIntoNext(model, source, options.deadline)) {
        signature ??= [...this.alive].find(({ loaded }) => loaded.has(model))?.loaded.get(model);
        if (isFirst && signature) break;
      }
    } catch (error) {
      if (this.closing) throw closed();
      await this.unload(model);
      throw new InferenceError('model_load_failed', `The engine can't load the model: ${(error as Error).message}`);
    }
    const runner = new ModelRunner(
      this,
      model,
      source,
      { ...signature!, batchDependent: source.batchDependent },
      options,
    );
    this.runners.push(runner);
    if (isFirst) this.following.set(runner, this.loadIntoRest(runner));
    return runner;
  }

  /**
   * Loads a model into a process that lacks it.
   * @returns whether there was one
   * @throws InferenceError
   */
  private async loadIntoNext(model: number, source: EngineModel, deadline: number): Promise<boolean> {
    while (this.alive.size === 0 && !this.closing) await sleep(20);
    if (this.closing) throw closed();
    const process = [...this.alive].find(({ loaded }) => !loaded.has(model));
    if (!process) return false;
    await this.runExclusive(process, async () => {
      // One that died while it was waited for died of something else.
      if (this.alive.has(process)) await loadAndWarm(process, model, source, deadline);
    });
    return true;
  }

  /** Loads a model that is served already into the other processes. */
  private async loadIntoRest(runner: ModelRunner): Promise<void> {
    const { model, source, options } = runner;
    try {
      while (this.runners.includes(runner))
        if (!(await this.loadIntoNext(model, source, options.deadline).catch(unlessDied))) break;
    } catch (error) {
      if (!this.closing) this.events.emit('loadFailed', error);
    } finally {
      this.following.delete(runner);
    }
  }

  /** Whether a process is there that can run a model. */
  has(model: number): boolean {
    return !this.closing && [...this.alive].some(({ loaded }) => loaded.has(model));
  }

  idleFor(model: number): number {
    return this.idle.reduce((count, { loaded }) => count + (loaded.has(model) ? 1 : 0), 0);
  }

  /**
   * Gives idle processes to the models that wait for one, in turns, when all that has come in this turn of the event loop waits: it shares
   * runs then.
   */
  dispatch(): void {
    if (this.isDispatching) return;
    this.isDispatching = true;
    setImmediate(() => {
      this.isDispatching = false;
      this.assign();
    });
  }

  private assign(): void {
    for (;;) {
      const runner = this.runners.find(
        ({ waiting, model }) => waiting && this.idle.some((one) => one.loaded.has(model)),
      );
      if (!runner) return;
      this.runners.push(...this.runners.splice(this.runners.indexOf(runner), 1));
      const able = this.idle.filter(({ loaded }) => loaded.has(runner.model));
      const chosen = able.find(({ first }) => first) ?? able.at(-1)!;
      this.idle.splice(this.idle.indexOf(chosen), 1);
      void this.run(runner, chosen);
    }
  }

  /** Takes a model with nothing left to answer out of the processes. */
  async remove(runner: ModelRunner): Promise<void> {
    const index = this.runners.indexOf(runner);
    if (index < 0) return;
    this.runners.splice(index, 1);
    await this.following.get(runner);
    await this.unload(runner.model);
  }

  /** Ends the processes once they have nothing left to answer. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all([...this.alive].map((process) => process.close()));
  }

  /** Ends the processes now, whatever they run: by themselves they notice only after it that this one has ended. */
  kill(): void {
    this.closing = true;
    for (const process of this.alive) process.kill();
  }

  private async run(runner: ModelRunner, process: InferenceProcess): Promise<void> {
    if (await runner.run(process)) this.deaths = 0;
    this.release(process);
  }

  private async unload(model: number): Promise<void> {
    const having = [...this.alive].filter(({ loaded }) => loaded.has(model));
    // A process that can't even do that is on its way out.
    await Promise.allSettled(having.map((process) => this.runExclusive(process, () => process.unload(model))));
  }

  /** Does something in a process when it has no run. */
  private async runExclusive<Result>(process: InferenceProcess, work: () => Promise<Result>): Promise<Result> {
    const index = this.idle.indexOf(process);
    if (index >= 0) this.idle.splice(index, 1);
    else await new Promise<void>((resolve) => this.reservations.get(process)?.push(resolve) ?? resolve());
    try {
      return await work();
    } finally {
      this.release(process);
    }
  }

  private release(process: InferenceProcess): void {
    const next = this.reservations.get(process)?.shift();
    if (next) next();
    else if (this.alive.has(process)) this.idle.push(process);
    this.dispatch();
  }

  private adopt(process: InferenceProcess): void {
    this.alive.add(process);
    this.idle.push(process);
    this.reservations.set(process, []);
    void process.exited.then(() => this.replace(process));
  }

  private async replace(process: InferenceProcess): Promise<void> {
    this.alive.delete(process);
    const index = this.idle.indexOf(process);
    if (index >= 0) this.idle.splice(index, 1);
    for (const proceed of this.reservations.get(process) ?? []) proceed();
    this.reservations.delete(process);
    if (this.closing) return;
    this.events.emit('restart', process.pid);
    // The first is replaced at once; one that dies again and again waits longer each time.
    for (let next: InferenceProcess | undefined; !next && !this.closing; ) {
      if (this.deaths > 0) await sleep(Math.min(maxBackoff, 50 * 2 ** this.deaths));
      this.deaths++;
      next = await this.startAgain(process.first);
    }
  }

  /** A process with every model that is served; undefined when it died. */
  private async startAgain(first: boolean): Promise<InferenceProcess | undefined> {
    const process = new InferenceProcess(first);
    const failed = new Set<ModelRunner>();
    const lacking = () => this.runners.find((runner) => !process.loaded.has(runner.model) && !failed.has(runner));
    for (let runner = lacking(); runner; runner = lacking()) {
      try {
        await loadAndWarm(process, runner.model, runner.source, runner.options.deadline);
      } catch (error) {
        if ((error as InferenceError).code === 'inference_process_died') return undefined;
        failed.add(runner);
        this.events.emit('loadFailed', error);
      }
    }
    if (this.closing) {
      process.kill();
      return undefined;
    }
    this.adopt(process);
    this.dispatch();
    return process;
  }
}

/** True of a process that died: what takes its place gets every model that is served. @throws any other error */
function unlessDied(error: InferenceError): true {
  if (error.code !== 'inference_process_died') throw error;
  return true;
}

const closed = () => new InferenceError('server_closing', 'The server is shutting down.');

/** Loads a model and runs it once, so that the first request finds it warm. A run that doesn't end ends the process. */
async function loadAndWarm(
  process: InferenceProcess,
  model: number,
  source: EngineModel,
  deadline: number,
): Promise<void> {
  const loading = process.load(model, source);
  // Sent behind it at once: what loads a model need not wait for this process, which has much to do when it starts.
  const running = source.warmUp && process.run(model, source.warmUp.inputs, source.warmUp.raw);
  running?.catch(() => undefined);
  await loading;
  if (!running) return;
  const timer = setTimeout(() => process.kill(), deadline);
  try {
    await running;
  } catch (error) {
    // Zeros and a word may be nothing that the model can run on.
    if (!['engine_failed', 'inputs_invalid'].includes((error as InferenceError).code)) throw error;
  } finally {
    clearTimeout(timer);
  }
}
