import { type Static, Type } from 'typebox';
import { type ErrorCode, errors, httpErrors } from './error.js';
import { referTo } from './reference.js';

/** The body of every reply under `/v1` and `/v2` that isn't a success, as TensorFlow Serving and KServe have it. */
export const ProtocolError = Type.Object(
  { error: Type.String({ description: 'What went wrong and what to do about it.' }) },
  { $id: 'keras-serve.ProtocolError', description: 'Why a request failed.' },
);
export type ProtocolError = Static<typeof ProtocolError>;

/** The body of an error reply under `/v1` and `/v2`. */
export const protocolError = (_code: ErrorCode, message: string): ProtocolError => ({ error: message });

const titles: Record<number, string> = {
  400: 'The request isn’t one that the model takes.',
  401: 'The request has no key, or one that nobody has.',
  403: 'The key is for other models.',
  404: 'There is no such model or version.',
  405: 'The method isn’t allowed here; the header `Allow` says which are.',
  408: 'The request took too long to arrive.',
  413: 'The body is larger than this server accepts.',
  415: 'The content encoding or type isn’t understood.',
  417: 'Nothing is known of what the header `Expect` asks for.',
  422: 'The header `Idempotency-Key` came with another body before.',
  500: 'The server failed.',
  503: 'The model can’t take the request now; try again in a moment.',
  504: 'The model took too long.',
};

/** What can be wrong with an address that names a model. */
export const lookUpErrors = ['url_invalid', 'model_unknown', 'method_not_allowed', 'model_not_ready'] as const;
/** What can go wrong where a model is run. */
export const runErrors = [
  ...lookUpErrors,
  'instances_invalid',
  'request_timeout',
  'content_too_large',
  'content_encoding_unsupported',
  'idempotency_key_reused',
  'internal_error',
  'queue_full',
  'deadline_exceeded',
] as const;

/** The `response` entries that document these failures of a route under `/v1` or `/v2`, by status. */
export const protocolErrorReplies = (...codes: ErrorCode[]): Record<number, object> =>
  Object.fromEntries(
    [...httpErrors, ...codes].map((code) => [
      errors[code][0],
      {
        description: titles[errors[code][0]],
        content: { 'application/json': { schema: referTo(ProtocolError), example: { error: errors[code][1] } } },
      },
    ]),
  );
