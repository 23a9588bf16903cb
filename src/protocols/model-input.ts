import type { Signature, Tensors } from '../tensor.js';

/** What a request asks a model of: a tensor for every input, or a row for each image file. */
export type ModelInput = { tensors: Tensors } | { images: Uint8Array[] };

/** The body of a request, and what it is for. */
export interface BodyToParse {
  /** In one piece or several. */
  body: readonly Uint8Array[];
  signature: Signature;
  /** Whether the model takes image files. */
  takesImages: boolean;
}
