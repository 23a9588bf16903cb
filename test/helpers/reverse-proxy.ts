import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/**
 * A reverse proxy as many stand before servers: it takes a path off the addresses below it, tells nobody, redirects the
 * path alone to its folder, and knows nothing else.
 *
 * @param path such as `/some/path`
 * @returns its address with the path
 */
export async function startReverseProxy(t: TestContext, target: string, path: string): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const url = incoming.url!;
    if (url === path) return void outgoing.writeHead(301, { location: `${path}/` }).end();
    if (!url.startsWith(`${path}/`)) return void outgoing.writeHead(404).end('not below the path');
    const { method, headers } = incoming;
    const passed = request(target + url.slice(path.length), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`;
}
