import { KnownError } from '../support/errors.js';

/** What can be wrong with a model file. */
export type ModelFileErrorCode =
  | 'model_not_found'
  | 'model_unreadable'
  | 'model_format_unknown'
  | 'model_format_unsupported'
  | 'model_damaged'
  | 'model_too_large'
  | 'model_not_built'
  | 'model_weights_missing'
  | 'model_unsupported_layers'
  | 'model_engine_missing'
  | 'model_signature_unknown';

/**
 * A model file that can't be served. The message says what is wrong, where, and what to do; it never holds anything but
 * names out of the file, cut to a sensible length.
 */
export class ModelFileError extends KnownError {
  readonly audience = 'operator';
  constructor(
    readonly code: ModelFileErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
