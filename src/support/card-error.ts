import { CARD_FILE } from './card-file.js';
import { KnownError } from './errors.js';

/** A model card that can't be used. The message says what in it is wrong and what was expected. */
export class CardError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'card_invalid';

  constructor(message: string, options?: ErrorOptions) {
    super(`${CARD_FILE}: ${message}`, options);
  }
}
