import { type Static, Type } from 'typebox';
import { referTo } from './reference.js';

/**
 * Every way in which a request can fail: its status and the sentence that stands for it in the documents. The sentence
 * that a client gets names the case at hand.
 */
export const errors = {
  image_missing: [400, 'The form has no field "image". Send the file as -F image=@dog.jpg.'],
  image_empty: [400, 'The image is empty.'],
  image_invalid: [400, 'This is not an image. Send a JPEG, PNG, WebP, GIF, TIFF or AVIF file.'],
  image_truncated: [400, 'The image ends too early: part of the file is missing. Send the whole file.'],
  image_timeout: [400, 'The image takes too long to decode.'],
  base64_invalid: [400, '"image" is not base64. Send the base64 text of the file, or a data URL.'],
  form_invalid: [400, 'The form can’t be read: unexpected end of multipart data.'],
  form_too_large: [400, 'The form has more than 12 parts, the most that this model takes.'],
  json_invalid: [400, 'The body is not valid JSON.'],
  body_invalid: [400, 'The body must have the property "image" or "instances".'],
  instances_invalid: [400, 'instances[0][3] should be a number, but is "a".'],
  instances_refused: [400, 'The model can’t be run on these instances: indices element out of data bounds.'],
  query_invalid: [400, '"top_k" must be a whole number from 1 to 1000, the number of classes.'],
  webhook_refused: [
    400,
    '"webhook" is of a host that isn’t allowed here: the operator names those with --webhook-host.',
  ],
  url_invalid: [400, 'The address can’t be read: check its percent-encoding.'],
  request_invalid: [400, 'This is not a valid HTTP request.'],
  model_takes_no_images: [
    400,
    'This model takes no images. Send JSON: {"instances": [...]}, where each instance is an array of 6 numbers.',
  ],
  key_missing: [401, 'This needs an API key. Send it as Authorization: Bearer …, or as X-API-Key.'],
  key_invalid: [401, 'Nobody has this API key. Check that all of it was sent, and that it is still in use.'],
  forbidden: [403, 'Your key is not for the model "pets". GET /models lists those that it is for.'],
  not_found: [404, 'There is nothing at this address. GET /docs lists what there is.'],
  model_unknown: [404, 'There is no model of this name. GET /models lists what there is.'],
  model_version_unknown: [404, 'The model has no such version. GET /models/{name} lists them.'],
  job_unknown: [404, 'There is no job of this id: its time may be over.'],
  method_not_allowed: [405, 'PUT is not allowed here. The header "Allow" says which methods are.'],
  not_acceptable: [
    406,
    'image/png is for models that give a mask or an image, and this one gives none. Ask for application/json instead.',
  ],
  request_timeout: [408, 'The request took too long to arrive.'],
  job_unfinished: [409, 'The job is not finished yet. GET /jobs/{id}?wait=60 waits for it.'],
  content_too_large: [413, 'The image is larger than 10 MB, the most that this server takes.'],
  image_too_many_pixels: [413, 'The image has more pixels than are allowed. Scale it down first.'],
  json_too_complex: [413, 'The body has arrays inside one another, more than 64 deep.'],
  content_type_unsupported: [
    415,
    'Send JSON with -H "content-type: application/json", a form as multipart/form-data with -F, or what the model takes of these: rows of CSV as text/csv, an image file with an image/* content type, a text as text/plain.',
  ],
  content_encoding_unsupported: [
    415,
    'Content-Encoding is "zstd". Send the body as it is, or as one of gzip, deflate and br.',
  ],
  expectation_unknown: [417, 'Nothing is known of "Expect: 200-ok". Leave it out.'],
  idempotency_key_reused: [422, 'This Idempotency-Key came with another body before. Take a new one.'],
  rate_limited: [429, 'You have sent more than 100 requests in 60 s. Try again in 12 s.'],
  headers_too_large: [431, 'The address and the headers are too large.'],
  request_aborted: [400, 'The client hung up.'],
  job_abandoned: [500, '3 workers have ended while working on this request, so it isn’t tried again.'],
  internal_error: [500, 'Something went wrong here. The log has the details under this request’s id.'],
  model_not_ready: [503, 'The model isn’t ready. Try again in a moment.'],
  queue_unavailable: [503, 'The queue can’t be reached. Try again in a moment.'],
  queue_full: [503, 'Too many requests are waiting. Try again in a moment.'],
  inference_process_died: [503, 'The process that runs the model ended and is being replaced. Try again in a moment.'],
  server_closing: [503, 'The server is closing.'],
  deadline_exceeded: [504, 'The model took too long. Try again in a moment.'],
} as const satisfies Record<string, readonly [status: number, example: string]>;

