import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Reply } from '../protocols/protocol.js';

/** Bytes up to which a text is sent as one: Node writes it in one piece with its head, which takes less than two. */
const shortText = 16_384;

const isText = (contentType: string): boolean => /^(application\/json|text\/)/.test(contentType);

/** Sends what a protocol made. */
export function sendReply(reply: FastifyReply, { contentType, headers = {}, body }: Reply): FastifyReply {
  reply.type(contentType).headers(headers);
  const [first] = body;
  if (body.length === 1) {
    const bytes = Buffer.from(first!.buffer, first!.byteOffset, first!.byteLength);
    return reply.send(bytes.length <= shortText && isText(contentType) ? bytes.toString() : bytes);
  }
  reply.header(
    'content-length',
    body.reduce((sum, { length }) => sum + length, 0),
  );
  return reply.send(Readable.from(body));
}
