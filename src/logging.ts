import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { LogController } from 'fastify';
import { type Logger, pino, stdSerializers } from 'pino';
import type { Config } from './config.js';
import type { Connections, Crowded } from './connections.js';

/** The log, on standard output: JSON for machines, coloured lines on a terminal. */
export async function createLogger({ logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>): Promise<Logger> {
  const options = { level: logLevel, base: undefined, serializers: { err: stdSerializers.err } };
  if (logFormat === 'json' || (logFormat === 'auto' && !process.stdout.isTTY)) return pino(options);
  // Loaded for people alone: a server under a supervisor starts the sooner.
  const { default: pretty } = await import('pino-pretty');
  return pino(
    options,
    pretty({ singleLine: true, translateTime: 'HH:MM:ss', ignore: 'method,url,status,id,ms', sync: true }),
  );
}

/** Any character that a terminal could take for a command becomes a question mark. */
const printable = (text: string) => text.slice(0, 500).replace(/[^\x20-\x7e]/g, '?');

const describe = ({ method, url }: FastifyRequest, status: number, ms: number) => ({
  method,
  url: printable(url),
  status,
  ms: Math.round(ms * 10) / 10,
});

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
  const closed: Record<Crowded, number> = { idle: 0, refused: 0 };
  let silent = false;
  const tell = () => {
    silent = closed.idle + closed.refused > 0;
    if (!silent) return;
    log.warn(
      { ...closed },
      `more than ${limit} connections: ${closed.idle} that were idle closed, ${closed.refused} new ones refused; --max-connections allows more`,
    );
    closed.idle = 0;
    closed.refused = 0;
    setTimeout(tell, crowdInterval).unref();
  };
  connections.on('crowded', (which) => {
    closed[which]++;
    if (!silent) tell();
  });
}
