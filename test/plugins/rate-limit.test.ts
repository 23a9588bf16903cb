import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type InjectOptions } from 'fastify';
import { buildApp } from '../../src/app.js';
import type { AppOptions } from '../../src/options.js';
import kerasServe from '../../src/plugin.js';
import { readConfig } from '../../src/settings/config.js';
import { temporaryFolder } from '../helpers/folder.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { startServer } from '../helpers/server.js';

const model = doublingModel();
const options = { model, processes: 1, noCache: true };
const asked: InjectOptions = { method: 'POST', url: '/predict', payload: { instances: [[1, 2, 3]] } };

async function start(t: TestContext, requests: number, more: Partial<AppOptions> = {}) {
  const app = await buildApp({ ...options, rateLimit: { requests, seconds: 3600 }, ...more });
  t.after(() => app.close());
  await app.ready();
  const statusOf = async (request: InjectOptions | string) => (await app.inject(request)).statusCode;
  return { app, statusOf };
}

describe('--rate-limit', () => {
  for (const [text, rate] of Object.entries({
    '100/minute': { requests: 100, seconds: 60 },
    '10/second': { requests: 10, seconds: 1 },
    '1000/hour': { requests: 1000, seconds: 3600 },
    '5/10s': { requests: 5, seconds: 10 },
    '1/1d': { requests: 1, seconds: 86_400 },
    none: undefined,
  }))
    it(`takes ${text}`, () => assert.deepEqual(readConfig({ 'rate-limit': text }).rateLimit, rate));

  for (const text of [
    '',
    '100',
    '0/minute',
    '100/',
    '/minute',
    '1.5/s',
    '10 / s',
    '10/ms',
    '10/500ms',
    '10/2d',
    '10/constructor',
  ])
    it(`refuses "${text}"`, () => {
      assert.throws(() => readConfig({ 'rate-limit': text }), {
        name: 'ConfigError',
        message: `--rate-limit must be a number of requests and a time from 1s to 1d, such as 100/minute, 10/second, 1000/hour or 5/10s, but is "${text}"`,
      });
    });
});

