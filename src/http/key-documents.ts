import { type ErrorCode, errorReplies } from '../../schemas/error.js';
import { protocolErrorReplies } from '../../schemas/protocol-error.js';
import { protocolAt } from '../protocols/protocols.js';
import type { RouteGroup } from '../settings/route-groups.js';
import type { Access } from './access.js';

/** The ways to send a key, as the documents have them. */
export const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key, as `Authorization: Bearer …`.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key, in a header of its own.' },
} as const;

/** Of an operation that needs a key: one of these. */
export const keySecurity = Object.keys(securitySchemes).map((name) => ({ [name]: [] }));

/** Groups whose routes tell of models: to a key that is for some, the others are forbidden, whether a key is needed or not. */
const ofModels: readonly (RouteGroup | undefined)[] = ['models', 'predict', 'jobs'];

/** Failures of keys that an operation of a group can have. */
export function keyErrorsOf(access: Access, group: RouteGroup | undefined): readonly ErrorCode[] {
  if (access.needsKey(group)) return ['key_invalid', 'key_missing', 'forbidden'];
  return access.keys && ofModels.includes(group) ? ['forbidden'] : [];
}

/** Failures as replies of a route, by status, in the form that its address asks for. */
export const keyErrorReplies = (url: string, codes: readonly ErrorCode[]): Record<number, object> =>
  codes.length === 0 ? {} : (protocolAt(url) ? protocolErrorReplies : errorReplies)(...codes);
