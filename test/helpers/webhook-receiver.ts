/** Somebody whom webhooks tell of ends. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A message as it came. */
export interface Message {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** Somebody who is told of ends, and answers as is said; the last answer is for all that follow. */
export async function receiver(t: Pick<TestContext, 'after'>, ...statuses: number[]) {
  const messages: Message[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer(async (request, reply) => {
    const chunks = await request.toArray();
    messages.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString() });
    const status = statuses.length > 1 ? statuses.shift()! : (statuses[0] ?? 204);
    reply.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    for (const told of waiting.splice(0)) told();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const have = async (count: number) => {
    while (messages.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return messages;
  };
  return { host: `127.0.0.1:${port}`, port, messages, have };
}
