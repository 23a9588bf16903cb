import { KnownError } from '../support/errors.js';

/** Bytes that are no JSON, or JSON that would take too much to hold. The message says what is wrong and where. */
export class JsonError extends KnownError {
  readonly audience = 'client';
  constructor(
    readonly code: 'json_invalid' | 'json_too_complex' | 'instances_invalid',
    message: string,
  ) {
    super(message);
  }
}

/** A key that stands twice in one object. */
export class RepeatedKeyError extends JsonError {
  constructor(message: string) {
    super('json_invalid', message);
  }
}
