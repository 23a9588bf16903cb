/**
 * Checks every reply of every Fastify instance of this process against what its route documents: status, media type, and what is
 * in the JSON. Loaded before the tests of a file, and by the helper that makes instances. A reply that isn't as documented becomes
 * one that says so, and the process fails. What judges them is loaded with the first instance: most processes have none.
 */
import { subscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { kerasServeOf } from '../../src/http/keras-serve.js';

/** Longer ones are left unread: they stream. */
const mostBytes = 4 * 2 ** 20;

const faults = new Set<string>();
process.on('exit', () => {
  if (faults.size === 0) return;
  process.exitCode = 1;
  console.error(['Replies that are not as documented:', ...faults].join('\n  '));
});

subscribe('fastify.initialization', (message) => {
  const { fastify: app } = message as { fastify: FastifyInstance };
  void judge();
  const generations = new WeakMap<FastifyRequest, number>();
  app.addHook('onRequest', async (request) => {
    generations.set(request, generationOf(request) ?? 0);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.method === 'HEAD' || !isJson(String(reply.getHeader('content-type')))) return payload;
    const body = await textOf(reply, payload);
    if (body === undefined) return payload;
    const { faultOf } = await judge();
    // What answered may have been replaced since.
    const isCurrent = (generationOf(request) ?? 0) === generations.get(request);
    const fault = isCurrent ? faultOf(reply, body, partsOf(request)) : undefined;
    if (!fault) return body;
    const text = `${request.method} ${request.url} (${request.routeOptions.url}) ${reply.statusCode}: ${fault}`;
    faults.add(text);
    reply.code(500).type('text/plain').removeHeader('content-length');
    return `The reply is not as documented: ${text}`;
  });
});

const isJson = (contentType: string) => contentType.startsWith('application/json');
const judge = () => import('./reply-faults.js');

/** Of the instance that answers, where it serves models. */
const partsOf = ({ server }: FastifyRequest) => (server.hasDecorator('kerasServe') ? kerasServeOf(server) : undefined);
const generationOf = (request: FastifyRequest) => partsOf(request)?.catalog?.generation;

/** The body as one piece; undefined where there is none, or a long one. */
async function textOf(reply: FastifyReply, payload: unknown): Promise<string | Buffer | undefined> {
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) return payload.length > mostBytes ? undefined : payload;
  if (!(payload instanceof Readable) || !(Number(reply.getHeader('content-length')) <= mostBytes)) return undefined;
  return Buffer.concat(await payload.toArray());
}
