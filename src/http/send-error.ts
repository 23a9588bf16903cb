import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errors } from '../../schemas/error.js';
import type { Protocol } from '../protocols/protocol.js';
import { failureOf } from './failure.js';
import { RequestError } from './request-error.js';

/** What form a failure has for those who asked. */
export type ErrorForm = Pick<Protocol<never, never>, 'errorBody'>;

/** Failures that are nobody's doing but the server's; others with a status from 500 on are for want of time or room. */
const faults: ReadonlySet<ErrorCode> = new Set(['internal_error', 'inference_process_died']);

/** Answers a request with a failure: its status, and nothing that leaks. */
export function sendError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  { errorBody }: ErrorForm,
): FastifyReply {
  const failure = failureOf(error);
  const [status] = errors[failure.code];
  if (faults.has(failure.code)) request.log.error({ err: error }, 'request failed');
  else if (status >= 500) request.log.warn({ code: failure.code, reason: error.message }, 'request refused');
  else request.log.debug({ code: failure.code, reason: error.message }, 'request refused');
  if (status === 503) reply.header('retry-after', '1');
  return reply.code(status).headers(failure.headers).send(errorBody(failure.code, failure.message));
}

/** Has the routes of an instance, and what it has no route for below its prefix, answer failures in a form. */
export function answerErrors(app: FastifyInstance, form: ErrorForm): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => sendError(error, request, reply, form));
  try {
    app.setNotFoundHandler(() => {
      throw new RequestError('not_found');
    });
  } catch {
    // An app that has no prefix for this has a handler of its own, and Fastify allows one.
  }
}
