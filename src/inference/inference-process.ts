import { type ChildProcess, fork } from 'node:child_process';
import { modulePath } from '../package.js';
import type { Signature, Tensors } from '../tensor.js';
import type { EngineModel } from './engine.js';
import { InferenceError } from './errors.js';
import type { Reply, Request } from './messages.js';

/** What a run gave. */
export interface RunResult {
  outputs: Tensors;
  /** Time in the engine. */
  milliseconds: number;
}

interface Waiting {
  resolve(result: RunResult): void;
  reject(error: InferenceError): void;
}

/** Starts a process with a module of this folder; it is built or not as this one is. */
export function forkModule(name: string): ChildProcess {
  const module = modulePath(`inference/${name}`);
  // Sources need the loader that this process was started with; its other flags (--eval, --inspect) are its own affair.
  const execArgv = module.endsWith('.ts') ? process.execArgv : [];
  return fork(module, { serialization: 'advanced', execArgv });
}

/** The server's side of one inference process. */
export class InferenceProcess {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;
  /** Of the model that is loaded. */
  signature: Signature = { inputs: [], outputs: [] };
  /** Resident bytes when it last answered. */
  memory = 0;
  /** Settles when the process has ended, whatever the reason. */
  readonly exited: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
    child.on('message', (reply: Reply) => this.receive(reply));
    child.on('exit', (code, signal) => this.failAll(`The inference process ended (${signal ?? `exit code ${code}`}).`));
  }

  /**
   * Starts a process and loads a model into it.
   * @param model may still be worked out while the process starts
   * @throws InferenceError `model_load_failed`, or what `model` rejects with
   */
  static async start(model: EngineModel | Promise<EngineModel>): Promise<InferenceProcess> {
    const child = forkModule('process-main');
    const inference = new InferenceProcess(child);
    const loaded = await new Promise<Extract<Reply, { kind: 'loaded' | 'failed' }>>((resolve, reject) => {
      const settle = (message: string) => resolve({ kind: 'failed', message });
      child.once('message', (reply: Reply) => {
        if (reply.kind === 'loaded' || reply.kind === 'failed') resolve(reply);
      });
      child.once('error', (error) => settle(error.message));
      child.once('exit', (code, signal) => settle(`the inference process ended (${signal ?? `exit code ${code}`})`));
      Promise.resolve(model).then(
        (known) => inference.send({ kind: 'load', model: known }),
        (error) => {
          inference.kill();
          reject(error);
        },
      );
    });
    if (loaded.kind === 'failed') {
      inference.kill();
      throw new InferenceError('model_load_failed', `The engine can't load the model: ${loaded.message}`);
    }
    inference.signature = loaded.signature;
    inference.memory = loaded.memory;
    return inference;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Runs the model.
   * @throws InferenceError `engine_failed` when the engine refuses the tensors, `inference_process_died`
   */
  run(inputs: Tensors, image: boolean): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.waiting.set(id, { resolve, reject });
      this.send({ kind: 'run', id, inputs, image });
    });
  }

  /** Ends the process once it has nothing left to answer. */
  async close(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.exited;
  }

  /** Ends the process at once; runs that wait fail with `inference_process_died`. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  private send(request: Request): void {
    // A send that fails is followed by the process's end, which answers whoever waits.
    if (this.child.connected) this.child.send(request, () => undefined);
    else this.failAll('The inference process has ended.');
  }

  private receive(reply: Reply): void {
    if (reply.kind !== 'result' && reply.kind !== 'error') return;
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (reply.kind === 'result') {
      this.memory = reply.memory;
      waiting?.resolve(reply);
    } else waiting?.reject(new InferenceError('engine_failed', reply.message));
  }

  private failAll(message: string): void {
    for (const { reject } of this.waiting.values()) reject(new InferenceError('inference_process_died', message));
    this.waiting.clear();
  }
}
