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

/** A key that stands twice in one object: which of the two was meant nobody knows. */
export class RepeatedKeyError extends JsonError {
  /** The same of a file: it goes on after the file's name. */
  readonly reason: string;
  /** @param key in quotes @param byte at which it stands again */
  constructor(key: string, byte: number) {
    super('json_invalid', `The key ${key} stands twice in one object, again at byte ${byte}.`);
    this.reason = `has the key ${key} twice in one object, again at byte ${byte}`;
  }
}
