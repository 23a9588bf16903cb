import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';

/** A reply as it came. */
export interface Exchanged {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Asks something by Node's own client, which sends what it is told and goes by Unix sockets, too. */
export function exchange(options: RequestOptions | string, body?: Buffer | string): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
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
