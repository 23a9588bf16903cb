/** Text that is no base64. */
export class Base64Error extends Error {
  override readonly name = 'Base64Error';
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
