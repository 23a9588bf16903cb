/** HTTPS, by the built command line over real sockets: what is spoken, and that every limit holds. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import type { SecureVersion } from 'node:tls';
import { doublingModel, loopingModel } from '../helpers/onnx-models.js';
import { startSecureServer } from '../helpers/tls-client.js';

const doubling = doublingModel();
const limit = 20;

/** A connection over which nothing is encrypted. */
async function openPlain(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const predict = (instances: unknown): string => {
  const body = JSON.stringify({ instances });
  return `POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};

describe('a server of HTTPS', () => {
  it('speaks TLS 1.2 and 1.3 with forward secrecy, and HTTP/1.1', async (t) => {
    const { url, open, ask } = await startSecureServer(t, [], doubling);
    assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await open({ minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] });
      assert.equal(socket.getProtocol(), version);
      assert.equal(socket.alpnProtocol, 'http/1.1');
      assert.match(socket.getCipher().standardName, /^TLS_(ECDHE_ECDSA_WITH_)?(AES_\d+_GCM|CHACHA20_POLY1305)_SHA/);
      assert.match(await ask(socket, '/health/ready'), /^HTTP\/1\.1 200 /);
    }
    const refused = [
      { minVersion: 'TLSv1.1' as SecureVersion, maxVersion: 'TLSv1.1' as SecureVersion, ciphers: 'ALL:@SECLEVEL=0' },
      { maxVersion: 'TLSv1.2' as SecureVersion, ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
      { ALPNProtocols: ['h2'] },
    ];
    for (const options of refused) await assert.rejects(open(options), JSON.stringify(options));
  });

  it('tells who speaks HTTP without TLS what this is, and drops what is neither', async (t) => {
    const { port, open, ask } = await startSecureServer(t, [], doubling);
    for (const sent of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', predict([[1, 2, 3]])]) {
      const socket = await openPlain(t, port);
      socket.write(sent);
      const answer = await text(socket);
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      const { error } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
      assert.deepEqual(error, {
        code: 'request_invalid',
        message: 'This port speaks HTTPS alone: begin the address with https://',
      });
    }
    for (const sent of ['\0\0\0', '\x16\x03\x01\x00\x05hello', '\x80.\x01', 'get / http']) {
      const socket = await openPlain(t, port);
      socket.write(sent, 'latin1');
      assert.doesNotMatch(await text(socket), /HTTP/);
    }
    const left = await openPlain(t, port);
    left.end();
    await once(left.resume(), 'close');
    assert.match(await ask(await open(), '/health/live'), / 200 /);
  });

  it('closes connections that don’t become secure', async (t) => {
    const { port, open, get } = await startSecureServer(t, ['--request-timeout', '1'], doubling);
    const silent = await openPlain(t, port);
    const begun = await openPlain(t, port);
    // The head of a record whose rest doesn't come, a byte at a time.
    begun.write('\x16\x03\x01\x02', 'latin1');
    const drip = setInterval(() => begun.write('\0'), 100);
    t.after(() => clearInterval(drip));
    // What is written meanwhile may be answered with a reset.
    const closed = (socket: Socket) =>
      new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    await Promise.all([silent, begun].map((socket) => closed(socket.resume())));
    const secure = await open();
    await once(secure.resume(), 'close');
    const slow = await open();
    slow.write('POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{');
    assert.match(await text(slow), /^HTTP\/1\.1 408 /);
    assert.match(await get('/metrics'), /^keras_serve_connections 1$/m);
  });

  it('lets those that stand there make way, secure or not yet, and counts each once', async (t) => {
    const { port, open, ask, get } = await startSecureServer(t, ['--max-connections', String(limit)], doubling);
    const used = await open();
    assert.match(await ask(used, '/health/live'), / 200 /);
    const closed = once(used.resume(), 'close');
    for (let round = 0; round < 2 * limit; round++) await openPlain(t, port);
    // It was idle for longest by then.
    await closed;
    for (let round = 0; round < 2 * limit; round++) assert.match(await ask(await open(), '/health/live'), / 200 /);
    const metrics = await get('/metrics');
    assert.match(metrics, new RegExp(`^keras_serve_connections ${limit}$`, 'm'));
    assert.match(metrics, /^keras_serve_connections_crowded_total\{which="refused"\} 0$/m);
  });

  it('refuses new connections where all wait for answers', async (t) => {
    const args = ['--max-connections', '2', '--close-timeout', '1'];
    const { open, child, ended } = await startSecureServer(t, args, loopingModel());
    const running = await Promise.all([open(), open()]);
    for (const socket of running) {
      // In one piece: once the first is answered, the second has arrived.
      socket.write(`GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n${predict([[1e12]])}`);
      assert.match(String(await once(socket, 'data')), / 200 /);
    }
    await assert.rejects(open());
    assert.ok(running.every(({ destroyed }) => !destroyed));
    child.kill('SIGTERM');
    await ended;
  });

  it('answers what is pipelined in its order, and who has closed one side', async (t) => {
    const { open } = await startSecureServer(t, ['--max-pipelined', '2'], doubling);
    const socket = await open();
    const count = 40;
    socket.end(Array.from({ length: count }, (_, index) => predict([[index, 0, 0]])).join(''));
    const answers = (await text(socket)).match(/\{"predictions":\[\[\d+/g);
    assert.deepEqual(
      answers,
      Array.from({ length: count }, (_, index) => `{"predictions":[[${2 * index}`),
    );
  });

  it('keeps connections whose first request asks for an upgrade', async (t) => {
    const { open, ask } = await startSecureServer(t, [], doubling);
    const socket = await open();
    socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 .*[\s\S]*keep-alive/);
    assert.match(await ask(socket, '/health/live'), / 200 /);
  });

  it('closes connections whose clients leave their replies where they are', async (t) => {
    const { open, line, get } = await startSecureServer(t, ['--reply-timeout', '1'], doubling);
    const socket = await open();
    socket.pause();
    const ask50 = 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(16);
    for (let round = 0; round < 40; round++) socket.write(ask50);
    await line('--reply-timeout allows more');
    assert.match(await get('/metrics'), /^keras_serve_reply_timeouts_total 1$/m);
  });

  it('closes in order: what runs is answered, what stands there is let go, secure or not yet', async (t) => {
    const { open, port, child, ended, ask } = await startSecureServer(t, [], loopingModel());
    const [idle, unused, running] = await Promise.all([open(), open(), open()]);
    await ask(idle!, '/health/live');
    await openPlain(t, port);
    const begun = await openPlain(t, port);
    begun.write('\x16\x03\x01', 'latin1');
    running!.write(predict([[3e5]]));
    const answer = text(running!);
    await ask(await open(), '/health/live');
    child.kill('SIGTERM');
    await Promise.all([idle!, unused!].map((socket) => socket.closed || once(socket.resume(), 'close')));
    assert.match(await answer, /^HTTP\/1\.1 200 /);
    assert.equal((await ended).code, 0);
  });
});
