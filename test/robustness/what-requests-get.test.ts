/** What a request can't have the server do or tell, through the built command line. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { packageVersion } from '../../src/support/package.js';
import { photo } from '../helpers/app.js';
import { folderOf, kindModels } from '../helpers/kind-models.js';
import { send } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

describe('a request', () => {
  it('has nothing fetched that it names by its address', async (t) => {
    let connections = 0;
    const elsewhere = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    t.after(() => elsewhere.close());
    const address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/cat.jpg`;

    const { url } = await startServer(t);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg"><image href="${address}" width="9" height="9"/></svg>`;
    const bodies: [type: string, body: string][] = [
      ['application/json', JSON.stringify({ image: address })],
      ['application/json', JSON.stringify({ image: { url: address } })],
      ['application/json', JSON.stringify({ instances: [address, { b64: address }] })],
      ['application/json', JSON.stringify({ image: 'file:///etc/passwd' })],
      ['application/json', JSON.stringify({ image: Buffer.from(svg).toString('base64') })],
      ['image/svg+xml', svg],
      ['image/png', svg],
      ['application/x-www-form-urlencoded', `image=${encodeURIComponent(address)}`],
      ['text/plain', address],
    ];
    for (const [type, body] of bodies) {
      const reply = await fetch(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': type, referer: address },
        body,
      });
      assert.ok(reply.status >= 400 && reply.status < 500, `${body}: ${reply.status}`);
      await reply.text();
    }
    assert.equal(connections, 0);
  });

  it('is told in no header and no failure what serves it, in which version', async (t) => {
    const { url } = await startServer(t, [], folderOf(kindModels));
    const replies: string[] = [];
    const ask = async (path: string, init: RequestInit = {}) => {
      const reply = await fetch(url + path, init);
      const body = await reply.text();
      for (const name of ['server', 'x-powered-by', 'via'])
        assert.equal(reply.headers.get(name), null, `${path}: ${name}`);
      replies.push(JSON.stringify([...reply.headers]), reply.status >= 400 ? body : '');
    };
    for (const path of [
      '/',
      '/docs',
      '/openapi.json',
      '/models',
      '/health/live',
      '/metrics',
      '/v1/models/houses',
      '/v2',
    ])
      await ask(path);
    for (const path of ['/nowhere', '/models/none', '/v1/models/none', '/v2/models/none', '/predict/%zz', '/docs/none'])
      await ask(path);
    const json = { 'content-type': 'application/json' };
    for (const path of ['/predict', '/v1/models/houses:predict', '/v2/models/houses/infer'])
      for (const init of [
        {},
        { headers: json, body: '{' },
        { headers: json, body: '{}' },
        { headers: { 'content-type': 'a/b' }, body: 'x' },
      ])
        await ask(path, { method: 'POST', ...init });
    await ask('/predict', { method: 'DELETE' });
    const image = new Uint8Array(photo('cat.jpg'));
    await ask('/models/houses/predict', { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body: image });
    for (const bytes of [
      'hello\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    ]) {
      const raw = await text(await send(url, Buffer.from(bytes)));
      assert.match(raw, /^HTTP\/1\.1 4\d\d /);
      assert.doesNotMatch(raw, /^server:/im);
      replies.push(raw);
    }
    const known = [packageVersion, process.versions.node, 'keras-serve/', 'node_modules', 'fastify', 'at Object.'];
    const telling = replies.filter((reply) => known.some((word) => reply.toLowerCase().includes(word.toLowerCase())));
    assert.deepEqual(telling, []);
  });
});
