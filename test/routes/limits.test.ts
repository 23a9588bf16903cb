/** What one request may ask for, by every protocol. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { doublingModel, vectorModel } from '../helpers/onnx-models.js';

let app: FastifyInstance;
before(async () => {
  app = await buildApp({
    model: doublingModel(),
    processes: 1,
    noCache: true,
    maxRows: 100,
    maxReplySize: 400,
    maxMemory: 2 ** 20,
  });
  await app.ready();
});
after(() => app.close());

const rows = (count: number, row: unknown = [1, 2, 3]) => Array(count).fill(row);

/** The same rows as each protocol has them. */
const ways: Record<string, (count: number) => [url: string, payload: object]> = {
  '/predict': (count) => ['/predict', { instances: rows(count) }],
  'TensorFlow Serving': (count) => [`/v1/models/${name()}:predict`, { instances: rows(count) }],
  'Open Inference Protocol': (count) => [
    `/v2/models/${name()}/infer`,
    { inputs: [{ name: inputName(), datatype: 'FP32', shape: [count, 3], data: rows(count).flat() }] },
  ],
};
const name = () => kerasServeOf(app).catalog.defaultName;
const inputName = () => kerasServeOf(app).model.inputs[0]!.name;
const messageOf = (body: { error: string | { message: string } }) =>
  typeof body.error === 'string' ? body.error : body.error.message;

for (const [way, ask] of Object.entries(ways))
  describe(way, () => {
    const post = async (count: number) => {
      const [url, payload] = ask(count);
      const reply = await app.inject({ method: 'POST', url, payload });
      return { status: reply.statusCode, message: reply.statusCode === 200 ? '' : messageOf(reply.json()) };
    };

    it('takes no more rows than a request may have', async () => {
      const { status, message } = await post(101);
      assert.equal(status, 413);
      assert.match(message, /There are 101 rows. The most that one request can have is 100/);
    });

    it('refuses a reply that would be too large before the model is run', async () => {
      const runs: number[] = [];
      kerasServeOf(app).model.events.on('batch', (count) => runs.push(count));
      const { status, message } = await post(90);
      assert.equal(status, 413);
      assert.match(message, /The reply would be larger than 400 bytes/);
      assert.deepEqual(runs, []);
      assert.equal((await post(20)).status, 200);
      assert.deepEqual(runs, [20]);
    });

    it('has given back all memory', () => assert.equal(kerasServeOf(app).memory.reserved, 0));
  });

it('a first axis that is none of rows isn’t counted as such', async (t) => {
  const other = await buildApp({ model: vectorModel(), processes: 1, noCache: true, maxRows: 100 });
  t.after(() => other.close());
  const payload = { x: Array(300).fill(1) };
  const reply = await other.inject({ method: 'POST', url: '/predict', payload });
  assert.equal(reply.statusCode, 200, reply.body);
});

it('elements that follow the JSON of a reply count as it does', async () => {
  const infer = async (count: number) => {
    const inputs = [{ name: inputName(), datatype: 'FP32', shape: [count, 3], data: rows(count).flat() }];
    const payload = { inputs, parameters: { binary_data_output: true } };
    return app.inject({ method: 'POST', url: `/v2/models/${name()}/infer`, payload });
  };
  assert.equal((await infer(15)).statusCode, 200);
  const { statusCode, body } = await infer(33);
  assert.equal(statusCode, 413);
  assert.match(body, /The reply would be larger than 400 bytes/);
});

it('a body that would take more memory than all requests may is refused as too large, not as too many', async () => {
  const reply = await app.inject({ method: 'POST', url: '/predict', payload: { instances: rows(40_000) } });
  assert.equal(reply.statusCode, 413);
  assert.match(reply.json().error.message, /of memory, where all together may take 1 MB/);
});
