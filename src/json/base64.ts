import { KnownError } from '../support/errors.js';

/** Text that is no base64. */
export class Base64Error extends KnownError {
  readonly audience = 'client';
  readonly code = 'base64_invalid';
}

/** What a data URL (RFC 2397) in base64 begins with: its scheme and type may be in capitals. */
const dataUrlHead = /^\s*data:[^,]{0,300};base64,/i;

/**
 * The bytes that base64 text or a data URL stands for. Line breaks and the URL-safe alphabet are allowed.
 * @param place of the text, for the message
 * @throws Base64Error
 */
export function bytesOfBase64(text: string, place: string): Uint8Array<ArrayBuffer> {
  const [head = ''] = dataUrlHead.exec(text) ?? [];
  const data = text.slice(head.length);
  if (/[^A-Za-z0-9+/_=\s-]/.test(data))
    throw new Base64Error(`${place} is not base64. Send the base64 text of the file, or a data URL.`);
  const bytes = Buffer.from(data, 'base64');
  // Short ones share their memory with others, which can't be sent to another thread.
  return new Uint8Array(bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes);
}

/** The bytes that `{"b64": "…"}` stands for, as TensorFlow Serving has it; undefined for any other value. */
export function base64In(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 1) return undefined;
  const { b64 } = value as { b64?: unknown };
  return typeof b64 === 'string' ? bytesOfBase64(b64, 'b64') : undefined;
}
