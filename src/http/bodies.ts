import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RawBody } from '../protocols/body.js';
import { smallSize } from '../protocols/task-runner.js';
import { messageCost } from '../serving/memory-budget.js';
import { formatBytes } from '../support/bytes.js';
import { decodeBody } from './content-encoding.js';
import { replyTo } from './open-replies.js';
import { RequestError } from './request-error.js';

/** A kind of body that routes take. */
export interface BodyKind {
  /** What clients call it: `*` is anything. */
  contentType: string | RegExp | string[];
  /** The largest, in bytes. */
  limit: number;
  /** The message for one that is larger. */
  tooLarge?(limit: number): string;
}

/** Bytes of a chunk of a large body. */
const chunkSize = 2 ** 20;

const jsonTooLarge = (limit: number): string =>
  `The body is larger than ${formatBytes(limit)}, the most JSON that this server takes.`;

/**
 * Makes routes take bodies of some kinds as a RawBody, compressed ones too. What large ones take of memory counts until they are
 * answered.
 * @param app the instance of the routes
 */
export function takeBodies(app: FastifyInstance, kinds: readonly BodyKind[]): void {
  for (const kind of kinds)
    app.addContentTypeParser(kind.contentType, async (request: FastifyRequest, payload: IncomingMessage) =>
      readBody(request, decodeBody(request, payload), kind),
    );
}

/**
 * Bodies of the routes of this instance are bytes, whatever type the client calls them: curl says that what it sends is a
 * form, others say nothing, or something that is no type.
 */
export function takeRawBodies(app: FastifyInstance, limit: number): void {
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    delete raw.headers['content-type'];
    done();
  });
  takeBodies(app, [{ contentType: '*', limit }]);
}

/** The bytes of a body; none where there is no body. */
export const rawBodyOf = ({ body }: FastifyRequest): RawBody => (body instanceof RawBody ? body : new RawBody([], 0));

async function readBody(
  request: FastifyRequest,
  payload: AsyncIterable<Uint8Array>,
  { limit, tooLarge = jsonTooLarge }: BodyKind,
): Promise<RawBody> {
  const check = (size: number) => {
    if (size > limit) throw new RequestError('content_too_large', tooLarge(limit));
  };
  const announced = Number(request.headers['content-length'] ?? 0);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let reserved = 0;
  // Of the last chunk.
  let free = 0;
  const reply = replyTo(request);
  check(announced);
  if (announced > 0 && announced <= smallSize && payload === request.raw) return readAnnounced(request.raw, check);
  for await (const part of payload) {
    check(size + part.length);
    if (reply.isGone) throw new RequestError('request_aborted');
    if (size + part.length > smallSize) {
      reply.memory.grow((size + part.length - reserved) * messageCost);
      reserved = size + part.length;
    }
    for (let from = 0; from < part.length; ) {
      if (free === 0) {
        const length = Math.min(chunkSize, Math.max(announced - size, part.length - from));
        chunks.push(new Uint8Array(length));
        free = length;
      }
      const chunk = chunks.at(-1)!;
      const piece = part.subarray(from, from + free);
      chunk.set(piece, chunk.length - free);
      free -= piece.length;
      from += piece.length;
      size += piece.length;
    }
  }
  const last = chunks.pop();
  if (last) chunks.push(free > 0 ? last.slice(0, last.length - free) : last);
  return new RawBody(chunks, size);
}

/**
 * A small body as it comes: reading by events takes half the time. What its head says of its size isn't relied on, for a request may be
 * made without a connection.
 * @param check throws where there are too many bytes
 */
const readAnnounced = (payload: IncomingMessage, check: (size: number) => void): Promise<RawBody> =>
  new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    payload.on('data', (part: Uint8Array) => {
      size += part.length;
      try {
        check(size);
        parts.push(part);
      } catch (error) {
        reject(error);
      }
    });
    payload.on('end', () => {
      const bytes = new Uint8Array(size);
      let at = 0;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
      resolve(new RawBody([bytes], size));
    });
    payload.on('error', reject);
    payload.on('close', () => {
      if (!payload.readableEnded) reject(new RequestError('request_aborted'));
    });
  });
