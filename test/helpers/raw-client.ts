import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildApp } from '../../src/app.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import type { AppOptions } from '../../src/options.js';

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

/** A line of the log that tells of a request. */
interface Line {
  url: string;
  status: number;
  ms: number;
}

/** Ends what the model is running, whatever it is. */
const endRuns = (app: FastifyInstance) => {
  for (const { pid } of kerasServeOf(app).catalog.pool.processes) process.kill(pid!, 'SIGKILL');
};

/** A server that listens, with the lines that it has logged of requests. */
export async function listen(t: TestContext, options: AppOptions) {
  const lines: Line[] = [];
  const write = (text: string) => {
    const line = JSON.parse(text);
    if (line.status !== undefined) lines.push(line);
  };
  const app = await buildApp({ processes: 1, noCache: true, logger: pino({ level: 'info' }, { write }), ...options });
  t.after(() => {
    endRuns(app);
    return app.close();
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const gone = () => lines.filter(({ status }) => status === 499).length;
  return { app, url, lines, gone };
}

/** A connection over which so much is sent. */
export async function send(url: string, ...bytes: Buffer[]): Promise<Socket> {
  const socket = await connectTo(url);
  for (const part of bytes) socket.write(part);
  return socket;
}

/** Whether nothing is left of what requests took. */
export const isAtRest = (app: FastifyInstance) =>
  kerasServeOf(app).replies.size === 0 && kerasServeOf(app).memory.reserved === 0;
