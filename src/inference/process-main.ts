/**
 * An inference process: loads models into an engine and runs what it is sent, one after the other. It ends when its parent does.
 */
import { StringsError } from '../strings/errors.js';
import { collectBuffers } from '../support/memory.js';
import { channelDescriptor, receiver, sendSync } from './channel.js';
import type { Engine, EngineName, Session } from './engine.js';
import type { Calls, Reply, Request } from './messages.js';
import { onnxEngine } from './onnx-engine.js';

/** TensorFlow is loaded by those who use it. */
const engines: Record<EngineName, () => Promise<Engine>> = {
  onnx: async () => onnxEngine,
  tensorflow: async () => (await import('./tensorflow-engine.js')).tensorflowEngine,
};

const sessions = new Map<number, Session>();

const handlers: {
  [K in keyof Calls]: (request: Extract<Request, { kind: K }>) => Promise<Calls[K]['result']>;
} = {
  async load({ model, source }) {
    const engine = await engines[source.engine ?? 'onnx']();
    const session = await engine.load(source);
    sessions.set(model, session);
    const { inputs, outputs, notice, rowElements } = session;
    return { inputs, outputs, notice, rowElements };
  },
  async run({ model, inputs, raw }) {
    const session = sessions.get(model);
    if (!session) throw new Error('the model is not loaded');
    const start = performance.now();
    const outputs = await session.run(inputs, raw);
    return { outputs, milliseconds: performance.now() - start };
  },
  async unload({ model }) {
    const session = sessions.get(model);
    sessions.delete(model);
    await session?.close();
    return undefined;
  },
};

async function answer(request: Request): Promise<Reply> {
  const { id } = request;
  try {
    const result = await handlers[request.kind](request as never);
    return { kind: 'result', id, result, memory: process.memoryUsage.rss() };
  } catch (error) {
    const code = error instanceof StringsError ? error.code : undefined;
    return { kind: 'error', id, code, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Answers requests until the server closes the channel. */
async function serve(): Promise<void> {
  const collect = collectBuffers();
  const receive = receiver(channelDescriptor);
  for (;;) {
    const request = receive() as Request | undefined;
    if (!request) return;
    sendSync(channelDescriptor, await answer(request));
    collect();
  }
}

/** What the system says of a channel whose other end was killed. */
const broken = new Set(['EPIPE', 'ECONNRESET', 'EOF']);

// A signal to the whole process group (Ctrl-C) is for the server, which lets running work finish and then closes the channel.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
await serve().catch((error: NodeJS.ErrnoException) => {
  if (!broken.has(error.code ?? '')) throw error;
});
process.exit(0);
