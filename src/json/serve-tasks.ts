import { parentPort } from 'node:worker_threads';
import { KnownError } from '../support/errors.js';
import type { ThreadReply, ThreadRequest } from './threads.js';

/** Makes this thread run tasks for the `Threads` that started it. What they give is moved, not copied, where it can be. */
export function serveTasks(tasks: Record<string, (input: never) => unknown>): void {
  parentPort?.on('message', async ({ task, input }: ThreadRequest) => {
    try {
      const result = await tasks[task]!(input as never);
      parentPort?.postMessage({ result } satisfies ThreadReply, wholeBuffers(result));
    } catch (error) {
      const { message } = error as Error;
      const code = error instanceof KnownError && error.audience === 'client' ? error.code : undefined;
      parentPort?.postMessage({ error: { code, message } } satisfies ThreadReply);
    }
  });
}

/** The memory of all typed arrays in a value that have theirs for themselves. */
function wholeBuffers(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    const { buffer } = value;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === value.byteLength) found.add(buffer);
  } else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) wholeBuffers(part, found);
  return [...found];
}
