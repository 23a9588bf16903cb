import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import Fastify from 'fastify';
import { buildApp } from '../../src/app.js';
import kerasServe from '../../src/plugin.js';
import { readConfig } from '../../src/settings/config.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { connectTo } from '../helpers/raw-client.js';

const model = doublingModel();
const options = { model, processes: 1, noCache: true };
const page = 'https://app.example.com';
const asking = { origin: page, 'access-control-request-method': 'POST' };
const instances = { instances: [[1, 2, 3]] };

async function start(t: TestContext, corsOrigin: string[]) {
  const app = await buildApp({ ...options, corsOrigin, maxJsonSize: 1000, maxImageSize: 100 });
  t.after(() => app.close());
  await app.ready();
  return app;
}

describe('--cors-origin', () => {
  for (const [text, origins] of Object.entries({
    '*': ['*'],
    'https://app.example.com': ['https://app.example.com'],
    'HTTPS://App.Example.com:443, http://localhost:3000': ['https://app.example.com', 'http://localhost:3000'],
    'https://*.example.com:8443': ['https://*.example.com:8443'],
    'http://[::1]:8080,http://bücher.example': ['http://[::1]:8080', 'http://xn--bcher-kva.example'],
  }))
    it(`takes ${text}`, () => assert.deepEqual(readConfig({ 'cors-origin': text }).corsOrigin, origins));

  for (const text of [
    ...[
      'https://app.example.com/',
      'https://app.example.com/page',
      'app.example.com',
      'null',
      'https://',
      'ftp://a.example',
    ],
    ...['https://*', 'https://*.com', 'https://app.*.com', 'https://a*.example.com', 'https://user@a.example', '**'],
  ])
    it(`refuses "${text}", and says what an origin is`, () => {
      assert.throws(() => readConfig({ 'cors-origin': text }), {
        name: 'ConfigError',
        message: /^--cors-origin must be \*, or an origin as browsers send it: scheme, host .* but is "/,
      });
    });
});

