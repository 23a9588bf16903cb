import { RepeatedKeyError } from './error.js';
import { parseJson } from './parse.js';

/**
 * A text of JSON as `JSON.parse` has it, which takes the last of a key that stands twice in an object: that is refused here.
 * @throws SyntaxError where it is no JSON, RepeatedKeyError
 */
export function parseJsonText(text: string): unknown {
  const json: unknown = JSON.parse(text);
  try {
    // Vocabularies have a key for each word.
    parseJson(Buffer.from(text), Number.POSITIVE_INFINITY);
  } catch (error) {
    // What else is refused of requests may stand in files.
    if (error instanceof RepeatedKeyError) throw error;
  }
  return json;
}
