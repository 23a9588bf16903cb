import type { IncomingMessage } from 'node:http';
import { pathToFileURL } from 'node:url';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { formatBytes } from '../src/config.js';
import { Threads } from '../src/json/threads.js';
import { modulePath } from '../src/package.js';
import { type JsonTasks, jsonTasks } from '../src/protocols/json-tasks.js';
import { decodeBody } from './content-encoding.js';
import { RequestError } from './errors.js';
import { HeldMemory } from './held-memory.js';
import { replyTo } from './open-replies.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Reads and writes large JSON in threads beside the server. */
    readonly json: JsonService;
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

const asItIs = (body: JsonBody): unknown => body;

const jsonTooLarge = (limit: number): string =>
  `The body is larger than ${formatBytes(limit)}, the most JSON that this server takes.`;

class JsonService {
  private readonly threads = new Threads<JsonTasks>(pathToFileURL(modulePath('protocols/json-thread')));
  /** The large bodies whose requests aren't answered yet, and what is made of them. */
  readonly held = new HeldMemory();

  constructor(private readonly maxSize: number) {}

  /** Tasks that wait for a thread. */
  get waiting(): number {
    return this.threads.waiting;
  }

  /**
   * Runs a task with JSON for a request: here, or in a thread where it is more than a little. None waits for a thread once
   * its client is gone.
   * @param size in bytes of JSON or elements of tensors
   * @param transfer what a thread gets for itself, instead of a copy
   */
  async run<K extends keyof JsonTasks>(
    request: FastifyRequest,
    task: K,
    input: Parameters<JsonTasks[K]>[0],
    size: number,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ReturnType<JsonTasks[K]>> {
    if (size > small) return this.threads.run(task, input, transfer, replyTo(request).signal);
    return (jsonTasks[task] as (given: typeof input) => ReturnType<JsonTasks[K]>)(input);
  }

  /**
   * Makes routes take bodies of some kinds, compressed ones too. What they hold of large ones counts until they have
   * answered.
   * @param app the instance of the routes
   */
  takeBodies(app: FastifyInstance, kinds: readonly BodyKind[]): void {
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
    const reply = replyTo(request);
    const lease = this.held.lease(reply);
    check(announced);
    for await (const chunk of payload) {
      check(size + chunk.length);
      if (reply.isGone) throw new RequestError('request_aborted');
      if (size + chunk.length > small) lease.hold(size + chunk.length, Math.max(limit, this.maxSize));
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
}

/** Decorates the instance with `json`. */
export default fp<{ maxJsonSize: number }>(
  async (app, { maxJsonSize }) => {
    const json = new JsonService(maxJsonSize);
    app.decorate('json', json);
    app.addHook('onClose', () => json.close());
  },
  { name: 'json', dependencies: ['open-replies'] },
);
