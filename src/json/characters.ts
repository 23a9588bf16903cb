/** The bytes of characters that texts of data are made of, in UTF-8 and ASCII alike. */
const code = (character: string): number => character.charCodeAt(0);

export const quote = code('"');
export const comma = code(',');
export const colon = code(':');
export const backslash = code('\\');
export const openArray = code('[');
export const closeArray = code(']');
export const openObject = code('{');
export const closeObject = code('}');
export const space = code(' ');
export const tab = code('\t');
export const lineFeed = code('\n');
export const carriageReturn = code('\r');
export const minus = code('-');
export const plus = code('+');
export const point = code('.');
export const smallE = code('e');
export const largeE = code('E');
export const zero = code('0');

/** Whether a byte is a digit. */
export const isDigit = (byte: number): boolean => byte >= zero && byte <= zero + 9;

/** Whether a byte is one of the four that JSON has between values. */
export const isSpace = (byte: number): boolean =>
  byte === space || byte === lineFeed || byte === carriageReturn || byte === tab;
