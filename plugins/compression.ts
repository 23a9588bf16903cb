import { pipeline, type Readable } from 'node:stream';
import { brotliCompress, createBrotliCompress, createGzip, gzip, constants as zlib } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import { addVary } from '../src/http/vary.js';

/** Bytes from which compression is worth its time. */
const least = 8192;

/** What shrinks: text, but not the events of a stream, which have to arrive one by one. */
const text = /^(text\/(?!event-stream)|application\/(json|yaml|x-yaml|javascript)\b|image\/svg)/;

const brotli = { params: { [zlib.BROTLI_PARAM_QUALITY]: 1 } };
const fast = { level: zlib.Z_BEST_SPEED };

type Whole = (bytes: string | Buffer, done: (error: Error | null, compressed: Buffer) => void) => void;

/** The content codings of replies, the better first: at once, and as a stream. Of quality 1, brotli is the faster as well. */
const codings: Record<string, { whole: Whole; stream(): NodeJS.ReadWriteStream }> = {
  br: { whole: (bytes, done) => brotliCompress(bytes, brotli, done), stream: () => createBrotliCompress(brotli) },
  gzip: { whole: (bytes, done) => gzip(bytes, fast, done), stream: () => createGzip(fast) },
};

/**
 * The coding that an `Accept-Encoding` asks for (RFC 9110, section 12.5.3), undefined where it would rather have none. Of
 * equals it is the first.
 */
export function codingFor(accepted: string): string | undefined {
  const qualities = new Map(
    accepted
      .toLowerCase()
      .split(',')
      .map((part) => /^\s*([^\s;]+)\s*(?:;\s*q\s*=\s*([\d.]+))?/.exec(part))
      .map((match) => [match?.[1], Number(match?.[2] ?? 1)]),
  );
  const qualityOf = (name: string) => qualities.get(name) ?? qualities.get('*') ?? 0;
  const best = Math.max(...Object.keys(codings).map(qualityOf));
  if (!(best > 0) || (qualities.get('identity') ?? 0) > best) return undefined;
  return Object.keys(codings).find((name) => qualityOf(name) === best);
}

/** Compresses replies of text from 8 KB on, as their clients accept it. */
export default fp(
  async (app) => {
    app.addHook('onSend', (request, reply, payload, done) => {
      if (!isWorthIt(reply, payload)) return done(null, payload);
      addVary(reply, 'accept-encoding');
      const name = codingFor(String(request.headers['accept-encoding'] ?? ''));
      if (!name) return done(null, payload);
      const { whole, stream } = codings[name]!;
      reply.header('content-encoding', name).removeHeader('content-length');
      if (typeof payload === 'string' || Buffer.isBuffer(payload)) return whole(payload, done);
      done(
        null,
        pipeline(payload as Readable, stream(), () => undefined),
      );
    });
  },
  { name: 'compression' },
);

function isWorthIt(reply: FastifyReply, payload: unknown): boolean {
  const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
  const size = isWhole ? payload.length : Number(reply.getHeader('content-length') ?? Number.POSITIVE_INFINITY);
  return (
    size >= least &&
    payload !== null &&
    payload !== undefined &&
    reply.statusCode !== 206 &&
    text.test(String(reply.getHeader('content-type'))) &&
    !reply.hasHeader('content-encoding')
  );
}
