import type { Signature } from '../support/tensor.js';

/** The body of a request, and what it is for. */
export interface BodyToParse {
  /** JSON in UTF-8, or what a protocol has in its place, in one chunk or several. */
  body: readonly Uint8Array[];
  signature: Signature;
  /** Whether the model takes image files. */
  takesImages: boolean;
}
