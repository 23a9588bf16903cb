import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { trustedProxies } from '../../src/http/trusted-proxies.js';
import { readConfig } from '../../src/settings/config.js';
import { exchange } from '../helpers/exchange.js';
import { bundledName } from '../helpers/protocol-app.js';
import { connectTo } from '../helpers/raw-client.js';
import { type Cli, startServer } from '../helpers/server.js';

const start = (t: TestContext, ...args: string[]) => startServer(t, ['--processes', '1', ...args, '--host', '0.0.0.0']);

/** The address that the log has for a client who sent such headers, by an address of this machine. */
async function clientOf({ url, line }: Cli & { url: string }, headers: Record<string, string>, host = '127.0.0.1') {
  const mark = `/models/${Math.random()}`;
  await exchange({ host, port: new URL(url).port, path: mark, headers });
  return JSON.parse(await line(mark)).client;
}

describe('--trust-proxy', () => {
  it('believes nobody by default', async (t) => {
    const server = await start(t);
    const headers = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Prefix': '/evil' };
    assert.equal(await clientOf(server, headers), '127.0.0.1');
    const address = { host: '127.0.0.1', port: new URL(server.url).port, path: '/openapi.json', headers };
    const { servers } = JSON.parse((await exchange(address)).text);
    assert.equal(servers[0].url, '.');
  });

  it('has no say in who hung up: the log has the address of one who has gone, too', async (t) => {
    const { url, line } = await start(t);
    const socket = await connectTo(url.replace('0.0.0.0', '127.0.0.1'));
    socket.write(
      'POST /models/efficientnet-lite0/predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await exchange({ host: '127.0.0.1', port: new URL(url).port, path: '/health/live' });
    socket.resetAndDestroy();
    assert.equal(JSON.parse(await line('client hung up')).client, '127.0.0.1');
  });

  it('takes the last address that is no proxy’s, whatever a client has written before it', async (t) => {
    const server = await start(t, '--trust-proxy', '127.0.0.1,198.51.100.0/24', '--trust-proxy', '::1');
    for (const [forwarded, client] of Object.entries({
      '192.0.2.1': '192.0.2.1',
      '10.0.0.1, 192.0.2.1': '192.0.2.1',
      '10.0.0.1, 192.0.2.1, 198.51.100.7': '192.0.2.1',
      '198.51.100.7': '198.51.100.7',
      '2001:db8::1': '2001:db8::1',
    }))
      assert.equal(await clientOf(server, { 'X-Forwarded-For': forwarded }), client, forwarded);
    assert.equal(await clientOf(server, {}), '127.0.0.1');
  });

  it('believes no one who connects from elsewhere', async (t) => {
    const server = await start(t, '--trust-proxy', '127.0.0.2');
    const headers = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Prefix': '/evil' };
    assert.equal(await clientOf(server, headers), '127.0.0.1');
    const address = { host: '127.0.0.1', port: new URL(server.url).port, path: '/openapi.json', headers };
    assert.equal(JSON.parse((await exchange(address)).text).servers[0].url, '.');
    const behind = { ...address, localAddress: '127.0.0.2' };
    assert.equal(JSON.parse((await exchange(behind)).text).servers[0].url, '/evil');
  });

  it('puts the path that proxies took off before the addresses that are handed out', async (t) => {
    const { url } = await start(t, '--trust-proxy', 'loopback', '--base-path', '/inner');
    const { port } = new URL(url);
    const ask = (path: string, prefix: string) =>
      exchange({ host: '127.0.0.1', port, path: `/inner${path}`, headers: { 'X-Forwarded-Prefix': prefix } });
    for (const [prefix, path] of Object.entries({
      '/outer': '/outer',
      '/outer/': '/outer',
      '/a, /b/c': '/a/b/c',
      '/': '',
    })) {
      assert.equal(JSON.parse((await ask('/openapi.json', prefix)).text).servers[0].url, `${path}/inner`, prefix);
      const { routes } = JSON.parse((await ask(`/models/${bundledName}`, prefix)).text);
      assert.equal(routes.predict, `${path}/inner/models/${bundledName}/predict`);
      assert.equal((await ask('/docs/static/index.html', prefix)).headers.location, `${path}/inner/docs/`);
    }
    for (const prefix of [
      '//evil.example',
      '/a//b',
      '/..',
      'https://evil.example',
      '/a"onload="x',
      '',
      '/<b>',
      `/${'a'.repeat(200)}`,
    ]) {
      const { status, text } = await ask('/openapi.json', prefix);
      assert.equal(status, 400, prefix);
      assert.match(
        JSON.parse(text).error.message,
        /^The header "X-Forwarded-Prefix" must be a path such as \/models-api/,
      );
      assert.ok(prefix === '' || !text.includes(prefix));
    }
  });

  for (const text of ['10.0.0.0/8', '127.0.0.1', '::1', 'fc00::/7', 'loopback', 'linklocal', 'uniquelocal', 'unix'])
    it(`takes ${text}`, () => assert.deepEqual(readConfig({ 'trust-proxy': text }).trustProxy, [text]));

  for (const [text, why] of Object.entries({
    true: 'any client',
    all: 'any client',
    '0.0.0.0/0': 'any client',
    '::/0': 'any client',
    1: 'a number of proxies',
    '10.0.0.0/33': '',
    '10.0.0.0/8/8': '',
    '10.0.0': '',
    'nginx.example': '',
    toString: '',
    '127.0.0.1,': '',
  }))
    it(`refuses ${text}`, () =>
      assert.throws(() => readConfig({ 'trust-proxy': text }), {
        name: 'ConfigError',
        message: new RegExp(`^--trust-proxy must be addresses or networks such as .*${why}.*, but is "${text}"$`),
      }));
});

describe('trusted proxies', () => {
  it('are those of the networks that are named, IPv4 in IPv6 too', () => {
    const isTrusted = trustedProxies(['10.1.2.3/8', 'linklocal', '2001:db8::/32'], () => true);
    for (const address of ['10.200.0.1', '::ffff:10.0.0.1', '169.254.1.1', 'fe80::1%eth0', '2001:db8:1::1'])
      assert.ok(isTrusted(address), address);
    for (const address of [
      '11.0.0.1',
      '::ffff:11.0.0.1',
      '127.0.0.1',
      '2001:db9::1',
      'unix',
      '10.0.0.1:80',
      '',
      undefined,
    ])
      assert.ok(!isTrusted(address), address);
  });

  it('have no address on a Unix socket alone: a connection that has ended has none, either', () => {
    assert.ok(trustedProxies(['unix'], () => true)(undefined));
    assert.ok(!trustedProxies(['unix'], () => false)(undefined));
    assert.ok(!trustedProxies(['loopback'], () => true)(undefined));
  });
});
