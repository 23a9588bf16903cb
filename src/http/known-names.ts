import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../schemas/error.js';
import { unknownName } from '../support/nearest-name.js';
import { RequestError } from './request-error.js';

/**
 * Refuses names that a route doesn't know: a misspelt one would be passed over without a word.
 * @param what they are: `field of the form`
 * @throws RequestError that says which name was probably meant
 */
export function refuseUnknown(names: readonly string[], known: readonly string[], what: string, code: ErrorCode): void {
  const message = unknownName(names, known, what);
  if (message !== undefined) throw new RequestError(code, message);
}

/** A hook that refuses queries with other parameters than these, or with one of them more than once. */
export const knownQuery =
  (...known: string[]) =>
  ({ query }: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    refuseUnknown(Object.keys(query as object), known, 'parameter of the query', 'query_invalid');
    const [repeated] = Object.entries(query as object).find(([, value]) => Array.isArray(value)) ?? [];
    if (repeated) throw new RequestError('query_invalid', `"${repeated}" stands in the query more than once.`);
    done();
  };
