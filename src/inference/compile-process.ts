import { spawn } from 'node:child_process';
import { ModelFileError } from '../keras/index.js';
import { environmentWithoutCertificates, moduleArguments } from '../support/package.js';
import type { CompileProgress, CompileReply, CompileTasks, ModelSource } from './compile-messages.js';

/**
 * Reads a model file in a process of its own, and does something with it: what that takes in memory goes with the process, and
 * a hostile file can harm nothing else.
 *
 * @throws ModelFileError, and `ENOSPC` where there is no room for what is written
 */
export async function compileInProcess<K extends keyof CompileTasks>(
  task: K,
  request: ModelSource & CompileTasks[K]['request'],
  onProgress: (progress: CompileProgress) => void = () => undefined,
): Promise<CompileTasks[K]['result']> {
  const child = spawn(process.execPath, moduleArguments('inference/compile-main'), {
    env: environmentWithoutCertificates(),
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new ModelFileError('model_damaged', `The model can't be compiled: ${reason}`));
    const handlers: { [R in CompileReply['kind']]: (reply: Extract<CompileReply, { kind: R }>) => void } = {
      progress: ({ progress }) => onProgress(progress),
      result: ({ result }) => resolve(result),
      error({ code, message, noRoom }) {
        if (code) reject(new ModelFileError(code, message));
        // As the system says it of whoever writes.
        else if (noRoom) reject(Object.assign(new Error(message), { code: 'ENOSPC', syscall: 'write' }));
        else fail(message);
      },
    };
    child.on('message', (reply: CompileReply) => handlers[reply.kind](reply as never));
    child.once('error', (error) => fail(error.message));
    // Not at its exit: what it has said before may be read later than that.
    child.once('close', (code, signal) =>
      fail(`the process that compiles it ended (${signal ?? `exit code ${code}`})`),
    );
    child.send({ task, ...request }, () => undefined);
  });
}
