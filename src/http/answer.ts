import type { FastifyReply } from 'fastify';
import type { ModelLease } from '../catalog/catalog.js';
import type { Protocol } from '../protocols/protocol.js';
import { answerLater, laterOf } from './answer-later.js';
import type { KerasServeParts } from './keras-serve.js';
import { replyTo } from './open-replies.js';
import { sendReply } from './send-reply.js';

/**
 * Answers a message by its protocol, at once or later, as the request says. The model may go once the answer is there, however long the
 * client takes to read it.
 */
export async function answer<Message>(
  protocol: Protocol<never, Message>,
  parts: KerasServeParts,
  lease: ModelLease,
  message: Message,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    const later = laterOf(reply.request);
    if (later) return await answerLater(protocol, parts, lease, message, reply, later);
    return sendReply(reply, await protocol.answer(parts, lease, message, replyTo(reply.request)));
  } finally {
    lease.release();
  }
}
