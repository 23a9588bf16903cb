import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { nearestName } from '../support/nearest-name.js';
import { RequestError } from './request-error.js';

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'application/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** The first and the last byte that a `Range` asks for; undefined where it is to be ignored (RFC 9110, section 14.2). */
function partOf(range: string | undefined, length: number): [first: number, last: number] | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === undefined) return undefined;
  const end = Math.min(last ? Number(last) : length, length - 1);
  return Number(first) <= end ? [Number(first), end] : undefined;
}

interface MemoryFile {
  content: Buffer;
  etag: string;
}

/**
 * The small files of a folder, which are kept in memory once they have been asked for: replies that wait for clients to take
 * them have no file open. What the folder gets later isn't seen.
 */
export class MemoryFiles {
  private readonly read = new Map<string, Promise<MemoryFile>>();

  private constructor(
    private readonly folder: string,
    readonly names: readonly string[],
  ) {}

  static async of(folder: string): Promise<MemoryFiles> {
    return new MemoryFiles(folder, await readdir(folder));
  }

  /** Answers with a file, or with 304 where the client has it. @throws RequestError `not_found` */
  async send(name: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (!this.names.includes(name)) {
      const nearest = nearestName(name, this.names);
      throw new RequestError('not_found', nearest && `There is no file of this name. Did you mean "${nearest}"?`);
    }
    const reading = this.read.get(name) ?? this.load(name);
    this.read.set(name, reading);
    const { content, etag } = await reading;
    reply.header('etag', etag);
    const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim());
    if (known?.includes(etag)) return reply.code(304).send();
    reply.type(types[extname(name)] ?? 'application/octet-stream').header('accept-ranges', 'bytes');
    const part = partOf(request.headers.range, content.length);
    if (!part) return reply.send(content);
    const [first, last] = part;
    return reply
      .code(206)
      .header('content-range', `bytes ${first}-${last}/${content.length}`)
      .send(content.subarray(first, last + 1));
  }

  private async load(name: string): Promise<MemoryFile> {
    const content = await readFile(join(this.folder, name));
    // Weak, since a reply may be compressed.
    return { content, etag: `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"` };
  }
}
