import { finished, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { RequestError } from './request-error.js';

/** The content codings that bodies may have, by their names in HTTP (RFC 9110, section 8.4.1). */
const decoders: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * The bytes of a body without its content coding. They can be a thousand times as many as were sent: who reads them has
 * to stop at a limit.
 *
 * @throws RequestError `content_encoding_unsupported`, or `body_invalid` when the bytes aren't what the coding says
 */
export function decodeBody({ headers }: FastifyRequest, payload: Readable): AsyncIterable<Uint8Array> {
  const [encoding, second] = codingsOf(headers['content-encoding']);
  if (encoding === undefined) return payload;
  if (second !== undefined || !Object.hasOwn(decoders, encoding))
    throw new RequestError(
      'content_encoding_unsupported',
      `Content-Encoding is ${JSON.stringify(headers['content-encoding']!.slice(0, 80))}. Send the body as it is, or as one of gzip, deflate and br.`,
      { 'accept-encoding': 'gzip, deflate, br' },
    );
  const decoder = decoders[encoding]!();
  finished(payload, (error) => error && decoder.destroy(error));
  return chunksOf(payload, decoder, encoding);
}

/** The codings of a list, without those that change nothing. */
const codingsOf = (header = ''): string[] =>
  header
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');

async function* chunksOf(payload: Readable, decoder: Transform, encoding: string): AsyncGenerator<Uint8Array> {
  try {
    yield* payload.pipe(decoder) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (payload.errored) throw error;
    const isCut = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
    throw new RequestError(
      'body_invalid',
      isCut
        ? // Brotli doesn't begin with anything that could tell.
          `The body is cut off${encoding === 'br' ? ', or isn’t br' : ''}: its ${encoding} has no end.`
        : `The body isn’t ${encoding}, as its Content-Encoding says.`,
    );
  }
}
