import { JsonError } from '../json/error.js';
import { parseJson } from '../json/parse.js';

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const truths = new Map([
  ['true', true],
  ['false', false],
]);

/**
 * The number that a bare text is: digits with a point, as JSON, Python and spreadsheets write them, `true` or `false`, spaces
 * around it aside. Undefined where there is nothing; any other text stays what it is, unless it is an array or object of JSON.
 */
export function numberOfText(text: string): unknown {
  const bare = text.trim();
  if (bare === '') return undefined;
  return decimal.test(bare) ? Number(bare) : (truths.get(bare.toLowerCase()) ?? arrayOrObjectOf(bare) ?? text);
}

/** The array or object that a text is in JSON; undefined where it is something else. */
export function arrayOrObjectOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return jsonOfText(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** The value that a text is in JSON; undefined where there is nothing. @throws JsonError */
export const jsonOfText = (text: string): unknown => (text.trim() === '' ? undefined : parseJson(Buffer.from(text)));
