/** Clients that go away, over real sockets: what they asked for is given up, logged, counted and given back. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import sharp from 'sharp';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { colourModel, doublingModel, loopingModel } from '../helpers/onnx-models.js';
import { isAtRest, jsonRequest, listen, requestBytes, send, until } from '../helpers/raw-client.js';

const megabyte = 2 ** 20;
/** So many times adds the looping model 1 to its number: until it is killed for it. */
const forever = 1e12;

/** How many requests of a route the metrics have with a status. */
async function counted(app: FastifyInstance, route: string, status: number): Promise<number> {
  const { body } = await app.inject('/metrics');
  const line = new RegExp(
    `^keras_serve_request_duration_seconds_count{route="${route}",.*status="${status}"} (\\d+)$`,
    'm',
  );
  return Number(line.exec(body)?.[1] ?? 0);
}

/** Bytes of JSON that a thread reads: `{"instances": …}` with so many rows. */
const manyRows = (size: number) =>
  Buffer.from(
    `{"instances":[${Array(Math.ceil(size / 8))
      .fill('[1,2,3]')
      .join()}]}`,
  );

const redImage = (size: number): Promise<Buffer> =>
  sharp({ create: { width: size, height: size, channels: 3, background: 'red' } })
    .png()
    .toBuffer();

const hangUps: Record<string, (socket: Socket) => void> = {
  closes: (socket) => socket.destroy(),
  resets: (socket) => socket.resetAndDestroy(),
};

const row = { instances: [[1]] };
const tensors = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] }] };

describe('a client that hangs up after its body', () => {
  for (const [how, hangUp] of Object.entries(hangUps))
    it(`leaves the model’s queue, is logged and counted: ${how}`, async (t) => {
      const { app, url, lines } = await listen(t, { model: loopingModel(), maxBatch: 1, deadline: 600 });
      const name = kerasServeOf(app).catalog.defaultName;
      const requests: [address: string, body: unknown][] = [
        ['/predict', row],
        [`/models/${name}/predict`, row],
        [`/v1/models/${name}:predict`, row],
        [`/v2/models/${name}/infer`, tensors],
      ];
      const runs: number[] = [];
      kerasServeOf(app).model.events.on('batch', (rows) => runs.push(rows));
      const running = await send(url, jsonRequest('/predict', { instances: [[forever]] }));
      await until(() => kerasServeOf(app).replies.size === 1 && kerasServeOf(app).model.queued === 0, 'a run');
      const waiting: Socket[] = [];
      for (const [address, body] of [...requests, ...requests, ...requests])
        waiting.push(await send(url, jsonRequest(address, body)));
      await until(() => kerasServeOf(app).model.queued === 12, '12 in the queue');
      for (const socket of waiting) hangUp(socket);
      await until(() => lines.length === 12, '12 in the log');
      assert.equal(kerasServeOf(app).model.queued, 0);
      for (const [address] of requests)
        assert.equal(lines.filter(({ url, status, ms }) => url === address && status === 499 && ms > 0).length, 3);
      hangUp(running);
      await until(() => isAtRest(app), 'rest');
      assert.deepEqual(runs, []);
      assert.equal(await counted(app, '/predict', 499), 4);
      assert.equal(await counted(app, '/v2/models/:model/infer', 499), 3);
    });

  it('holds up nobody who closes the server while its request is run', async (t) => {
    const { app, url, gone } = await listen(t, { model: loopingModel(), deadline: 600 });
    const socket = await send(url, jsonRequest('/predict', { instances: [[forever]] }));
    await until(() => kerasServeOf(app).replies.size === 1 && kerasServeOf(app).model.queued === 0, 'a run');
    const closed = app.close();
    socket.destroy();
    await until(() => gone() === 1, 'one in the log');
    const stands = sleep(50_000, 'it waits for a run that nobody waits for', { ref: false });
    assert.equal(await Promise.race([closed, stands]), undefined);
  });

  it('leaves the queue of the threads that read JSON', async (t) => {
    const { app, url, gone, lines } = await listen(t, { model: doublingModel() });
    const sockets = await Promise.all(
      Array.from({ length: 12 }, () => send(url, jsonRequest('/predict', manyRows(8 * megabyte)))),
    );
    await until(() => kerasServeOf(app).tasks.waiting >= 4, '4 that wait for a thread');
    for (const socket of sockets) socket.destroy();
    // The first may be answered by then.
    await until(() => lines.length === 12, '12 in the log');
    assert.ok(gone() >= 4, `${gone()} of those that waited`);
    assert.equal(kerasServeOf(app).tasks.waiting, 0);
    assert.ok(isAtRest(app));
  });

  it('leaves its place to others while its image waits, and has no more of several decoded', async (t) => {
    const { app, url, gone } = await listen(t, { model: colourModel(), maxQueue: 8 });
    const { preprocess } = kerasServeOf(app);
    const signals: AbortSignal[] = [];
    let decoding = 0;
    kerasServeOf(app).preprocess = (bytes, options, patience) => {
      if (!patience!.signal!.aborted) signals.push(patience!.signal!);
      decoding++;
      return preprocess(bytes, options, patience).finally(() => decoding--);
    };
    const image = await redImage(4000);
    const several = { instances: Array(60).fill({ b64: image.toString('base64') }) };
    const many = jsonRequest(`/v1/models/${kerasServeOf(app).catalog.defaultName}:predict`, several);
    const sockets = await Promise.all(Array.from({ length: 8 }, () => send(url, many)));
    await until(() => new Set(signals).size === 8, '8 that decode or wait');
    for (const socket of sockets) socket.destroy();
    await until(() => gone() === 8, '8 in the log');
    assert.ok(signals.every(({ aborted }) => aborted));
    const asked = signals.length;
    // What had begun can't be stopped.
    await until(() => decoding === 0, 'the images in hand');
    // There is room for as many again.
    const payload = await redImage(50);
    const headers = { 'content-type': 'image/png' };
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => app.inject({ method: 'POST', url: '/predict', headers, payload })),
    );
    assert.deepEqual(
      replies.map(({ statusCode }) => statusCode),
      Array(8).fill(200),
    );
    assert.equal(signals.length, asked + 8);
    assert.ok(isAtRest(app));
  });
});

