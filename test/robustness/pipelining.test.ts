/** Clients that ask for much and read little, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { doublingModel, loopingModel } from '../helpers/onnx-models.js';
import { connectTo, isAtRest, jsonRequest, listen, requestBytes, send, until } from '../helpers/raw-client.js';

const row = (value: number) => jsonRequest('/predict', { instances: [[value]] });

describe('a client that pipelines', () => {
  it('has so many of its requests worked on at once; the others stay unread, and all are answered in order', async (t) => {
    const { app, url } = await listen(t, { model: loopingModel(), maxBatch: 1, maxPipelined: 3, deadline: 600 });
    const long = await send(url, row(1e12));
    await until(() => kerasServeOf(app).replies.size === 1 && kerasServeOf(app).model.queued === 0, 'a run');
    const socket = await connectTo(url);
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    // Some 20 MB: far more than the sockets of both sides hold.
    const filler = ' '.repeat(20_000);
    const requests = Array.from({ length: 1000 }, (_, index) =>
      jsonRequest('/predict', Buffer.from(`{"instances": [[${index}]]}${filler}`)),
    );
    for (const request of requests) socket.write(request);
    await until(() => kerasServeOf(app).model.queued === 3, '3 in the queue');
    const unsent = async () => {
      const before = socket.writableLength;
      await sleep(200);
      return before === socket.writableLength ? before : Number.NaN;
    };
    let left = Number.NaN;
    while (Number.isNaN(left)) left = await unsent();
    assert.ok(left > 5 * 2 ** 20, `${left} bytes are unsent`);
    assert.equal(kerasServeOf(app).model.queued, 3);
    assert.equal(kerasServeOf(app).replies.size, 4);
    // Were the run to end while somebody waits for it, it would be begun anew.
    long.destroy();
    await until(() => kerasServeOf(app).replies.size === 3, 'that one is gone');
    process.kill(kerasServeOf(app).catalog.pool.processes[0]!.pid!, 'SIGKILL');
    await until(() => text.split('HTTP/1.1 ').length > requests.length, 'all replies');
    socket.destroy();
    const values = [...text.matchAll(/"predictions":\[\[(\d+)/g)].map(([, value]) => Number(value));
    assert.equal(values.length, requests.length);
    assert.ok(
      values.every((value, index) => value === 2 * index || index === 0),
      'in order',
    );
    await until(() => isAtRest(app), 'rest');
  });
});

describe('a client that asks and does not read', () => {
  it('loses its connection, which frees its reply and is logged and counted; one that reads slowly does not', async (t) => {
    const { app, url, gone } = await listen(t, { model: doublingModel(), replyTimeout: 3, maxRows: 1_000_000 });
    const values = `{"instances":[${Array(300_000).fill('[1.2345,2.3456,3.4567]').join()}]}`;
    const request = jsonRequest('/predict', Buffer.from(values));
    const slow = await connectTo(url);
    slow.pause();
    slow.write(request);
    const stuck = await connectTo(url);
    stuck.pause();
    stuck.write(request);
    const closed = once(stuck, 'close');
    let taken = 0;
    let isOver = false;
    t.after(() => {
      isOver = true;
      slow.destroy();
      stuck.destroy();
    });
    const reading = (async () => {
      while (!isOver) {
        taken += (slow.read() as Buffer | null)?.length ?? 0;
        await sleep(50);
      }
    })();
    await until(() => gone() === 1, 'one in the log');
    stuck.resume();
    await closed;
    isOver = true;
    await reading;
    assert.ok(taken > 0 && !slow.destroyed);
    assert.equal(kerasServeOf(app).replies.size, 1);
    assert.match((await app.inject('/metrics')).body, /^keras_serve_reply_timeouts_total 1$/m);
    slow.destroy();
    await until(() => isAtRest(app), 'rest');
  });

  it('may wait for long for a reply that is still being worked on', async (t) => {
    const { app, url, gone } = await listen(t, { model: loopingModel(), replyTimeout: 1, deadline: 3 });
    const socket = await send(url, row(1e12));
    const closed = once(socket, 'close').then(() => ['nothing']);
    const [reply] = await Promise.race([once(socket, 'data'), closed]);
    assert.match(String(reply), /^HTTP\/1.1 504 /);
    assert.equal(gone(), 0);
    socket.write(requestBytes('GET', '/health/live'));
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 200 /);
    socket.destroy();
    await until(() => isAtRest(app), 'rest');
  });
});
