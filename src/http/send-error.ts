import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errors } from '../../schemas/error.js';
import type { FailedReply } from '../jobs/job.js';
import { jsonType, type Protocol } from '../protocols/protocol.js';
import { failureOf } from './failure.js';
import { nearestModel } from './nearest-model.js';
import { RequestError } from './request-error.js';
import { sendReply } from './send-reply.js';

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
  logFailure(error, failure, request.log);
  if (status === 503) reply.header('retry-after', '1');
  const message = failure.message + nearestModel(error, request);
  return reply.code(status).headers(failure.headers).send(errorBody(failure.code, message));
}

function logFailure(error: Error, { code }: RequestError, log: FastifyBaseLogger): void {
  if (faults.has(code)) log.error({ err: error }, 'request failed');
  else if (errors[code][0] >= 500) log.warn({ code, reason: error.message }, 'request refused');
  // What the client is told may quote what it sent, which is for no log.
  else log.debug({ code }, 'request refused');
}

/** What a request that is answered later gets when it failed. */
export function failedReply(error: unknown, log: FastifyBaseLogger, { errorBody }: ErrorForm): FailedReply {
  const failure = failureOf(error as FastifyError);
  logFailure(error as Error, failure, log);
  const { code, message } = failure;
  return {
    status: errors[code][0],
    error: { code, message },
    contentType: jsonType,
    body: [Buffer.from(JSON.stringify(errorBody(code, message)))],
  };
}

/** Answers with the reply of a request that failed elsewhere. */
export function sendFailed(reply: FastifyReply, failed: FailedReply): FastifyReply {
  const { status, error } = failed;
  if (status >= 500) reply.log.warn({ code: error.code, reason: error.message }, 'request refused');
  if (status === 503) reply.header('retry-after', '1');
  return sendReply(reply.code(status), failed);
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
