import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Reply } from '../protocols/protocol.js';

/** Sends what a protocol made. */
export function sendReply(reply: FastifyReply, { contentType, headers = {}, body }: Reply): FastifyReply {
  reply.type(contentType).headers(headers);
  const [first] = body;
  if (body.length === 1) return reply.send(Buffer.from(first!.buffer, first!.byteOffset, first!.byteLength));
  reply.header(
    'content-length',
    body.reduce((sum, { length }) => sum + length, 0),
  );
  return reply.send(Readable.from(body));
}
