import type { Tensors } from '../tensor.js';
import { ProtocolRequestError } from './errors.js';

/** What a request asks a model of: a tensor for every input, or a row for each image file. */
export type ModelInput = { tensors: Tensors } | { images: Buffer[] };

/**
 * The image file that base64 text stands for; its alphabet may be the URL-safe one.
 * @param place of the text, for the message
 * @throws ProtocolRequestError
 */
export function imageOfBase64(text: unknown, place: string): Buffer {
  if (typeof text === 'string' && !/[^A-Za-z0-9+/_=\s-]/.test(text)) return Buffer.from(text, 'base64');
  throw new ProtocolRequestError(`${place} should be the base64 text of an image file.`, 'base64_invalid');
}
