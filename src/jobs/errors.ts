import { KnownError } from '../support/errors.js';

/** What can go wrong with a job itself. */
export type JobErrorCode =
  | 'job_unknown'
  | 'job_unfinished'
  | 'idempotency_key_reused'
  | 'webhook_refused'
  | 'queue_full'
  | 'queue_unavailable'
  | 'job_abandoned'
  | 'deadline_exceeded'
  | 'request_aborted'
  | 'server_closing';

/** A job that can't be made or told of. The message says why and what to do. */
export class JobError extends KnownError {
  readonly audience = 'client';
  constructor(
    readonly code: JobErrorCode,
    message: string,
  ) {
    super(message);
  }
}
