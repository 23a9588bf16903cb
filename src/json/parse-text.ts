import { RepeatedKeyError } from './error.js';
import { parseJson } from './parse.js';

/**
 * A text of JSON as `JSON.parse` has it, which takes the last of a key that stands twice in an object: that is refused here.
 * @throws SyntaxError where it is no JSON, RepeatedKeyError
 */
export function parseJsonText(text: string): unknown {
  const json: unknown = JSON.parse(text);
  // Most files have none, which a count tells in a tenth of the time.
  if (keysWritten(text) === keysOf(json)) return json;
  try {
    // Vocabularies have a key for each word.
    parseJson(Buffer.from(text), Number.POSITIVE_INFINITY);
  } catch (error) {
    // What else is refused of requests may stand in files.
    if (error instanceof RepeatedKeyError) throw error;
  }
  return json;
}

/** How many keys objects have where they are written. The text is known to be JSON. */
function keysWritten(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"[ \t\r\n]*(:)?/g)) if (colon) count++;
  return count;
}

/** How many keys the objects of a value have. */
function keysOf(json: unknown): number {
  let count = 0;
  const open = [json];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    const values = Object.values(value);
    if (!Array.isArray(value)) count += values.length;
    for (const one of values) if (typeof one === 'object') open.push(one);
  }
  return count;
}
