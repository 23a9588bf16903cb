import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { onRequestHookHandler } from 'fastify';
import { type ErrorCode, errorReply, errors } from '../../schemas/error.js';
import type { Connections } from './connections.js';
import type { Origins } from './origins.js';
import { RequestError } from './request-error.js';

const parserErrors: Record<string, ErrorCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/**
 * Milliseconds that a client gets to read why it was refused. What it sends meanwhile is thrown away: a connection that is
 * closed over something unread is reset, and the answer may be lost.
 */
const farewell = 2000;

/** Answers what makes no request, and ends the connection. @param headers of the answer, besides what it needs */
export function closeWith(
  socket: Socket,
  code: ErrorCode,
  message?: string,
  headers: Record<string, string> = {},
): void {
  if (!socket.writable) return void socket.destroy();
  const [status] = errors[code];
  const body = JSON.stringify(errorReply(code, message));
  const others = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${others.join('')}Connection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), farewell);
  socket.once('close', () => clearTimeout(timer));
}

/**
 * Answers what makes no request: what Node's HTTP parser refuses, and CONNECT. Whatever came before it on its connection is
 * answered first, and the connection ends with it.
 * @param origins whose pages may read the answer, where it is known of which origin the request is
 */
export function answerClientErrors(server: Server, connections: Connections, origins: Origins): Server {
  const refused = new WeakSet<Socket>();
  const refuse = (socket: Socket, code: ErrorCode, message?: string) => {
    // The parser complains of all that comes behind it, too.
    if (refused.has(socket)) return;
    refused.add(socket);
    connections.afterAnswers(socket, (unfinished) => {
      if (unfinished?.headersSent) socket.destroy();
      else closeWith(socket, code, message, origins.headersFor(unfinished?.req.headers.origin));
    });
  };
  return server
    .on('checkExpectation', (request, response) => server.emit('request', request, response))
    .on('clientError', (error: NodeJS.ErrnoException, duplex) => {
      const socket = duplex as Socket;
      if (socket.destroyed || error.code === 'ECONNRESET') socket.destroy();
      else refuse(socket, parserErrors[error.code ?? ''] ?? 'request_invalid');
    })
    .on('connect', (_request, duplex) => {
      // Node has left the connection to itself, but replies that are under way need this of it.
      const socket = (duplex as Socket)
        .on('error', () => undefined)
        .on('timeout', () => server.emit('timeout', socket))
        .on('drain', () => connections.current(socket)?.emit('drain'))
        .resume();
      refuse(socket, 'request_invalid', 'CONNECT is for proxies, and this server is none.');
    });
}

/** Refuses what the parser lets through, though HTTP doesn't (RFC 9112, section 3.2; RFC 9110, section 10.1.1). */
export const refuseMalformed: onRequestHookHandler = ({ raw: { headers, httpVersion } }, _reply, done) => {
  const { host, expect = '100-continue' } = headers;
  if (host === undefined && httpVersion === '1.1')
    throw new RequestError('request_invalid', 'The request has no header "Host", which HTTP/1.1 asks for.');
  if (expect.toLowerCase() !== '100-continue')
    throw new RequestError(
      'expectation_unknown',
      `Nothing is known of "Expect: ${expect.slice(0, 40)}". Leave it out.`,
    );
  done();
};
