import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { type ErrorCode, ErrorReply, errorReply, errors, isErrorCode } from '../schemas/error.js';
import { ProtocolError } from '../schemas/protocol-error.js';
import { formatBytes } from '../src/config.js';

/** A request that is refused; its message is sent to the client. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly code: ErrorCode,
    message: string = errors[code][1],
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

export interface ErrorsOptions {
  /** The largest image file, in bytes: named when one is larger. */
  maxImageSize: number;
  /** What all addresses begin with. */
  prefix?: string;
}

/** What the errors of Fastify and its plugins mean for a client. */
const translations: Record<string, ErrorCode> = {
  FST_ERR_BAD_URL: 'url_invalid',
  FST_ERR_MAX_PARAM_LENGTH: 'url_invalid',
  FST_ERR_CTP_BODY_TOO_LARGE: 'content_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'json_invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'json_invalid',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request_invalid',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content_type_unsupported',
  FST_REQ_FILE_TOO_LARGE: 'content_too_large',
  FST_FILES_LIMIT: 'form_too_large',
  FST_PARTS_LIMIT: 'form_too_large',
  FST_FIELDS_LIMIT: 'form_too_large',
  FST_PROTO_VIOLATION: 'form_invalid',
  FST_INVALID_JSON_FIELD_ERROR: 'form_invalid',
  FST_MP_PREMATURE_CLOSE: 'form_invalid',
  ECONNRESET: 'request_aborted',
  engine_failed: 'internal_error',
  model_load_failed: 'internal_error',
};

/** Which failure it is when a part of a request isn't as its schema says. */
const invalidParts: Record<string, ErrorCode> = {
  body: 'body_invalid',
  querystring: 'query_invalid',
  params: 'url_invalid',
  headers: 'request_invalid',
};

/**
 * The failure that an error stands for. Errors that nobody foresaw become `internal_error`, whose message says nothing of
 * them.
 */
function failureOf(error: FastifyError, maxImageSize?: number): RequestError {
  const { code } = error;
  if (error instanceof RequestError) return error;
  if (isErrorCode(code)) return new RequestError(code, error.message);
  if (error.validation) return new RequestError(invalidParts[error.validationContext ?? 'body']!, describe(error));
  const translation = translations[code] ?? 'internal_error';
  if (translation !== 'content_too_large' || !maxImageSize) return new RequestError(translation);
  return new RequestError(
    translation,
    `The image is larger than ${formatBytes(maxImageSize)}, the most that this server takes.`,
  );
}

/** `"top_k" must be >= 1` out of the first thing that a schema found wrong. */
function describe({ validation, validationContext }: FastifyError): string {
  const [first] = validation!;
  const path = first!.instancePath.slice(1).replaceAll('/', '.');
  return `${path ? `"${path}"` : `The ${validationContext}`} ${first!.message}.`;
}

/** The most that is read of a body nobody wants any more, in bytes and in milliseconds. */
const discarded = { bytes: 64 * 2 ** 20, time: 5_000 };

/**
 * Reads what is left of a request's body and throws it away. Clients read a reply only once they have sent everything:
 * on a connection that is closed earlier, they would find a broken pipe instead of the reason.
 *
 * @returns whether the body has come to its end
 */
async function discardBody(request: FastifyRequest): Promise<boolean> {
  const { raw } = request;
  const isComplete = () => raw.complete || raw.readableEnded;
  if (isComplete() || raw.destroyed) return isComplete();
  return new Promise((resolve) => {
    let read = 0;
    const count = (chunk: Buffer) => {
      read += chunk.length;
      if (read > discarded.bytes) finish();
    };
    const timer = setTimeout(finish, discarded.time);
    function finish() {
      clearTimeout(timer);
      raw.off('data', count).off('end', finish).off('close', finish);
      resolve(isComplete());
    }
    raw.on('data', count).on('end', finish).on('close', finish).resume();
  });
}

/** Failures that are nobody's doing but the server's; others with a status from 500 on are for want of time or room. */
const faults: ReadonlySet<ErrorCode> = new Set(['internal_error', 'inference_process_died']);

/** Answers a request with a failure. */
export function sendError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  { maxImageSize, prefix = '' }: Partial<ErrorsOptions> = {},
): FastifyReply {
  const failure = failureOf(error, maxImageSize);
  const [status] = errors[failure.code];
  if (faults.has(failure.code)) request.log.error({ err: error }, 'request failed');
  else if (status >= 500) request.log.warn({ code: failure.code, reason: error.message }, 'request refused');
  else request.log.debug({ code: failure.code, reason: error.message }, 'request refused');
  if (status === 503) reply.header('retry-after', '1');
  const isProtocol = protocols.test(request.url.slice(prefix.length));
  const body = isProtocol ? { error: failure.message } : errorReply(failure.code, failure.message);
  return reply.code(status).headers(failure.headers).send(body);
}

/** Addresses of TensorFlow Serving and the Open Inference Protocol, whose clients know errors of another form. */
const protocols = /^\/v[12](?=[/?]|$)/;

/** Answers what Node's HTTP parser refuses, before there is a request. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  const code = parserErrors[error.code ?? ''] ?? 'request_invalid';
  const [status] = errors[code];
  const body = JSON.stringify(errorReply(code));
  if (socket.writable && error.code !== 'ECONNRESET') {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy();
}

const parserErrors: Record<string, ErrorCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** Every failure as `{"success": false, "error": {"code", "message"}}`, with the status of its code and nothing that leaks. */
export default fp<ErrorsOptions>(
  async (app, options) => {
    app.addSchema(ErrorReply);
    app.addSchema(ProtocolError);
    app.setErrorHandler<FastifyError>((error, request, reply) =>
      sendError(error, request, reply, { ...options, prefix: app.prefix }),
    );
    app.setNotFoundHandler(() => {
      throw new RequestError('not_found');
    });
    app.addHook('onSend', async (request, reply) => {
      if (reply.statusCode < 400) return;
      if (await discardBody(request)) reply.removeHeader('connection');
      else reply.header('connection', 'close');
    });
  },
  { name: 'errors' },
);
