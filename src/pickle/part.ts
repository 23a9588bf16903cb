import { PickleError } from './error.js';
import type { PickleValue } from './values.js';

/** What a dict of a pickle has under a name, `scaler`, or a dict in it, `encoders/Gender`; all of it without. @throws PickleError */
export function partOf(value: PickleValue, part: string | undefined): PickleValue {
  if (part === undefined) return value;
  let found: PickleValue | undefined = value;
  for (const key of part.split('/')) found = found instanceof Map ? found.get(key) : undefined;
  if (found === undefined)
    throw new PickleError('pickle_unsupported', `has nothing that is called ${JSON.stringify(part.slice(0, 100))}`);
  return found;
}