/** The name of a failure, in every error reply. */
export type ErrorCode = keyof typeof errors;

/** Whether a code is one of ours. */
export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errors, code);

/** Failures that there are only where API keys are asked for. */
const keyErrors: readonly ErrorCode[] = ['key_missing', 'key_invalid', 'forbidden'];

/** Those that there may be in every server; a rate limit documents its own (`schemas/rate-limit.ts`). */
const codes = (Object.keys(errors) as ErrorCode[]).filter((code) => code !== 'rate_limited');

const errorReplyOf = (codes: ErrorCode[]) =>
  Type.Object(
    {
      success: Type.Literal(false),
      error: Type.Object({
        code: Type.Enum(codes, {
          description: 'What went wrong, for programs.',
        }),
        message: Type.String({ description: 'What went wrong and what to do about it, for people.' }),
      }),
    },
    { $id: 'keras-serve.ErrorReply', description: 'Why a request failed.' },
  );

/** The body of every reply that isn't a success, where there are no API keys. */
export const ErrorReply = errorReplyOf(codes.filter((code) => !keyErrors.includes(code)));
/** The same, where there are. */
export const ErrorReplyWithKeys = errorReplyOf(codes);
export type ErrorReply = Static<typeof ErrorReply>;

/** The body of an error reply. */
export const errorReply = (code: ErrorCode, message: string = errors[code][1]): ErrorReply => ({
  success: false,
  error: { code, message },
});

const titles: Record<number, string> = {
  400: 'The request can’t be understood, or the model can’t be run on what it holds.',
  401: 'The request has no key, or one that nobody has.',
  403: 'The key is for other models.',
  404: 'There is nothing at this address.',
  405: 'The method isn’t allowed here; the header `Allow` says which are.',
  406: 'The reply can’t have the form that the header `Accept` asks for.',
  408: 'The request took too long to arrive.',
  409: 'The job has no result.',
  413: 'The body, or the image in it, is larger than this server accepts.',
  415: 'The content type isn’t one that this model takes, or the content encoding isn’t known.',
  417: 'Nothing is known of what the header `Expect` asks for.',
  422: 'The header `Idempotency-Key` came with another body before.',
  500: 'The server failed.',
  503: 'The model can’t take the request now; try again in a moment.',
  504: 'The model took too long.',
};

/** What any route answers to what is no request as HTTP has it. */
export const httpErrors = ['request_invalid', 'expectation_unknown'] as const satisfies ErrorCode[];

/** How a failure is documented. */
interface DocumentedError {
  description: string | undefined;
  content: { 'application/json': { schema: object; examples: Record<string, ErrorExample> } };
}

/** The example of a failure in an OpenAPI document. */
export interface ErrorExample {
  value: ErrorReply;
}

/** The `response` entries that document these failures of a route, by status, each with an example. */
export function errorReplies(...codes: ErrorCode[]): Record<number, DocumentedError> {
  const all = [...codes, ...httpErrors];
  const statuses = [...new Set(all.map((code) => errors[code][0]))];
  return Object.fromEntries(
    statuses.map((status) => {
      const fitting = all.filter((code) => errors[code][0] === status);
      const examples = Object.fromEntries(fitting.map((code) => [code, { value: errorReply(code) }]));
      return [
        status,
        {
          description: titles[status],
          content: { 'application/json': { schema: referTo(ErrorReply), examples } },
        },
      ];
    }),
  );
}
