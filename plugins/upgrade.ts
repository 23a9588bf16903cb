import type { IncomingMessage } from 'node:http';
import fp from 'fastify-plugin';

/**
 * Whether more has come on the connection of a request than this request is long, as clients write requests.
 * @param url as it came
 */
function hasPipelinedBytes(request: IncomingMessage, url: string): boolean {
  const { method = '', headers, rawHeaders, socket } = request;
  // Each name has a colon and a space behind it, each value a line end, as have the first line and the whole head.
  const lines = rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
  const head = `${method} ${url} HTTP/1.1`.length + 2 + lines + 2;
  const body = headers['transfer-encoding'] ? Number.NaN : Number(headers['content-length'] ?? 0);
  return !(socket.bytesRead <= head + body);
}

/**
 * `Upgrade` is passed over: a request with it is answered as any other. Node throws away what came with it in one piece, so
 * the connection ends with its answer where that may be something: clients then know that they have to ask again (RFC 9112,
 * section 9.3.2). Those of Java, which upgrade with the first request of each connection, keep theirs.
 */
export default fp(
  async (app) => {
    app.addHook('onSend', (request, reply, _payload, done) => {
      if (request.headers.upgrade !== undefined && hasPipelinedBytes(request.raw, request.originalUrl))
        reply.header('connection', 'close');
      done();
    });
  },
  { name: 'upgrade', dependencies: ['errors'] },
);
