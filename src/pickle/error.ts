import { KnownError } from '../support/errors.js';

/** What can be wrong with a pickle. */
export type PickleErrorCode = 'pickle_class_unknown' | 'pickle_damaged' | 'pickle_too_large' | 'pickle_unsupported';

/**
 * A pickle that isn't read. The message goes on after the file's name; it holds nothing of the file but names, cut to a sensible
 * length.
 */
export class PickleError extends KnownError {
  readonly audience = 'operator';
  constructor(
    readonly code: PickleErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A name out of a file as messages have it: short, and without what a terminal would act on. */
export const named = (name: string): string =>
  (name.length > 100 ? `${name.slice(0, 100)}…` : name).replaceAll(/\p{C}/gu, '\uFFFD');
