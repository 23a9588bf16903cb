/** Text that is no base64. */
export class Base64Error extends Error {
  override readonly name = 'Base64Error';
  readonly code = 'base64_invalid';
}

/**
 * The bytes that base64 text or a data URL stands for. Line breaks and the URL-safe alphabet are allowed.
 * @param place of the text, for the message
 * @throws Base64Error
 */
export function bytesOfBase64(text: string, place: string): Uint8Array<ArrayBuffer> {
  const start = text.startsWith('data:') ? text.indexOf(';base64,') + ';base64,'.length : 0;
  const data = start > 0 ? text.slice(start) : text;
  if (start === ';base64,'.length - 1 || /[^A-Za-z0-9+/_=\s-]/.test(data))
    throw new Base64Error(`${place} is not base64. Send the base64 text of the file, or a data URL.`);
  const bytes = Buffer.from(data, 'base64');
  // Short ones share their memory with others, which can't be sent to another thread.
  return new Uint8Array(bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes);
}
