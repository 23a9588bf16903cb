import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A connection of a client that does as it likes. */
export async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // It may be the server that breaks it.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** A request as it goes over a connection. */
export function requestBytes(
  method: string,
  path: string,
  { headers = {}, payload = Buffer.alloc(0) }: { headers?: Record<string, string>; payload?: Buffer } = {},
): Buffer {
  const all = { host: 'a', ...headers, ...(method === 'GET' ? {} : { 'content-length': payload.length }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), payload]);
}

/** A request with a body of JSON. */
export const jsonRequest = (path: string, body: unknown, headers: Record<string, string> = {}): Buffer =>
  requestBytes('POST', path, {
    headers: { 'content-type': 'application/json', ...headers },
    payload: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
  });

/** Waits until something holds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await sleep(5)) assert.ok(Date.now() < end, `not seen: ${what}`);
}