describe('requests of pages of other origins', () => {
  it('are nothing special by default', async (t) => {
    const app = await start(t, []);
    const preflight = await app.inject({ method: 'OPTIONS', url: '/predict', headers: asking });
    assert.deepEqual([preflight.statusCode, preflight.headers.allow], [405, 'POST']);
    const { headers } = await app.inject({ url: '/models', headers: { origin: page } });
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control') || name === 'vary'),
      [],
    );
  });

  it('have preflights answered, with what the API takes', async (t) => {
    const app = await start(t, [page]);
    for (const url of [
      '/predict',
      '/predict/',
      '/models/a/predict',
      '/v1/models/a:predict',
      '/v2/models/a/infer',
      '/',
      '/nowhere',
    ]) {
      const { statusCode, headers, body } = await app.inject({ method: 'OPTIONS', url, headers: asking });
      assert.deepEqual([statusCode, body], [204, ''], url);
      assert.equal(headers['access-control-allow-origin'], page);
      assert.equal(headers['access-control-allow-credentials'], 'true');
      assert.equal(headers['access-control-allow-methods'], 'GET, HEAD, POST, DELETE');
      assert.equal(
        headers['access-control-allow-headers'],
        'Content-Type, Content-Encoding, Authorization, X-API-Key, Prefer, Idempotency-Key, Inference-Header-Content-Length, X-Request-Id',
      );
      assert.equal(headers.vary, 'Origin');
    }
    const foreign = { ...asking, origin: 'https://evil.example' };
    const { headers } = await app.inject({ method: 'OPTIONS', url: '/predict', headers: foreign });
    assert.deepEqual(
      [headers['access-control-allow-origin'], headers['access-control-allow-methods']],
      [undefined, undefined],
    );
  });

  it('get 405 for OPTIONS that is no preflight, as without', async (t) => {
    const app = await start(t, ['*']);
    for (const headers of [{}, { origin: page }]) {
      const reply = await app.inject({ method: 'OPTIONS', url: '/models', headers });
      assert.deepEqual([reply.statusCode, reply.headers.allow], [405, 'GET, HEAD']);
      assert.match(reply.json().error.message, /^OPTIONS is not allowed here\. Use GET or HEAD\.$/);
    }
  });

  it('may read all replies, failures too, and these headers of them', async (t) => {
    const app = await start(t, [page, 'https://*.example.org']);
    const cases: [status: number, request: object][] = [
      [200, { method: 'POST', url: '/predict', payload: instances }],
      [400, { method: 'POST', url: '/predict', payload: { instances: 'a' } }],
      [400, { url: '/%zz' }],
      [400, { url: '/v2/%zz' }],
      [404, { url: '/nowhere' }],
      [404, { url: '/v1/models/none' }],
      [405, { method: 'PUT', url: '/predict' }],
      [413, { method: 'POST', url: '/predict', payload: { instances: [Array(1000).fill(1)] } }],
      [417, { url: '/models', headers: { expect: 'much' } }],
    ];
    for (const origin of [page, 'https://a.example.org', 'https://b.a.example.org'])
      for (const [status, request] of cases) {
        const { headers: more = {} } = request as { headers?: object };
        const { statusCode, headers } = await app.inject({ ...request, headers: { ...more, origin } });
        const what = `${origin} ${JSON.stringify(request)}`;
        assert.equal(statusCode, status, what);
        assert.equal(headers['access-control-allow-origin'], origin, what);
        assert.match(
          String(headers['access-control-expose-headers']),
          /^Location, Retry-After, Preference-Applied, X-Request-Id, X-Model-Version, Server-Timing, /,
        );
      }
  });

  it('may not where their origin isn’t named, and a cache is told that it depends on it', async (t) => {
    const app = await start(t, [page, 'https://*.example.org']);
    for (const origin of [
      ...['http://app.example.com', 'https://app.example.com:8443', 'https://example.org', 'https://evil-example.org'],
      ...['https://.example.org', 'https://evil.example/.example.org', 'null', 'https://app.example.com.evil.example'],
    ]) {
      const { headers } = await app.inject({ url: '/models', headers: { origin } });
      assert.equal(headers['access-control-allow-origin'], undefined, origin);
      assert.equal(headers['access-control-expose-headers'], undefined, origin);
    }
    assert.equal((await app.inject('/models')).headers.vary, 'Origin');
    const predicted = await app.inject({ method: 'POST', url: '/predict', payload: instances });
    assert.equal(predicted.headers.vary, 'Origin, Accept');
    const long = await app.inject({ url: '/openapi.json', headers: { 'accept-encoding': 'gzip' } });
    assert.equal(long.headers.vary, 'Origin, accept-encoding');
  });

  it('of any origin are answered alike, without credentials', async (t) => {
    const app = await start(t, ['*']);
    for (const headers of [{}, { origin: 'null' }, { origin: page }]) {
      const reply = await app.inject({ url: '/models', headers });
      assert.equal(reply.headers['access-control-allow-origin'], '*');
      assert.equal(reply.headers['access-control-allow-credentials'], undefined);
      assert.equal(reply.headers.vary, undefined);
    }
  });

  it('that arrive too slowly, or are none, are answered so that their page can read it', async (t) => {
    const app = await buildApp({ ...options, corsOrigin: [page], requestTimeout: 1 });
    t.after(() => app.close());
    const socket = await connectTo(await app.listen({ port: 0, host: '127.0.0.1' }));
    socket.write(
      `POST /predict HTTP/1.1\r\nHost: a\r\nOrigin: ${page}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
    );
    const [bytes] = await once(socket, 'data');
    assert.match(
      String(bytes),
      /^HTTP\/1\.1 408 [\s\S]*\r\naccess-control-allow-origin: https:\/\/app\.example\.com\r\n/,
    );
  });
});

describe('keras-serve with origins in another app', () => {
  for (const prefix of ['', '/ml'])
    it(`answers preflights of its own routes alone: ${prefix || 'without a prefix'}`, async (t) => {
      const app = Fastify({ pluginTimeout: 0 });
      t.after(() => app.close());
      app.get('/pets', async () => ({}));
      app.post('/pets', async () => ({}));
      await app.register(kerasServe, { ...options, corsOrigin: [page], prefix });
      await app.ready();
      const preflight = async (url: string) => {
        const { statusCode, headers } = await app.inject({ method: 'OPTIONS', url, headers: asking });
        return [statusCode, headers['access-control-allow-methods']];
      };
      for (const url of ['/predict', '/models', '/models/', '/v2', '/docs'])
        assert.deepEqual(await preflight(prefix + url), [204, 'GET, HEAD, POST, DELETE'], prefix + url);
      assert.deepEqual(await preflight('/pets'), [404, undefined]);
      const { headers } = await app.inject({ url: '/pets', headers: { origin: page } });
      assert.deepEqual([headers['access-control-allow-origin'], headers.vary], [undefined, undefined]);
    });
});
