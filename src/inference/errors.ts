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
export class InferenceError extends Error {
  override readonly name = 'InferenceError';
  constructor(
    readonly code: InferenceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