describe('a limit of requests', () => {
  it('lets exactly so many in, however many come at once, and says when to come again', async (t) => {
    const server = await startServer(t, ['--processes', '1', '--rate-limit', '10/hour'], model);
    const headers = { 'content-type': 'application/json' };
    const ask = () => fetch(`${server.url}/predict`, { method: 'POST', headers, body: '{"instances": [[1, 2, 3]]}' });
    const replies = await Promise.all(Array.from({ length: 50 }, ask));
    const statuses = replies.map(({ status }) => status);
    assert.deepEqual(
      [200, 429].map((one) => statuses.filter((status) => status === one).length),
      [10, 40],
    );
    const remaining = replies.map((reply) => Number(reply.headers.get('ratelimit-remaining')));
    assert.deepEqual(
      [...new Set(remaining)].sort((a, b) => b - a),
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    );

    const refused = replies.find(({ status }) => status === 429)!;
    assert.equal(refused.headers.get('ratelimit-limit'), '10');
    const wait = Number(refused.headers.get('retry-after'));
    assert.ok(wait > 3000 && wait <= 3600, String(wait));
    assert.equal(refused.headers.get('ratelimit-reset'), String(wait));
    const { success, error } = (await refused.json()) as { success: boolean; error: { code: string; message: string } };
    assert.deepEqual([success, error.code], [false, 'rate_limited']);
    assert.match(error.message, /^You have sent more than 10 requests in 3600 s\. Try again in 3\d\d\d s\.$/);

    for (let round = 0; round < 20; round++)
      for (const path of [
        '/health/live',
        '/health/ready',
        '/v2/health/ready',
        '/v2/models/model/ready',
        '/metrics',
        '/',
        '/page.js',
        '/docs',
        '/openapi.json',
      ])
        assert.notEqual((await fetch(server.url + path)).status, 429, path);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(
      metrics,
      /^keras_serve_request_duration_seconds_count\{route="\/predict",method="POST",status="429"\} 40$/m,
    );
  });

  it('is told of in each protocol’s form', async (t) => {
    const { app, statusOf } = await start(t, 2);
    assert.equal(await statusOf(asked), 200);
    assert.equal(await statusOf('/models'), 200);
    for (const url of ['/models', '/v1/models/model', '/v2/models/model', '/v2']) {
      const reply = await app.inject(url);
      assert.equal(reply.statusCode, 429, url);
      const { error } = reply.json();
      assert.match(url.startsWith('/v') ? error : error.message, /^You have sent more than 2 requests /, url);
    }
  });

  it('counts what is refused otherwise too, but not what has no address here', async (t) => {
    const { statusOf } = await start(t, 3);
    for (let round = 0; round < 5; round++) assert.equal(await statusOf('/nowhere/at/all'), 404);
    assert.equal(await statusOf({ ...asked, url: '/predict?topk=1' }), 400);
    assert.equal(await statusOf('/models/none'), 404);
    assert.equal(await statusOf({ ...asked, payload: '{' }), 400);
    assert.equal(await statusOf({ ...asked, url: '/predict?topk=1' }), 429);
  });

  it('begins anew when its time is over', async (t) => {
    const { app, statusOf } = await start(t, 3, { rateLimit: { requests: 3, seconds: 2 } });
    for (let round = 0; round < 2; round++) {
      const statuses = [];
      do statuses.push(await statusOf('/models'));
      while (statuses.at(-1) === 200);
      assert.deepEqual(statuses, [200, 200, 200, 429]);
      const { 'retry-after': seconds } = (await app.inject('/models')).headers;
      await sleep(1000 * Number(seconds));
    }
  });

  it('is each address’s own, and each network’s of IPv6', async (t) => {
    const { statusOf } = await start(t, 1);
    const from = (remoteAddress: string) => statusOf({ url: '/models', remoteAddress });
    const expected: [address: string, status: number][] = [
      ['192.0.2.1', 200],
      ['192.0.2.2', 200],
      ['192.0.2.1', 429],
      ['::ffff:192.0.2.1', 429],
      ['2001:db8:0:1::1', 200],
      ['2001:db8:0:1:ffff::2', 429],
      ['2001:db8:0:2::1', 200],
    ];
    for (const [address, status] of expected) assert.equal(await from(address), status, address);
  });

  it('is each key’s own, from whatever address; what has no key doesn’t count', async (t) => {
    const apiKeys = join(temporaryFolder(), 'keys');
    writeFileSync(apiKeys, 'one first-key-0123456789abcdef\ntwo second-key-0123456789abcdef\n', { mode: 0o600 });
    const { statusOf } = await start(t, 2, { apiKeys });
    const by = (key: string, remoteAddress = '192.0.2.1') =>
      statusOf({ url: '/models', remoteAddress, headers: { 'x-api-key': key } });
    for (let round = 0; round < 5; round++) assert.equal(await by('nobody-s-key-0123456789abcdef'), 401);
    assert.equal(await by('first-key-0123456789abcdef'), 200);
    assert.equal(await by('first-key-0123456789abcdef', '192.0.2.2'), 200);
    assert.equal(await by('first-key-0123456789abcdef', '192.0.2.3'), 429);
    assert.equal(await by('second-key-0123456789abcdef'), 200);
  });

  it('can be read by pages of other origins, whose preflights don’t count', async (t) => {
    const { app, statusOf } = await start(t, 1, { corsOrigin: ['https://a.example'] });
    const headers = { origin: 'https://a.example' };
    const preflight = { ...headers, 'access-control-request-method': 'POST' };
    for (let round = 0; round < 5; round++)
      assert.equal(await statusOf({ method: 'OPTIONS', url: '/predict', headers: preflight }), 204);
    assert.equal(await statusOf({ ...asked, headers }), 200);
    const refused = await app.inject({ ...asked, headers });
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.headers['access-control-allow-origin'], headers.origin);
    const exposed = String(refused.headers['access-control-expose-headers']).toLowerCase().split(', ');
    for (const name of Object.keys(refused.headers).filter((name) => /^(ratelimit-|retry-after)/.test(name)))
      assert.ok(exposed.includes(name), name);
  });

  it('is documented where there is one, and nowhere else', async (t) => {
    const { app } = await start(t, 1);
    const document = (await app.inject('/openapi.json')).json();
    for (const [path, operations] of Object.entries<
      Record<string, { responses: Record<string, { headers?: object }> }>
    >(document.paths))
      for (const [method, { responses }] of Object.entries(operations)) {
        const isFree = /health|metrics|ready$/.test(path);
        assert.equal('429' in responses, !isFree, `${method} ${path}`);
        if (!isFree) assert.ok(responses['429']!.headers && 'Retry-After' in responses['429']!.headers, path);
      }
    assert.ok(document.components.schemas.RateLimited);
    const without = await buildApp(options);
    t.after(() => without.close());
    await without.ready();
    assert.doesNotMatch((await without.inject('/openapi.json')).body, /429|rate_limited|RateLimit/);
  });

  it('is the host’s own where it has the plugin', async (t) => {
    const app = Fastify();
    t.after(() => app.close());
    await app.register(rateLimit);
    await assert.rejects(async () => {
      await app.register(kerasServe, { ...options, prefix: '/ml', rateLimit: { requests: 1, seconds: 1 } });
      await app.ready();
    }, /ConfigError.*|leave the option "rateLimit" out/);
  });
});
