/**
 * An inference process: loads one model into an engine and runs what it is sent. It ends when its parent does.
 */
import type { Session } from './engine.js';
import type { Reply, Request } from './messages.js';
import { onnxEngine } from './onnx-engine.js';

const reply = (message: Reply) => process.send?.(message);
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

let session: Session | undefined;

const handlers: { [K in Request['kind']]: (request: Extract<Request, { kind: K }>) => Promise<void> } = {
  async load({ model }) {
    try {
      session = await onnxEngine.load(model);
      const { inputs, outputs } = session;
      reply({ kind: 'loaded', signature: { inputs, outputs }, memory: process.memoryUsage.rss() });
    } catch (error) {
      reply({ kind: 'failed', message: messageOf(error) });
    }
  },
  async run({ id, inputs, image }) {
    try {
      if (!session) throw new Error('no model is loaded');
      const start = performance.now();
      const outputs = await session.run(inputs, image);
      const milliseconds = performance.now() - start;
      reply({ kind: 'result', id, outputs, milliseconds, memory: process.memoryUsage.rss() });
    } catch (error) {
      reply({ kind: 'error', id, message: messageOf(error) });
    }
  },
};

process.on('message', (request: Request) => handlers[request.kind](request as never));
process.on('disconnect', () => process.exit(0));
// A signal to the whole process group (Ctrl-C) is for the server, which lets running work finish and then disconnects.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
