import { type Audience, KnownError } from '../support/errors.js';

/** What can go wrong between a request and its scores. */
export type InferenceErrorCode =
  | 'inputs_invalid'
  | 'engine_failed'
  | 'model_load_failed'
  | 'inference_process_died'
  | 'server_closing'
  | 'request_aborted'
  | 'queue_full'
  | 'deadline_exceeded';

/** A prediction that could not be made. */
export class InferenceError extends KnownError {
  constructor(
    readonly code: InferenceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** What an engine says may name files. */
  get audience(): Audience {
    return this.code === 'engine_failed' || this.code === 'model_load_failed' ? 'operator' : 'client';
  }
}
