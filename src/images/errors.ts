/** What can be wrong with an encoded image. */
export type ImageErrorCode =
  | 'image_empty'
  | 'image_invalid'
  | 'image_truncated'
  | 'image_too_many_pixels'
  | 'image_timeout';

/** An image that can't become a tensor. The message says what is wrong with it and what to send instead. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  constructor(
    readonly code: ImageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
