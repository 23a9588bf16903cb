import type { FastifyReply } from 'fastify';
import type { ModelLease } from '../catalog/catalog.js';
import type { Protocol } from '../protocols/protocol.js';
import { answerLater, laterOf } from './answer-later.js';
import type { KerasServeParts } from './keras-serve.js';
import { replyTo } from './open-replies.js';
import { sendFailed } from './send-error.js';
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
    if (parts.direct) return await answerElsewhere(protocol, parts.direct, lease, message, reply);
    const answered = await protocol.answer(parts, lease, message, replyTo(reply.request));
    return sendReply(withVersion(reply, lease.version), answered);
  } finally {
    lease.release();
  }
}

/** Has a worker answer. */
async function answerElsewhere<Message>(
  protocol: Protocol<never, Message>,
  direct: NonNullable<KerasServeParts['direct']>,
  { model, release }: ModelLease,
  message: Message,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (model.absence) throw model.absence;
  const { request } = reply;
  const kept = await protocol.keep(message, model);
  release();
  const address = request.params as object;
  const answered = await direct.ask({ model: model.name, protocol, address, kept }, replyTo(request));
  if ('error' in answered.reply) return sendFailed(reply, answered.reply);
  return sendReply(withVersion(reply, answered.version!), answered.reply);
}

/** Says which version answers. */
export const withVersion = (reply: FastifyReply, version: number): FastifyReply =>
  reply.header('x-model-version', version);
