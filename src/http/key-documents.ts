import { type ErrorCode, errorReplies } from '../../schemas/error.js';
import { protocolErrorReplies } from '../../schemas/protocol-error.js';
import { protocolAt } from '../protocols/protocols.js';

/** The ways to send a key, as the documents have them. */
export const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key, as `Authorization: Bearer …`.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key, in a header of its own.' },
} as const;

/** Of an operation that needs a key: one of these. */
export const keySecurity = Object.keys(securitySchemes).map((name) => ({ [name]: [] }));

/** Failures of an operation that needs a key. */
export const keyErrors = ['key_invalid', 'key_missing', 'forbidden'] as const satisfies ErrorCode[];

/** The failures of {@link keyErrors} as replies of a route, by status, in the form that its address asks for. */
export const keyErrorReplies = (url: string): Record<number, object> =>
  (protocolAt(url) ? protocolErrorReplies : errorReplies)(...keyErrors);
