import { Agent, request } from 'node:http';
import type { form } from './form.js';

/** A reply, or why there is none. */
export interface Reply {
  status: number;
  body: string;
}

/** Posts a body over a connection of `agent`; rejects when the connection breaks. */
export function post(url: string, agent: Agent, { headers, payload }: ReturnType<typeof form>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': payload.byteLength };
    const sent = request(url, { method: 'POST', agent, headers: { ...headers, ...length } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

/**
 * Posts one request after the other over each of `connections` connections, as long as `next` gives one.
 * @param next the body to send, or undefined to stop
 * @param onReply what to do with each reply
 */
export async function drive(
  url: string,
  connections: number,
  next: () => ReturnType<typeof form> | undefined,
  onReply: (reply: Reply, body: ReturnType<typeof form>) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const client = async () => {
    for (let body = next(); body; body = next()) onReply(await post(url, agent, body), body);
  };
  try {
    await Promise.all(Array.from({ length: connections }, client));
  } finally {
    agent.destroy();
  }
}
