/** Clients of HTTPS that do as they like. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { certificateFolder } from './certificates.js';
import { startServer } from './server.js';

/** A server of HTTPS by the built command line, and what opens connections to it. */
export async function startSecureServer(t: TestContext, args: string[], model: string) {
  const made = certificateFolder(t);
  const server = await startServer(t, [...made.flags, '--host', '127.0.0.1', '--processes', '1', ...args], model);
  const port = Number(new URL(server.url).port);
  /** A secure connection. */
  const open = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port, ca: made.cert, ...options }).on('error', () => undefined);
    t.after(() => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      socket
        .once('secureConnect', resolve)
        .once('error', reject)
        .once('close', () => reject(new Error('closed')));
    });
    return socket;
  };
  /** Asks on a connection, and gives back what comes first. */
  const ask = async (socket: TLSSocket, path: string): Promise<string> => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const [chunk] = await once(socket, 'data');
    return String(chunk);
  };
  /** A whole reply, on a connection of its own. */
  const get = async (path: string): Promise<string> => {
    const socket = await open();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    return text(socket);
  };
  return { ...server, ...made, port, open, ask, get };
}
