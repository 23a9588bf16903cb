import { KnownError } from '../support/errors.js';

/** What can be wrong with a request as a whole. */
export type ProtocolErrorCode =
  | 'body_invalid'
  | 'form_invalid'
  | 'form_too_large'
  | 'query_invalid'
  | 'url_invalid'
  | 'content_too_large'
  | 'image_missing'
  | 'image_invalid'
  | 'model_takes_no_images'
  | 'content_type_unsupported'
  | 'not_acceptable'
  | 'model_unknown'
  | 'model_version_unknown';

/** A request that isn't as its protocol wants it. The message says what is wrong where. */
export class ProtocolRequestError extends KnownError {
  readonly audience = 'client';
  constructor(
    message: string,
    readonly code: ProtocolErrorCode = 'body_invalid',
  ) {
    super(message);
  }
}
