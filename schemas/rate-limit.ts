import { Type } from 'typebox';
import { errorReply, errors } from './error.js';
import { ProtocolError } from './protocol-error.js';
import { referTo } from './reference.js';

/** The body of a reply to a request that is one too many, where there is a rate limit. */
export const RateLimited = Type.Object(
  {
    success: Type.Literal(false),
    error: Type.Object({
      code: Type.Literal('rate_limited', { description: 'What went wrong, for programs.' }),
      message: Type.String({ description: 'What went wrong and what to do about it, for people.' }),
    }),
  },
  { $id: 'keras-serve.RateLimited', description: 'More requests came than are allowed.' },
);

const header = (description: string) => ({ description, schema: { type: 'integer' } });

/**
 * How the reply to a request that is one too many is documented.
 * @param inProtocol whether it has the form of `/v1` and `/v2`
 */
export function rateLimitedReply(inProtocol = false): object {
  const [, message] = errors.rate_limited;
  return {
    description:
      'More requests came from this client than are allowed; the header `Retry-After` says when to try again.',
    headers: {
      'Retry-After': header('Seconds until requests are taken again.'),
      'RateLimit-Limit': header('How many requests are allowed.'),
      'RateLimit-Remaining': header('How many of them are left.'),
      'RateLimit-Reset': header('Seconds until all of them are there again.'),
    },
    content: {
      'application/json': inProtocol
        ? { schema: referTo(ProtocolError), example: { error: message } }
        : { schema: referTo(RateLimited), example: errorReply('rate_limited') },
    },
  };
}
