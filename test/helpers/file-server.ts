import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request that a file server got. */
export interface FileRequest {
  path: string;
  range: string | undefined;
  ifRange: string | undefined;
}

/** What a file server does with one request. */
export interface Behaviour {
  content?: Buffer;
  /** Its ETag: made of the content by default; null is none. */
  etag?: string | null;
  lastModified?: string;
  /** An answer other than 200 or 206. */
  status?: number;
  headers?: Record<string, string>;
  /** Whether ranges are answered with the whole. */
  ignoresRanges?: boolean;
  /** Bytes after which … */
  stopAfter?: number;
  /** … the connection breaks, or stays open in silence. */
  stop?: 'break' | 'silence';
  /** Whether it says no length. */
  chunked?: boolean;
}

/** A server of files as stores of objects are: with ETags, and with ranges under `If-Range`. */
export interface FileServer {
  url: string;
  requests: FileRequest[];
  /** Resolves when so many requests have come. */
  got(count: number): Promise<void>;
}

/** @param behave says what to do with a request, by its number from 0 on */
export async function startFileServer(
  t: TestContext,
  behave: (number: number, request: FileRequest) => Behaviour,
): Promise<FileServer> {
  const requests: FileRequest[] = [];
  const server = createServer((request, response) => {
    const seen = { path: request.url!, range: request.headers.range, ifRange: request.headers['if-range'] as string };
    requests.push(seen);
    server.emit('counted');
    answer(request, response, behave(requests.length - 1, seen));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async got(count) {
      while (requests.length < count) await once(server, 'counted');
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, behaviour: Behaviour): void {
  const { content = Buffer.alloc(0), lastModified, status, headers = {} } = behaviour;
  const { etag = `"${createHash('md5').update(content).digest('hex')}"` } = behaviour;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (status !== undefined) return void response.writeHead(status).end('refused');
  if (etag !== null) response.setHeader('etag', etag);
  if (lastModified) response.setHeader('last-modified', lastModified);
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const ifRange = request.headers['if-range'];
  const fits = ifRange === undefined || ifRange === etag || ifRange === lastModified;
  const start = from !== undefined && fits && !behaviour.ignoresRanges ? Number(from) : 0;
  if (start > 0 && start >= content.length)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  if (start > 0) response.setHeader('content-range', `bytes ${start}-${content.length - 1}/${content.length}`);
  const body = content.subarray(start);
  if (!behaviour.chunked) response.setHeader('content-length', body.length);
  response.writeHead(start > 0 ? 206 : 200);
  if (behaviour.stop === undefined) return void response.end(body);
  response.write(body.subarray(0, behaviour.stopAfter), () => {
    if (behaviour.stop === 'break') setTimeout(() => response.destroy(), 20);
  });
}
