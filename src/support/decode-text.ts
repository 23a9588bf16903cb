/** Control characters that no text has. */
const controls = /[^\P{Cc}\t\n\r]/u;
/** Characters that no text has unless what was taken for UTF-16 is something else: those that are none, or a program's own. */
const strange = /[\p{Cn}\p{Co}]/u;

/**
 * The text in a file: UTF-8, or the UTF-16 of Windows in either order of bytes. A byte order mark is dropped; UTF-16 is also known
 * without one, by its line breaks.
 * @returns undefined where it is no text
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return decode(bytes, 'utf-16le');
  if (first === 0xfe && second === 0xff) return decode(bytes, 'utf-16be');
  if (!bytes.includes(0)) return decode(bytes, 'utf-8');
  return ['utf-16le', 'utf-16be']
    .map((encoding) => decode(bytes, encoding))
    .find((text) => text !== undefined && /[\r\n]/.test(text) && !strange.test(text));
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return controls.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
