import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readConfig } from '../../src/settings/config.js';
import { photo } from '../helpers/app.js';
import { temporaryFolder } from '../helpers/folder.js';
import { bundledName } from '../helpers/protocol-app.js';
import { connectTo, requestBytes } from '../helpers/raw-client.js';
import { runCli, startServer } from '../helpers/server.js';

const base = '/models-api';

async function start(t: TestContext, ...args: string[]) {
  const { url, ...server } = await startServer(t, ['--processes', '1', '--base-path', base, ...args]);
  return { ...server, url, origin: new URL(url).origin };
}

const json = async (address: string) => (await fetch(address)).json();

describe('--base-path', () => {
  it('has everything below it alone, but health and metrics at both', async (t) => {
    const { url, origin, line } = await start(t);
    assert.equal(url, `${origin}${base}`);
    assert.match(
      await line('is served at'),
      new RegExp(`${origin}${base}/ with its documents at ${origin}${base}/docs`),
    );
    const addresses = ['', '/', '/docs', '/openapi.json', '/models/', `/v1/models/${bundledName}`, '/v2', '/page.js'];
    for (const address of addresses) {
      assert.equal((await fetch(url + address)).status, 200, address);
      const above = await fetch(origin + address);
      assert.equal(above.status, 404, address);
      assert.match(
        (await above.json()).error.message,
        new RegExp(`^There is nothing at this address: all is below ${base}/\\.`),
      );
    }
    for (const address of ['/health/live', '/health/ready', '/health/ready/', '/metrics', '/metrics?x=1'])
      for (const place of [origin, url]) assert.equal((await fetch(place + address)).status, 200, place + address);
    for (const address of ['/models-apix/docs', '/models-ap', '//models-api/docs', '/healthy', '/v2/health/live'])
      assert.equal((await fetch(origin + address)).status, 404, address);
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    assert.match(metrics, /route="\/models",method="GET",status="200"/);
    assert.match(metrics, /route="unknown",method="GET",status="404"/);
    assert.match(await line('"url":"/models-api/page.js"'), /"client":"(127\.0\.0\.1|::1)"/);
  });

  it('stands in all addresses that are handed out', async (t) => {
    const { url, origin } = await start(t);
    assert.equal((await json(`${url}/openapi.json`)).servers[0].url, base);
    assert.match(await (await fetch(`${url}/openapi.yaml`)).text(), /^servers:\n {2}- url: \/models-api$/m);
    assert.equal((await json(`${url}/docs/json`)).servers[0].url, base);
    const { routes } = await json(`${url}/models/${bundledName}`);
    for (const [use, address] of Object.entries<string>(routes))
      assert.equal((await fetch(origin + address)).status, use === 'predict' ? 405 : 200, address);
    const body = new FormData();
    body.set('image', new Blob([new Uint8Array(photo('cat.jpg'))]), 'cat.jpg');
    const later = await fetch(`${url}/predict`, { method: 'POST', body, headers: { Prefer: 'respond-async' } });
    assert.match(later.headers.get('location')!, /^\/models-api\/jobs\/[^/]+$/);
    assert.equal((await json(`${origin}${later.headers.get('location')}?wait=30`)).status, 'succeeded');
    const moved = await fetch(`${url}/docs/static/index.html`, { redirect: 'manual' });
    assert.equal(moved.headers.get('location'), `${base}/docs/`);
    for (const [address, files] of Object.entries({
      '': 'models-api/page.js',
      '/': 'page.js',
      '?x=/': 'models-api/page.js',
    }))
      assert.ok((await (await fetch(url + address)).text()).includes(` src="${files}"`), address);
  });

  it('stands in what a wrong address or method is answered', async (t) => {
    const { url, origin } = await start(t);
    const messageOf = async (address: string) => (await json(address)).error.message ?? (await json(address)).error;
    const lists = `GET ${base}/docs lists what there is.`;
    assert.equal(
      await messageOf(`${url}/predct`),
      `There is nothing at this address. Did you mean ${base}/predict? ${lists}`,
    );
    assert.equal(
      await messageOf(`${origin}/predict`),
      `There is nothing at this address: all is below ${base}/. Did you mean ${base}/predict? ${lists}`,
    );
    assert.deepEqual(await json(`${url}/v1/nothing/here`), { error: `There is nothing at this address. ${lists}` });
    const { status, headers } = await fetch(`${url}/predict/`);
    assert.deepEqual([status, headers.get('allow')], [405, 'POST']);
    assert.deepEqual(await json(`${url}/v2/%zz`), { error: 'The address can’t be read: check its percent-encoding.' });
  });

  it('opens nothing that needs a key, and keeps open what needs none', async (t) => {
    const keys = join(temporaryFolder('keys'), 'keys.txt');
    writeFileSync(keys, `one ${'k'.repeat(32)}\n`, { mode: 0o600 });
    const { url, origin } = await start(t, '--api-keys', keys);
    for (const address of [`${url}/models`, `${url}/v2`, `${url}/metrics`, `${origin}/metrics`, `${url}/jobs/x`])
      assert.equal((await fetch(address)).status, 401, address);
    for (const address of [`${url}/docs`, `${url}/`, `${url}/health/ready`, `${origin}/health/ready`])
      assert.equal((await fetch(address)).status, 200, address);
  });

  it('takes addresses with an origin, and leaves connections of those who ask to upgrade open', async (t) => {
    const { url, origin } = await start(t);
    for (const path of [`${origin}${base}/health/live`, `${base}/health/live`]) {
      const socket = await connectTo(url);
      t.after(() => socket.destroy());
      const headers = { Upgrade: 'h2c', Connection: 'Upgrade' };
      socket.write(requestBytes('GET', path, { headers }));
      const reply = String(await new Promise<Buffer>((resolve) => socket.once('data', resolve)));
      assert.match(reply, /^HTTP\/1\.1 200 /);
      assert.doesNotMatch(reply, /connection: close/i);
    }
  });

  for (const [text, path] of Object.entries({ '/': '', '/a': '/a', '/a/': '/a', '/a.b/c-d/~e_1': '/a.b/c-d/~e_1' }))
    it(`is read: ${text}`, () => assert.equal(readConfig({ 'base-path': text }).basePath, path));

  for (const text of [
    '',
    'a',
    '//',
    '/a//b',
    '/a/../b',
    '/..',
    '/.',
    '/a b',
    '/a%2fb',
    '/a?b',
    '/a\r\nX: y',
    '/ä',
    `/${'a'.repeat(200)}`,
  ])
    it(`is refused: ${JSON.stringify(text).slice(0, 20)}`, () =>
      assert.throws(() => readConfig({ 'base-path': text }), {
        name: 'ConfigError',
        message: /^--base-path must be a path such as \/models-api/,
      }));

  it('takes the place of nothing that answers above it', async (t) => {
    for (const path of ['/metrics', '/health/models']) {
      const { code, stderr } = await runCli(t, ['models', '--base-path', path]).ended;
      assert.equal(code, 2);
      assert.match(stderr, /--base-path must not begin with \/health or \/metrics, which answer above it/);
    }
  });
});
