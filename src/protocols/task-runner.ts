import { pathToFileURL } from 'node:url';
import { Threads } from '../json/threads.js';
import { modulePath } from '../support/package.js';
import { type JsonTasks, jsonTasks } from './json-tasks.js';

/** Bytes of JSON, or elements of tensors, that hold up other requests for a few milliseconds at most. */
export const smallSize = 128 * 1024;

/** Reads and writes messages: small ones here, large ones in threads beside the server. */
export class TaskRunner {
  private readonly threads = new Threads<JsonTasks>(pathToFileURL(modulePath('protocols/json-thread')));

  /** Tasks that wait for a thread. */
  get waiting(): number {
    return this.threads.waiting;
  }

  /**
   * Runs a task.
   * @param size in bytes of JSON or elements of tensors
   * @param options `transfer`: what a thread gets for itself, instead of a copy; `signal` takes the task out of the queue of
   *   those that wait for a thread
   * @throws TaskError `request_aborted`, and whatever the task throws
   */
  async run<K extends keyof JsonTasks>(
    task: K,
    input: Parameters<JsonTasks[K]>[0],
    size: number,
    { transfer = [], signal }: { transfer?: readonly ArrayBuffer[]; signal: AbortSignal },
  ): Promise<ReturnType<JsonTasks[K]>> {
    if (size > smallSize) return this.threads.run(task, input, transfer, signal);
    return (jsonTasks[task] as (given: typeof input) => ReturnType<JsonTasks[K]>)(input);
  }

  /** Ends the threads, whatever they are doing. */
  close(): Promise<void> {
    return this.threads.close();
  }
}
