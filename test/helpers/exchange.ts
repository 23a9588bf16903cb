import http, { type IncomingHttpHeaders } from 'node:http';
import https, { type RequestOptions } from 'node:https';

/** A reply as it came. */
export interface Exchanged {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Asks something by Node's own client, which sends what it is told and goes by Unix sockets, too. */
export function exchange(options: RequestOptions | string, body?: Buffer | string): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const { protocol } = typeof options === 'string' ? new URL(options) : options;
    const { request } = protocol === 'https:' ? https : http;
    const asked = request(options, (reply) => {
      let text = '';
      reply
        .setEncoding('utf8')
        .on('data', (part) => {
          text += part;
        })
        .on('error', reject)
        .on('end', () => resolve({ status: reply.statusCode!, headers: reply.headers, text }));
    });
    asked.on('error', reject).end(body);
  });
}
