import { type ErrorCode, errors } from '../../schemas/error.js';
import { KnownError } from '../support/errors.js';

/** A request that is refused; its message is sent to the client. */
export class RequestError extends KnownError {
  readonly audience = 'client';
  constructor(
    readonly code: ErrorCode,
    message: string = errors[code][1],
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}
