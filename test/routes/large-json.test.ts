import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import type { Prediction } from '../../src/datapoints/label.js';
import { unpackFamily } from '../helpers/fixtures.js';

const megabyte = 2 ** 20;
const maxJsonSize = 28 * megabyte;
/** Almost the largest. */
const large = 25 * megabyte;
const { folder, cases } = unpackFamily('models');
const model = cases.find(({ name }) => name === 'sequential')!.model;

let app: FastifyInstance;
let url: string;
before(async () => {
  app = await buildApp({
    model,
    maxJsonSize,
    maxRows: 10_000_000,
    maxMemory: 450 * megabyte,
    processes: 1,
    noCache: true,
    maxBatch: 65_536,
  });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});
after(async () => {
  await app?.close();
  rmSync(folder, { recursive: true });
});

/** A body of about so many bytes, of rows that end with `last`. */
function rows(size: number, row = '[0.123456789,1,2,3,4,5],', last = '[0,1,2,3,4,5]'): Buffer {
  const count = Math.floor(size / row.length);
  return Buffer.concat([
    Buffer.from('{"instances":['),
    Buffer.alloc(count * row.length, row),
    Buffer.from(`${last}]}`),
  ]);
}

interface Answer {
  status: number;
  body: { predictions: Prediction[][]; success: boolean; error: { code: string; message: string } };
}

/** Posts a body; `chunked` says nothing of its length before. */
function post(body: Buffer, { chunked = false, path = '/predict' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', ...(!chunked && { 'content-length': body.length }) };
    const sent: ClientRequest = request(url + path, { method: 'POST', headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode!, body: JSON.parse(Buffer.concat(parts).toString()) }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    if (!chunked) return sent.end(body);
    for (let at = 0; at < body.length; at += 100_000) sent.write(body.subarray(at, at + 100_000));
    return sent.end();
  });
}

describe('large bodies of JSON', () => {
  it('are answered as small ones are, in pieces of any size', async () => {
    const small = await post(rows(0));
    for (const chunked of [false, true]) {
      const { status, body } = await post(rows(3 * megabyte), { chunked });
      assert.equal(status, 200, JSON.stringify(body.error));
      assert.equal(body.predictions.length, Math.floor((3 * megabyte) / 24) + 1);
      for (const [index, { label, probability }] of small.body.predictions[0]!.entries()) {
        const found = body.predictions.at(-1)![index]!;
        assert.equal(found.label, label);
        assert.ok(Math.abs(found.probability - probability) < 1e-5);
      }
    }
  });

  it('are refused with the place of what is wrong at their end', async () => {
    const { status, body } = await post(rows(large, undefined, '[0,1,2,3,4,"a"]'));
    assert.equal(status, 400);
    assert.equal(body.error.code, 'instances_invalid');
    assert.match(body.error.message, /^instances\[1092266\]\[5\] should be a number .*, but is "a"\.$/);
  });

  it('let the server answer others meanwhile', async () => {
    const bodies = Array.from({ length: 3 }, () => rows(large, undefined, '[]'));
    let running = bodies.length;
    const answers = bodies.map(async (body) => {
      const answer = await post(body);
      running--;
      return answer;
    });
    let answered = 0;
    while (running > 0) {
      const { status } = await fetch(`${url}/health/live`);
      assert.equal(status, 200);
      if (running > 0) answered++;
    }
    // The parsing of 25 MB on this thread would let one or two through.
    assert.ok(answered > 20, `only ${answered} were answered`);
    for (const { status, body } of await Promise.all(answers)) {
      assert.equal(status, 400);
      assert.match(body.error.message, /should be an array of 6 numbers, but is an array of 0 elements/);
    }
  });

  it('are refused past the limit, whether they tell their size or not', async () => {
    for (const chunked of [false, true]) {
      const { status, body } = await post(rows(maxJsonSize), { chunked });
      assert.equal(status, 413);
      assert.equal(body.error.code, 'content_too_large');
      assert.match(body.error.message, /larger than 28 MB/);
    }
  });

  it('are refused when too many are held at once, and taken again afterwards', async () => {
    // Almost whole bodies, which wait for their last bytes: more than there is room for.
    const size = large;
    const held: ClientRequest[] = [];
    const refused = await new Promise<IncomingMessage>((resolve, reject) => {
      setTimeout(() => reject(new Error('none was refused')), 60_000).unref();
      for (let count = 0; count < 5; count++) {
        const headers = { 'content-type': 'application/json', 'content-length': size };
        const sent = request(`${url}/predict`, { method: 'POST', headers }, resolve);
        sent.on('error', () => undefined);
        sent.write(Buffer.alloc(size - 1, ' '));
        held.push(sent);
      }
    });
    assert.equal(refused.statusCode, 503);
    assert.match((await refused.setEncoding('utf8').toArray()).join(''), /"queue_full".*Too many large requests/);
    assert.equal((await post(rows(0))).status, 200, 'small ones are still taken');
    for (const sent of held) sent.destroy();
    let status = 503;
    for (const end = Date.now() + 60_000; status === 503 && Date.now() < end; )
      ({ status } = await post(rows(large, undefined, '[]')));
    assert.equal(status, 400);
  });

  it('cost what they take of memory only while they are there', async () => {
    const round = async () => {
      for (const row of ['[[],[]],', '{"a":1},', '1,', '[1],[1,2],'])
        assert.match(String((await post(rows(20 * megabyte, row))).status), /^400|413$/);
    };
    await round();
    const before = process.memoryUsage().rss;
    await round();
    assert.ok(process.memoryUsage().rss - before < 300 * megabyte);
  });
});
