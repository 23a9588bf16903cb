import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { LogController } from 'fastify';
import type { Connections, Crowded } from './connections.js';
import { keyHolderOf } from './key-holder.js';

/** Any character that a terminal could take for a command becomes a question mark. */
const printable = (text: string) => text.slice(0, 500).replace(/[^\x20-\x7e]/g, '?');

/** An address as it is logged: without its query, which may hold what is nobody's business, such as a token in another address. */
const withoutQuery = (url: string): string => {
  const [path = ''] = url.split('?', 1);
  return printable(path) + (url.length > path.length ? '?…' : '');
};

const describe = (request: FastifyRequest, status: number, ms: number) => {
  const holder = keyHolderOf(request);
  // Whoever comes by a Unix socket has none.
  const ip = request.ip as string | undefined;
  return {
    client: ip && printable(ip),
    method: request.method,
    url: withoutQuery(request.originalUrl),
    status,
    ms: Math.round(ms * 10) / 10,
    ...(holder && { key: holder.name }),
  };
};

/** Logs one line a request, when it is answered. */
export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'id' });
  }

  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const line = describe(request, reply.statusCode, reply.elapsedTime);
    const message = `${line.method} ${line.url} ${line.status} in ${line.ms} ms`;
    if (error) request.log.warn({ ...line, err: error }, message);
    else request.log.info(line, message);
  }
}

/** By convention, the status of a request whose client has gone before its reply. It stands in log and metrics alone. */
export const CLIENT_GONE = 499;

/** Logs the one line of a request whose client hung up. */
export function logGone(request: FastifyRequest, reply: FastifyReply): void {
  const line = describe(request, CLIENT_GONE, reply.elapsedTime);
  request.log.info(line, `${line.method} ${line.url} ${line.status} client hung up after ${line.ms} ms`);
}

/** Milliseconds between two lines that say that there are too many connections. */
const crowdInterval = 10_000;

/** Warns of connections that are closed because there are too many: at once, then every ten seconds as long as it goes on. */
export function logCrowd(log: FastifyBaseLogger, connections: Connections, limit: number): void {
  const closed: Record<Crowded, number> = { idle: 0, unfinished: 0, refused: 0 };
  let silent = false;
  const tell = () => {
    silent = Object.values(closed).some((count) => count > 0);
    if (!silent) return;
    log.warn(
      { ...closed },
      `more than ${limit} connections: ${closed.idle} that were idle closed, ${closed.unfinished} whose requests had not arrived as a whole, ${closed.refused} new ones refused; --max-connections allows more`,
    );
    for (const which of Object.keys(closed) as Crowded[]) closed[which] = 0;
    setTimeout(tell, crowdInterval).unref();
  };
  connections.on('crowded', (which) => {
    closed[which]++;
    if (!silent) tell();
  });
}
