import { PickleError } from './error.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws PickleError */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new PickleError('pickle_damaged', 'has a text that is no UTF-8', { cause });
  }
}

export const decodeLatin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** A `str` of Python 2, which may be a text or bytes: the text in it where it is UTF-8. */
export function decodeOldText(bytes: Uint8Array): string | Uint8Array {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes;
  }
}

/** The bytes of what may have come as an old text. */
export const bytesOf = (value: unknown): Uint8Array | undefined =>
  typeof value === 'string' ? Buffer.from(value, 'utf8') : value instanceof Uint8Array ? value : undefined;

const letters: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The bytes that a text in quotes stands for, as Python 2 writes it. @throws PickleError */
export function unquote(line: string): Uint8Array {
  const given = line.trimEnd();
  const isQuoted = given.length > 1 && (given[0] === "'" || given[0] === '"') && given.at(-1) === given[0];
  if (!isQuoted) throw new PickleError('pickle_damaged', 'has a text without quotes');
  const text = given.slice(1, -1).replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/gs, (_, hex, octal, letter) => {
    if (hex) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
    return letters[letter] ? String.fromCharCode(letters[letter]) : letter;
  });
  return Buffer.from(text, 'latin1');
}

/** A text with `\u` and `\U` in it, as protocol 0 writes it. @throws PickleError */
export const unescapeUnicode = (line: string): string =>
  line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short, long) => {
    const code = Number.parseInt(short ?? long, 16);
    if (code > 0x10ffff) throw new PickleError('pickle_damaged', 'has a character that there is not');
    return String.fromCodePoint(code);
  });
