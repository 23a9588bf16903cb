import { KnownError } from '../support/errors.js';

/** What can be wrong with an encoded image. */
export type ImageErrorCode =
  | 'image_empty'
  | 'image_invalid'
  | 'image_truncated'
  | 'image_too_many_pixels'
  | 'image_timeout';

/** An image that can't become a tensor. The message says what is wrong with it and what to send instead. */
export class ImageError extends KnownError {
  readonly audience = 'client';
  constructor(
    readonly code: ImageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The same of one of several images. */
export const errorAt = (place: string, error: ImageError): ImageError =>
  new ImageError(error.code, `${place}: ${error.message}`, { cause: error });

const busy = {
  queue_full: 'Too many images wait to be decoded. Try again in a moment.',
  deadline_exceeded: 'The image waited too long to be decoded. Try again in a moment.',
  request_aborted: 'The request was given up.',
};

/** An image that can't be decoded now, whatever is in it. */
export class DecodingError extends KnownError {
  readonly audience = 'client';
  constructor(readonly code: keyof typeof busy) {
    super(busy[code]);
  }
}
