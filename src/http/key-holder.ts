import type { FastifyRequest } from 'fastify';
import type { KeyHolder } from '../keys/key-holder.js';

export type { KeyHolder };

const holders = new WeakMap<FastifyRequest, KeyHolder>();

/** Whose key came with a request, known from the first hooks on; undefined where none did, or there are no keys. */
export const keyHolderOf = (request: FastifyRequest): KeyHolder | undefined => holders.get(request);

/** Says whose key came with a request. */
export function setKeyHolder(request: FastifyRequest, holder: KeyHolder): void {
  holders.set(request, holder);
}
