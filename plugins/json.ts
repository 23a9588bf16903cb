import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { formatBytes } from '../src/config.js';
import { Threads } from '../src/json/threads.js';
import { modulePath } from '../src/package.js';
import { type JsonTasks, jsonTasks } from '../src/protocols/json-tasks.js';
import { decodeBody } from './content-encoding.js';
import { RequestError } from './errors.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Reads and writes large JSON in threads beside the server. */
    readonly json: JsonService;
  }
  interface FastifyRequest {
    /** Bytes of its body that count towards what the server holds of large ones. */
    heldBytes: number;
  }
}

/** A body in JSON that isn't read yet: its bytes, in the pieces that they are held in. */
export class JsonBody {
  constructor(
    readonly pieces: readonly Uint8Array<ArrayBuffer>[],
    readonly size: number,
  ) {}

  /** The memory of the pieces, to be moved to a thread. */
  get buffers(): ArrayBuffer[] {
    return this.pieces.map(({ buffer }) => buffer);
  }
}

/** A kind of body that routes take. */
export interface BodyKind {
  /** What clients call it: `*` is anything. */
  contentType: string | RegExp | string[];
  /** The largest, in bytes: as for JSON by default. */
  limit?: number;
  /** The message for one that is larger. */
  tooLarge?(limit: number): string;
  /** What becomes the body of the request: by default the bytes as they are. */
  read?(body: JsonBody, request: FastifyRequest): unknown;
}

/** Bytes of JSON, or elements of tensors, that hold up other requests for a few milliseconds at most. */
const small = 128 * 1024;
/** Bytes of a piece of a large body. */
const pieceSize = 2 ** 20;
/** Bodies of the largest size that are held at once. */
const largestAtOnce = 4;

const asItIs = (body: JsonBody): unknown => body;

const jsonTooLarge = (limit: number): string =>
  `The body is larger than ${formatBytes(limit)}, the most JSON that this server takes.`;

class JsonService {
  private readonly threads = new Threads<JsonTasks>(pathToFileURL(modulePath('protocols/json-thread')));
  /** Bytes of the large bodies whose requests aren't answered yet. */
  private held = 0;

  constructor(private readonly maxSize: number) {}

  /**
   * Runs a task with JSON: here, or in a thread where it is more than a little.
   * @param size in bytes of JSON or elements of tensors
   * @param transfer what a thread gets for itself, instead of a copy
   * @param signal of the request, so that nothing waits for a thread whose client is gone
   */
  async run<K extends keyof JsonTasks>(
    task: K,
    input: Parameters<JsonTasks[K]>[0],
    size: number,
    transfer: readonly ArrayBuffer[] = [],
    signal?: AbortSignal,
  ): Promise<ReturnType<JsonTasks[K]>> {
    if (size > small) return this.threads.run(task, input, transfer, signal);
    return (jsonTasks[task] as (given: typeof input) => ReturnType<JsonTasks[K]>)(input);
  }

  /**
   * Makes routes take bodies of some kinds, compressed ones too. What they hold of large ones counts until they have
   * answered.
   * @param app the instance of the routes
   */
  takeBodies(app: FastifyInstance, kinds: readonly BodyKind[]): void {
    app.decorateRequest('heldBytes', 0);
    app.addHook('onRequest', async (request, reply) => {
      finished(reply.raw)
        .catch(() => undefined)
        .finally(() => {
          this.held -= request.heldBytes;
        });
    });
    for (const { contentType, limit = this.maxSize, tooLarge = jsonTooLarge, read = asItIs } of kinds)
      app.addContentTypeParser(contentType, async (request: FastifyRequest, payload: IncomingMessage) =>
        read(await this.take(request, decodeBody(request, payload), limit, tooLarge), request),
      );
  }

  close(): Promise<void> {
    return this.threads.close();
  }

  private async take(
    request: FastifyRequest,
    payload: AsyncIterable<Uint8Array>,
    limit: number,
    tooLarge: (limit: number) => string,
  ): Promise<JsonBody> {
    const check = (size: number) => {
      if (size > limit) throw new RequestError('content_too_large', tooLarge(limit));
    };
    const announced = Number(request.headers['content-length'] ?? 0);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    // Of the last piece.
    let free = 0;
    check(announced);
    for await (const chunk of payload) {
      check(size + chunk.length);
      if (size + chunk.length > small)
        this.hold(request, size + chunk.length - request.heldBytes, Math.max(limit, this.maxSize));
      for (let from = 0; from < chunk.length; ) {
        if (free === 0) {
          const length = Math.min(pieceSize, Math.max(announced - size, chunk.length - from));
          pieces.push(new Uint8Array(length));
          free = length;
        }
        const piece = pieces.at(-1)!;
        const part = chunk.subarray(from, from + free);
        piece.set(part, piece.length - free);
        free -= part.length;
        from += part.length;
        size += part.length;
      }
    }
    const last = pieces.pop();
    if (last) pieces.push(free > 0 ? last.slice(0, last.length - free) : last);
    return new JsonBody(pieces, size);
  }

  /**
   * Counts memory towards what is held of large requests, until this one is answered.
   * @param largest how much one request can hold
   * @throws RequestError `queue_full` when all hold too much
   */
  hold(request: FastifyRequest, more: number, largest = this.maxSize): void {
    if (this.held + more > largestAtOnce * largest)
      throw new RequestError('queue_full', 'Too many large requests are being read. Try again in a moment.');
    this.held += more;
    request.heldBytes += more;
  }
}

/** Decorates the instance with `json`. */
export default fp<{ maxJsonSize: number }>(
  async (app, { maxJsonSize }) => {
    const json = new JsonService(maxJsonSize);
    app.decorate('json', json);
    app.addHook('onClose', () => json.close());
  },
  { name: 'json' },
);
