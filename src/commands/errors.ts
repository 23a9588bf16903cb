import { KnownError } from '../support/errors.js';

/** A command that can't go on for a reason that its message tells in full: it is printed as it is. */
export class CommandError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'command_failed';
}

/** A command line that makes no sense. */
export class UsageError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'usage';
}
