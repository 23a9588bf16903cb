import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { environmentWithoutCertificates, moduleArguments } from '../support/package.js';
import type { Tensors } from '../support/tensor.js';
import { channelDescriptor, listen, send } from './channel.js';
import type { EngineModel } from './engine.js';
import { InferenceError } from './errors.js';
import type { Calls, LoadResult, Reply, Request, RunResult } from './messages.js';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: InferenceError): void;
}

/**
 * What glibc's malloc goes by. Left to itself it keeps what models that are no longer there took: it raises these two numbers, of
 * bytes from which memory is given back to the system, whenever much is freed.
 */
const malloc = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

/** The engine's threads do the work: V8 and libuv, which would have four each, need one, for what they can't do without. */
const start = () =>
  spawn(process.execPath, ['--v8-pool-size=1', ...moduleArguments('inference/process-main')], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: { ...malloc, ...environmentWithoutCertificates(), UV_THREADPOOL_SIZE: '1' },
  });

/** The server's side of one inference process. */
export class InferenceProcess {
  private readonly child = start();
  /** There is none where the system had no room for the process, which `exited` tells. */
  private readonly channel = this.child.stdio?.[channelDescriptor] as Duplex | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;
  private ended = false;
  /** The models that it has loaded, by their numbers. */
  readonly loaded = new Map<number, LoadResult>();
  /** Resident bytes when it last answered. */
  memory = 0;
  /** Settles when the process has ended, whatever the reason. */
  readonly exited: Promise<void>;

  /** @param first whether it takes a request when all processes are idle */
  constructor(readonly first: boolean) {
    const { child, channel } = this;
    if (channel) listen(channel, (reply) => this.receive(reply as Reply));
    // A channel that breaks is followed by the process's end, which answers whoever waits.
    channel?.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      const end = (reason: string) => {
        this.ended = true;
        this.failAll(`The inference process ended (${reason}).`);
        resolve();
      };
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
      child.once('error', (error) => end(error.message));
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Loads a model under a number.
   * @throws InferenceError `engine_failed` when the engine refuses it, `inference_process_died`
   */
  async load(model: number, source: EngineModel): Promise<void> {
    const threads = (this.first && source.loneThreads) || source.threads;
    this.loaded.set(model, await this.call('load', { model, source: { ...source, threads } }));
  }

  /** Frees what a model takes. @throws InferenceError */
  async unload(model: number): Promise<void> {
    this.loaded.delete(model);
    await this.call('unload', { model });
  }

  /**
   * Runs a model.
   * @param raw the names of the inputs that are to be prepared
   * @throws InferenceError `engine_failed` when the engine refuses the tensors, `inference_process_died`
   */
  run(model: number, inputs: Tensors, raw: readonly string[]): Promise<RunResult> {
    return this.call('run', { model, inputs, raw });
  }

  /** Ends the process once it has nothing left to answer. */
  async close(): Promise<void> {
    this.channel?.end();
    await this.exited;
  }

  /** Ends the process at once; what waits for it fails with `inference_process_died`. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  private call<K extends keyof Calls>(kind: K, request: Calls[K]['request']): Promise<Calls[K]['result']> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      if (this.ended) this.failAll('The inference process has ended.');
      else if (this.channel) send(this.channel, { kind, id, ...request } as Request);
    });
  }

  private receive(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (reply.kind === 'result') {
      this.memory = reply.memory;
      waiting?.resolve(reply.result);
    } else waiting?.reject(new InferenceError(reply.code ?? 'engine_failed', reply.message));
  }

  private failAll(message: string): void {
    for (const { reject } of this.waiting.values()) reject(new InferenceError('inference_process_died', message));
    this.waiting.clear();
  }
}
