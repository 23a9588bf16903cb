import type { IncomingMessage } from 'node:http';
import { finished, type Transform } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RequestError } from './errors.js';
import { JsonBody } from './json.js';

const decoders: Record<string, () => Transform> = { gzip: createGunzip, deflate: createInflate };

/**
 * Bodies of the routes of this instance are bytes, whatever type the client calls them: curl says that what it sends is a
 * form, and others say nothing. They may be compressed.
 */
export function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.json.takeBodies(app, { contentType: '*', decode: decompressed });
}

/** The bytes of a body, in pieces; none where there is no body. */
export const rawBodyOf = ({ body }: FastifyRequest): JsonBody =>
  body instanceof JsonBody ? body : new JsonBody([], 0);

function decompressed(request: FastifyRequest, payload: IncomingMessage): AsyncIterable<Uint8Array> {
  const encoding = String(request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return payload;
  if (!Object.hasOwn(decoders, encoding))
    throw new RequestError('content_type_unsupported', 'The content encoding should be gzip, deflate or none.');
  const decoder = decoders[encoding]!();
  finished(payload, (error) => error && decoder.destroy(error));
  return chunksOf(payload.pipe(decoder), encoding);
}

async function* chunksOf(decoder: Transform, encoding: string): AsyncGenerator<Uint8Array> {
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error;
    throw new RequestError('body_invalid', `The body isn’t ${encoding}, as its content encoding says.`);
  }
}
