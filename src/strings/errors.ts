import { KnownError } from '../support/errors.js';

/** Strings that a model can't be run on. */
export class StringsError extends KnownError {
  readonly audience = 'client';
  readonly code = 'inputs_invalid';
}
