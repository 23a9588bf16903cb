import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import { Certificate } from './certificate.js';
import { closeWith } from './client-errors.js';
import type { KeyPairFiles } from './key-pair-files.js';
import { socketBelow } from './socket-below.js';

/** Milliseconds that a client may take until its connection is secure: it needs little longer than its packets do. */
const handshakeTimeout = 20_000;

/** What a TLS connection begins with: the type of record of a handshake (RFC 8446, section 5.1). */
const handshakeRecord = 0x16;

/** Makes the servers of an instance, which share a certificate. */
export interface SecureServers {
  create(options: ServerOptions, handler: RequestListener): Server;
  /** Follows the certificate's files until the signal. */
  follow(log: FastifyBaseLogger, signal: AbortSignal): Promise<void>;
}

/** @throws KeyPairError where the certificate or its key can't be used */
export async function openSecureServers(files: KeyPairFiles): Promise<SecureServers> {
  const certificate = await Certificate.open(files);
  return {
    create: (options, handler) => createSecureServer(options, certificate, handler),
    follow: (log, signal) => certificate.follow(log, signal),
  };
}

/**
 * A server of HTTPS. What begins as HTTP without TLS is answered so: to a client that speaks it, what TLS says of that is noise,
 * and Node says nothing.
 */
function createSecureServer(options: ServerOptions, certificate: Certificate, handler: RequestListener): Server {
  // Who sends no more may still wait for answers; servers of HTTP alone are so by themselves.
  const { headersTimeout = handshakeTimeout } = options;
  const server = createServer({ ...options, ...certificate.context, allowHalfOpen: true }, handler);
  certificate.use(server);
  const [shakeHands] = server.listeners('connection') as [(this: Server, socket: Socket) => void];
  const timers = new WeakMap<Socket, NodeJS.Timeout>();
  server
    .removeAllListeners('connection')
    .on('connection', (socket: Socket) => {
      const timer = setTimeout(() => socket.destroy(), Math.min(handshakeTimeout, headersTimeout));
      timers.set(socket, timer);
      const leave = () => socket.destroy();
      socket
        .on('error', () => undefined)
        .once('close', () => clearTimeout(timer))
        .once('end', leave)
        .once('data', (bytes: Buffer) => {
          socket.pause().off('end', leave);
          if (isHttp(bytes)) return void refuse(socket);
          socket.unshift(bytes);
          shakeHands.call(server, socket);
        });
    })
    .on('secureConnection', (socket) => clearTimeout(timers.get(socketBelow(socket))));
  return server;
}

/** Whether these bytes begin with the name of a method. */
const isHttp = ([first = handshakeRecord]: Buffer): boolean => first >= 0x41 && first <= 0x5a;

function refuse(socket: Socket): void {
  closeWith(socket, 'request_invalid', 'This port speaks HTTPS alone: begin the address with https://');
  socket.resume();
}
