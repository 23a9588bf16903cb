import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { ModelLease } from '../catalog/catalog.js';
import type { Protocol, ProtocolParts, Reply } from '../protocols/protocol.js';
import { replyTo } from './open-replies.js';

/** Answers a message by its protocol. The model may go once the answer is there, however long the client takes to read it. */
export async function answer<Message>(
  protocol: Protocol<never, Message>,
  parts: ProtocolParts,
  lease: ModelLease,
  message: Message,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    return sendReply(reply, await protocol.answer(parts, lease, message, replyTo(reply.request)));
  } finally {
    lease.release();
  }
}

function sendReply(reply: FastifyReply, { contentType, headers = {}, body }: Reply): FastifyReply {
  reply.type(contentType).headers(headers);
  const [first] = body;
  if (body.length === 1) return reply.send(Buffer.from(first!.buffer, first!.byteOffset, first!.byteLength));
  reply.header(
    'content-length',
    body.reduce((sum, { length }) => sum + length, 0),
  );
  return reply.send(Readable.from(body));
}
