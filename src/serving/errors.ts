import { KnownError } from '../support/errors.js';

/** What can go wrong on the way of a request, whichever protocol it came by. */
export type ServingErrorCode =
  | 'instances_invalid'
  | 'instances_refused'
  | 'content_too_large'
  | 'queue_full'
  | 'request_aborted';

/** A request that can't be served, or not now. The message says why and what to do. */
export class ServingError extends KnownError {
  readonly audience = 'client';
  constructor(
    readonly code: ServingErrorCode,
    message: string,
  ) {
    super(message);
  }
}