describe('what is held of large requests', () => {
  it('is given back when a client goes while its body is unpacked', async (t) => {
    const { app, url, gone } = await listen(t, { model: doublingModel() });
    const body = gzipSync(Buffer.alloc(60 * megabyte, ' '));
    const address = `/v1/models/${kerasServeOf(app).catalog.defaultName}:predict`;
    const headers = { 'content-encoding': 'gzip' };
    const bytes = jsonRequest(address, body, headers);
    for (let count = 1; count <= 6; count++) {
      const socket = await send(url, bytes);
      await until(() => kerasServeOf(app).memory.reserved > 0, 'unpacking');
      socket.resetAndDestroy();
      await until(() => gone() === count, 'a line in the log');
      assert.equal(kerasServeOf(app).memory.reserved, 0);
    }
    // What was being unpacked when they went would be done before this.
    const whole = await app.inject({ method: 'POST', url: address, headers, payload: body });
    assert.equal(whole.statusCode, 400, whole.body);
    assert.ok(isAtRest(app), String(kerasServeOf(app).memory.reserved));
  });

  it('is not asked for any more when a client goes while its images are read', async (t) => {
    const { app, url, gone } = await listen(t, { model: colourModel() });
    const image = await redImage(64);
    const instances = Array(20).fill({ b64: image.toString('base64') });
    const body = Buffer.concat([Buffer.from(JSON.stringify({ instances })), Buffer.alloc(megabyte, ' ')]);
    const address = `/v1/models/${kerasServeOf(app).catalog.defaultName}:predict`;
    const bytes = jsonRequest(address, body);
    for (let count = 1; count <= 6; count++) {
      const socket = await send(url, bytes);
      await until(() => kerasServeOf(app).memory.reserved >= body.length, 'reading');
      socket.resetAndDestroy();
      await until(() => gone() === count, 'a line in the log');
    }
    const headers = { 'content-type': 'application/json' };
    const whole = await app.inject({ method: 'POST', url: address, headers, payload: body });
    assert.equal(whole.statusCode, 200, whole.body);
    assert.ok(isAtRest(app), String(kerasServeOf(app).memory.reserved));
  });
});

describe('clients that pipeline and go away', () => {
  it('leave nothing open: neither the reply that is being sent nor those behind it', async (t) => {
    const { app, url, lines } = await listen(t, { model: doublingModel() });
    const bytes = Buffer.concat(Array.from({ length: 200 }, () => requestBytes('GET', '/openapi.json')));
    for (let round = 0; round < 4; round++) {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => send(url, bytes)));
      await until(() => kerasServeOf(app).replies.size > 50, 'replies behind others');
      for (const socket of sockets) socket.resetAndDestroy();
      await until(() => isAtRest(app), 'rest');
    }
    assert.ok(lines.every(({ status }) => status === 200 || status === 499));
    await kerasServeOf(app).replies.settled();
  });

  it('are told from those that wait for their replies', async (t) => {
    const { app, url, lines } = await listen(t, { model: doublingModel() });
    const socket = await send(
      url,
      ...Array.from({ length: 3 }, () => jsonRequest('/predict', { instances: [[1, 2, 3]] })),
    );
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    await until(() => text.split('"success":true').length === 4, 'three replies');
    socket.destroy();
    await until(() => isAtRest(app), 'rest');
    assert.deepEqual(
      lines.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal(await counted(app, '/predict', 499), 0);
  });
});
