/** What makes no request, behind others on one connection, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { doublingModel, loopingModel } from '../helpers/onnx-models.js';
import { connectTo, isAtRest, jsonRequest, listen, requestBytes, send, until } from '../helpers/raw-client.js';

/** Everything that comes on a connection until the server closes it. */
const all = (socket: Socket): Promise<string> => text(socket).catch((error) => `broken: ${error.message}`);

const statuses = (reply: string) => [...reply.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));

const health = requestBytes('GET', '/health/live');
const row = (value: number) => jsonRequest('/predict', { instances: [[value]] });
/** Takes the looping model until its deadline. */
const long = row(1e12);

const broken: Record<string, [bytes: string, status: number]> = {
  'is no HTTP': ['hello\r\n\r\n', 400],
  'has two lengths': ['POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n', 400],
  'has a head that is too large': [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  'has a broken body': ['POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 400],
  'is CONNECT': ['CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 400],
};

describe('what makes no request', () => {
  it('is refused once what came before it is answered', async (t) => {
    const { app, url } = await listen(t, { model: loopingModel(), deadline: 1 });
    for (const [name, [bytes, status]] of Object.entries(broken)) {
      const socket = await send(url, Buffer.concat([long, health, Buffer.from(bytes), health]));
      const reply = await all(socket);
      assert.deepEqual(statuses(reply), [504, 200, status], `${name}: ${reply}`);
      const last = reply.slice(reply.lastIndexOf('HTTP/1.1'));
      assert.match(last, /^connection: close\r$/im, name);
      assert.deepEqual(Object.keys(JSON.parse(last.split('\r\n\r\n')[1]!)), ['success', 'error'], name);
      assert.deepEqual(statuses(await all(await send(url, Buffer.from(bytes)))), [status], name);
      await until(() => isAtRest(app), 'rest');
    }
  });

  it('is told why though it goes on sending', async (t) => {
    const { url } = await listen(t, { model: doublingModel() });
    const socket = await send(url, health, Buffer.from('hello\r\n\r\n'));
    const reply = all(socket);
    socket.write(Buffer.alloc(4 * 2 ** 20, 'x'));
    assert.deepEqual(statuses(await reply), [200, 400]);
  });

  it('holds nothing when its client reads nothing', async (t) => {
    const { app, url, lines } = await listen(t, { model: doublingModel(), replyTimeout: 1, maxRows: 1_000_000 });
    const values = `{"instances":[${Array(300_000).fill('[1.2345,2.3456,3.4567]').join()}]}`;
    const sockets: Socket[] = [];
    for (const [bytes] of Object.values(broken)) {
      const socket = await connectTo(url);
      socket.pause();
      socket.write(Buffer.concat([jsonRequest('/predict', Buffer.from(values)), Buffer.from(bytes)]));
      sockets.push(socket);
    }
    await until(() => lines.length >= sockets.length && isAtRest(app), 'the end of them');
    let open = Number.NaN;
    await until(() => {
      app.server.getConnections((_error, count) => {
        open = count;
      });
      return open === 0;
    }, 'that none is open');
    for (const socket of sockets) socket.destroy();
  });
});

describe('a request that Node would refuse in its own words', () => {
  const cases: [name: string, bytes: string, status: number, message: RegExp][] = [
    ['without Host', 'GET /health/live HTTP/1.1\r\n\r\n', 400, /no header "Host"/],
    [
      'with another expectation',
      'GET /health/live HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n',
      417,
      /Expect: 200-ok/,
    ],
  ];
  it('is refused in ours', async (t) => {
    const { url } = await listen(t, { model: doublingModel() });
    for (const [name, bytes, status, message] of cases) {
      const last = requestBytes('GET', '/', { headers: { connection: 'close' } });
      const reply = await all(await send(url, Buffer.from(bytes), last));
      assert.deepEqual(statuses(reply), [status, 200], name);
      assert.match(JSON.parse(/\{"success".*?\}\}/.exec(reply)![0]).error.message, message);
    }
    // HTTP/1.0 asks for no host.
    assert.deepEqual(statuses(await all(await send(url, Buffer.from('GET /health/live HTTP/1.0\r\n\r\n')))), [200]);
  });
});

describe('a request with Upgrade', () => {
  const upgrade = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
  const requests: Record<string, Buffer> = {
    'without a body': requestBytes('GET', '/health/live', { headers: upgrade }),
    'with a body': jsonRequest('/predict', { instances: [[1, 2, 3]] }, upgrade),
  };
  it('is answered as any other, and its connection goes on', async (t) => {
    const { url } = await listen(t, { model: doublingModel() });
    for (const [name, request] of Object.entries(requests)) {
      const socket = await send(url, request);
      const [first] = await once(socket, 'data');
      assert.match(String(first), /^HTTP\/1\.1 200 /, name);
      assert.doesNotMatch(String(first), /^connection: close/im, name);
      socket.write(health);
      assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 /, name);
      socket.destroy();
    }
  });

  it('says that its connection ends where others came with it, which get no answer', async (t) => {
    const { url } = await listen(t, { model: doublingModel() });
    for (const [name, request] of Object.entries(requests)) {
      const reply = await all(await send(url, Buffer.concat([request, health])));
      assert.deepEqual(statuses(reply), [200], name);
      assert.match(reply, /^connection: close\r$/im, name);
    }
  });
});

describe('a client that has sent all and closes its side', () => {
  /** Those of the default model that wait. */
  const queued = (app: FastifyInstance) => kerasServeOf(app).model.queued;

  it('still gets its answers, though they take a while', async (t) => {
    const { app, url, gone } = await listen(t, { model: loopingModel(), deadline: 2 });
    const socket = await connectTo(url);
    socket.end(Buffer.concat([health, long, health]));
    const reply = await all(socket);
    assert.deepEqual(
      statuses(reply).filter((status) => status !== 100),
      [200, 504, 200],
    );
    assert.equal(gone(), 0);
    await until(() => isAtRest(app), 'rest');
  });

  it('gets an answer that comes soon and nothing else', async (t) => {
    const { url } = await listen(t, { model: doublingModel() });
    const socket = await connectTo(url);
    socket.end(health);
    assert.match(await all(socket), /^HTTP\/1\.1 200 /);
    const old = await connectTo(url);
    old.end('GET /health/live HTTP/1.0\r\n\r\n');
    assert.match(await all(old), /^HTTP\/1\.1 200 /);
  });

  it('is left no connection that stands there once it is told what failed', async (t) => {
    const { url } = await listen(t, { model: loopingModel(), deadline: 1 });
    const socket = await connectTo(url);
    socket.end(long);
    const last = Promise.race([all(socket), sleep(50_000, 'the connection stands there', { ref: false })]);
    assert.deepEqual(
      statuses(await last).filter((status) => status !== 100),
      [504],
    );
    socket.destroy();
  });

  it('is told where it has sent half a request only', async (t) => {
    const { url } = await listen(t, { model: doublingModel() });
    for (const half of [health.subarray(0, -2), row(1).subarray(0, -2)]) {
      const socket = await connectTo(url);
      socket.end(Buffer.concat([health, half]));
      assert.deepEqual(statuses(await all(socket)), [200, 400]);
    }
  });

  for (const version of ['1.1', '1.0'])
    it(`is found to be gone where it is: HTTP/${version}`, async (t) => {
      const { app, url, gone } = await listen(t, { model: loopingModel(), maxBatch: 1, deadline: 600 });
      const running = await send(url, long);
      await until(() => kerasServeOf(app).replies.size === 1 && queued(app) === 0, 'a run');
      const socket = await send(url, Buffer.from(String(row(1)).replace('HTTP/1.1', `HTTP/${version}`)));
      await until(() => queued(app) === 1, 'one in the queue');
      socket.destroy();
      await until(() => gone() === 1, 'one in the log');
      assert.equal(queued(app), 0);
      running.destroy();
    });
});
