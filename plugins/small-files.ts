import { ReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import fp from 'fastify-plugin';

/**
 * Sends files of pages from memory, where each stays once it was asked for: a stream would keep its file open for as long as
 * its client takes, and there can be many such clients. All that this server sends files of is a few small folders of its own.
 *
 * Registered before whatever changes what is sent.
 */
export default fp(
  async (app) => {
    const contents = new Map<string, Promise<Buffer>>();
    app.addHook('onSend', async (_request, _reply, payload) => {
      if (!(payload instanceof ReadStream)) return payload;
      // It may say where a part of the file begins and ends, the end included.
      const {
        path,
        start = 0,
        end = Number.POSITIVE_INFINITY,
      } = payload as ReadStream & { start?: number; end?: number };
      payload.destroy();
      const name = String(path);
      const content = contents.get(name) ?? readFile(name);
      contents.set(name, content);
      return (await content).subarray(start, end + 1);
    });
  },
  { name: 'small-files' },
);
