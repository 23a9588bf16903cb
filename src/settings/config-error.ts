import { KnownError } from '../support/errors.js';

/** A flag, environment variable or command line that can't be used. The message names it and says what is allowed. */
export class ConfigError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'config_invalid';
}
