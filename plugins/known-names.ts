import type { FastifyRequest } from 'fastify';
import type { ErrorCode } from '../schemas/error.js';
import { nearestName } from '../src/support/nearest-name.js';
import { RequestError } from './errors.js';

/**
 * Refuses names that a route doesn't know: a misspelt one would be passed over without a word.
 * @param what they are: `field of the form`
 * @throws RequestError that says which name was probably meant
 */
export function refuseUnknown(names: readonly string[], known: readonly string[], what: string, code: ErrorCode): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const list = known.map((name) => JSON.stringify(name)).join(', ');
  const hint = nearest
    ? `Did you mean "${nearest}"?`
    : list
      ? `Known ${known.length === 1 ? 'is' : 'are'} ${list}.`
      : 'There is none here.';
  throw new RequestError(code, `${JSON.stringify(unknown.slice(0, 40))} is no known ${what}. ${hint}`);
}

/** A hook that refuses queries with other parameters than these. */
export const knownQuery =
  (...known: string[]) =>
  async ({ query }: FastifyRequest): Promise<void> =>
    refuseUnknown(Object.keys(query as object), known, 'parameter of the query', 'query_invalid');
