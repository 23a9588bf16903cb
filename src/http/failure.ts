import type { FastifyError } from 'fastify';
import { type ErrorCode, isErrorCode } from '../../schemas/error.js';
import type { CatalogError } from '../catalog/catalog.js';
import type { InstancesError } from '../datapoints/instances.js';
import type { DecodingError, ImageError } from '../images/errors.js';
import type { InferenceError } from '../inference/errors.js';
import type { JobError } from '../jobs/errors.js';
import type { Base64Error } from '../json/base64.js';
import type { JsonError } from '../json/error.js';
import type { ProtocolRequestError } from '../protocols/errors.js';
import type { ServingError } from '../serving/errors.js';
import { KnownError } from '../support/errors.js';
import { RequestError } from './request-error.js';

/** Every error of ours that can come of a request. */
type KnownFailure =
  | Base64Error
  | CatalogError
  | DecodingError
  | ImageError
  | InferenceError
  | InstancesError
  | JobError
  | JsonError
  | ProtocolRequestError
  | RequestError
  | ServingError;

/** What the codes of ours mean that clients don't know; a code that is neither here nor among theirs doesn't compile. */
const translations = {
  inputs_invalid: 'instances_invalid',
  engine_failed: 'internal_error',
  model_load_failed: 'internal_error',
} as const satisfies Record<Exclude<KnownFailure['code'], ErrorCode>, ErrorCode>;

/** What the errors of Node, Fastify and its plugins mean for a client, with the message where that of the code doesn't say it. */
const foreign: Record<string, ErrorCode | [ErrorCode, message: string]> = {
  FST_ERR_BAD_URL: 'url_invalid',
  FST_ERR_MAX_PARAM_LENGTH: ['url_invalid', 'A part of the address is too long to be a name of anything here.'],
  FST_ERR_CTP_BODY_TOO_LARGE: 'content_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'json_invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'json_invalid',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request_invalid',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content_type_unsupported',
  FST_FILES_LIMIT: 'form_too_large',
  FST_PARTS_LIMIT: 'form_too_large',
  FST_FIELDS_LIMIT: 'form_too_large',
  FST_PROTO_VIOLATION: [
    'form_invalid',
    'A field of the form has a name that none may have, such as "__proto__" or "toString".',
  ],
  FST_INVALID_JSON_FIELD_ERROR: 'form_invalid',
  FST_MP_PREMATURE_CLOSE: 'form_invalid',
  ECONNRESET: 'request_aborted',
};

/** Which failure it is when a part of a request isn't as its schema says. */
const invalidParts: Record<string, ErrorCode> = {
  body: 'body_invalid',
  querystring: 'query_invalid',
  params: 'url_invalid',
  headers: 'request_invalid',
};

/**
 * The failure that an error stands for. Errors that nobody foresaw, or that are for the operator, become `internal_error`, whose
 * message says nothing of them.
 */
export function failureOf(error: FastifyError): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof KnownError) return knownFailure(error);
  if (error.validation) return new RequestError(invalidParts[error.validationContext ?? 'body']!, describe(error));
  const [code, message] = [foreign[error.code] ?? 'internal_error'].flat() as [ErrorCode, string?];
  return new RequestError(code, message);
}

function knownFailure({ audience, code, message }: KnownError): RequestError {
  const known = isErrorCode(code) ? code : (translations as Record<string, ErrorCode>)[code];
  return known && audience === 'client' ? new RequestError(known, message) : new RequestError('internal_error');
}

/** `"top_k" must be >= 1` out of the first thing that a schema found wrong. */
function describe({ validation, validationContext }: FastifyError): string {
  const [first] = validation!;
  const path = first!.instancePath.slice(1).replaceAll('/', '.');
  const { allowedValue, allowedValues = [allowedValue] } = first!.params as {
    allowedValue?: unknown;
    allowedValues?: unknown[];
  };
  const choice = allowedValues.map((value) => JSON.stringify(value)).join(' or ');
  return `${path ? `"${path}"` : `The ${validationContext}`} ${choice ? `must be ${choice}` : first!.message}.`;
}
