/** What clients of a gateway see is what a server without Redis shows them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ended, jobAt, makeJob, post, startGateway, startJudge, startWorker, useRedis } from '../../helpers/cluster.js';
import { bearer, keyFile } from '../../helpers/key-file.js';
import { noRedis } from '../../helpers/redis.js';
import { runCli } from '../../helpers/server.js';
import { receiver } from '../../helpers/webhook-receiver.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** What differs between two servers that say the same. */
const ownHeaders = ['x-request-id', 'date', 'server-timing'];

/** A reply with all that clients see of it. */
async function seen(reply: Response): Promise<object> {
  const headers = [...reply.headers].filter(([name]) => !ownHeaders.includes(name));
  const body = Buffer.from(await reply.arrayBuffer()).toString('latin1');
  return { status: reply.status, headers: Object.fromEntries(headers), body };
}

/** A request of the Open Inference Protocol whose tensor follows the JSON. */
function binaryRequest(): { method: string; headers: Record<string, string>; body: Uint8Array<ArrayBuffer> } {
  const tensor = Buffer.from(Float32Array.of(1, 2, 3).buffer);
  const inputs = [{ name: 'x', shape: [3], datatype: 'FP32', parameters: { binary_data_size: tensor.length } }];
  const json = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  return {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(json.length) },
    body: new Uint8Array(Buffer.concat([json, tensor])),
  };
}

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

function form(fields: Record<string, string>): RequestInit {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return { method: 'POST', body };
}

const half = { instances: [1, 5] };
const answer = { predictions: [2.5, 4.5], success: true };
const own = '/models/half_plus_two/predict';

const requests: Record<string, [path: string, init: () => RequestInit]> = {
  'JSON for the default model': ['/predict', () => json(half)],
  'JSON for a model': [own, () => json(half)],
  'JSON for a version': ['/models/half_plus_two/versions/1/predict', () => json(half)],
  'a form': [own, () => form({ x: '3' })],
  'CSV, please': [own, () => json(half, { accept: 'text/csv' })],
  'instances that are wrong': [own, () => json({ instances: ['a'] })],
  'what is no JSON': [own, () => json('{')],
  'an unknown query': [`${own}?topk=1`, () => json(half)],
  'labels of a model without': [`${own}?top_k=1`, () => json(half)],
  'an unknown model': ['/models/half_plus_one/predict', () => json(half)],
  'an unknown version': ['/models/half_plus_two/versions/7/predict', () => json(half)],
  'TensorFlow Serving': ['/v1/models/half_plus_two:predict', () => json(half)],
  'TensorFlow Serving, wrong': ['/v1/models/half_plus_two:predict', () => json({ inputs: 'a' })],
  'TensorFlow Serving, unknown': ['/v1/models/none:predict', () => json(half)],
  'the Open Inference Protocol': [
    '/v2/models/half_plus_two/infer',
    () => json({ inputs: [{ name: 'x', shape: [2], datatype: 'FP32', data: [1, 5] }] }),
  ],
  'the Open Inference Protocol, binary': ['/v2/models/half_plus_two/infer', binaryRequest],
  'the Open Inference Protocol, wrong': ['/v2/models/half_plus_two/infer', () => json({})],
  'the state of a model': ['/v1/models/half_plus_two', () => ({})],
  'metadata of TensorFlow Serving': ['/v1/models/half_plus_two/metadata', () => ({})],
  'metadata of the Open Inference Protocol': ['/v2/models/half_plus_two', () => ({})],
};

describe('a gateway', { skip: noRedis }, () => {
  const { models, redis } = useRedis();
  const stops: (() => void)[] = [];
  const t = { after: (stop: () => void) => void stops.push(stop) };
  let gateway: string;
  let other: string;
  let judge: string;

  before(async () => {
    await startWorker(t, models(), redis());
    [{ url: gateway }, { url: other }, { url: judge }] = await Promise.all([
      startGateway(t, redis(), 'half_plus_two'),
      startGateway(t, redis(), 'half_plus_two'),
      startJudge(t, models()),
    ]);
  });
  after(() => {
    for (const stop of stops.reverse()) stop();
  });

  for (const [name, [path, init]] of Object.entries(requests))
    it(`answers as a server does: ${name}`, async () => {
      const [given, wanted] = await Promise.all([fetch(gateway + path, init()), fetch(judge + path, init())]);
      assert.deepEqual(await seen(given), await seen(wanted));
    });

  it('has the same models, each with those who have it', async () => {
    type Listed = { models: { versions: { workers?: object[] }[] }[] };
    const read = async (url: string) => (await (await fetch(`${url}/models`)).json()) as Listed;
    const [given, wanted] = await Promise.all([read(gateway), read(judge)]);
    for (const { versions } of given.models)
      for (const version of versions) {
        assert.equal(version.workers?.length, 1);
        delete version.workers;
      }
    assert.deepEqual(given.models, wanted.models);
  });

  it('has the document of the same operations', async () => {
    const read = async (url: string) => (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    const [given, wanted] = await Promise.all([read(gateway), read(judge)]);
    assert.deepEqual(given.paths, wanted.paths);
  });

  it('makes jobs that outlive it, and any gateway knows them', async () => {
    const made = await makeJob(gateway + own, half);
    const job = await ended(other + made);
    assert.deepEqual(
      [job.status, job.durable, job.model, job.version, job.result],
      ['succeeded', true, 'half_plus_two', 1, answer],
    );
    const result = await fetch(`${other + made}/result`);
    assert.deepEqual(await result.json(), answer);
    assert.equal(result.headers.get('x-model-version'), '1');
    const events = await (await fetch(`${gateway + made}/events`)).text();
    assert.match(events, /^event: status\ndata: \{.*"succeeded"/);
    assert.equal((await fetch(other + made, { method: 'DELETE' })).status, 204);
    assert.equal((await fetch(gateway + made)).status, 404);
  });

  it('gives results of any type as a job', async () => {
    const { headers, ...request } = binaryRequest();
    const direct = await fetch(`${judge}/v2/models/half_plus_two/infer`, { headers, ...request });
    const later = { ...headers, prefer: 'respond-async' };
    const reply = await fetch(`${gateway}/v2/models/half_plus_two/infer`, { ...request, headers: later });
    const made = reply.headers.get('location')!;
    await ended(gateway + made);
    const result = await fetch(`${gateway + made}/result`);
    for (const name of ['content-type', 'inference-header-content-length'])
      assert.equal(result.headers.get(name), direct.headers.get(name));
    assert.deepEqual(Buffer.from(await result.arrayBuffer()), Buffer.from(await direct.arrayBuffer()));
  });

  it('says why a job failed as the direct request would have been told', async () => {
    const made = await makeJob(gateway + own, { instances: ['a'] });
    const job = await ended(gateway + made);
    assert.deepEqual([job.status, job.error?.code], ['failed', 'instances_invalid']);
    const direct = await post(judge + own, { instances: ['a'] });
    const result = await fetch(`${other + made}/result`);
    assert.equal(result.status, direct.status);
    assert.deepEqual(await result.json(), await direct.json());
  });

  it('answers the same request with the same key once, whoever is asked', async () => {
    const first = await makeJob(gateway + own, half, { 'idempotency-key': 'one' });
    assert.equal(await makeJob(other + own, half, { 'idempotency-key': 'one' }), first);
    const refused = await post(other + own, { instances: [2] }, { prefer: 'respond-async', 'idempotency-key': 'one' });
    assert.equal(refused.status, 422);
    const direct = await post(gateway + own, half, { 'idempotency-key': 'one' });
    assert.deepEqual(await direct.json(), answer);
  });

  it('tells nobody of another key’s jobs', async (t) => {
    const keys = ['--api-keys', keyFile(t, { ann: '', bob: '' }), '--open', 'models'];
    const { url } = await startGateway(t, redis(), 'half_plus_two', keys);
    const made = await makeJob(url + own, half, bearer('ann'));
    assert.equal((await fetch(url + made, { headers: bearer('bob') })).status, 404);
    assert.equal((await fetch(gateway + made)).status, 404);
    assert.equal((await fetch(url + made, { headers: bearer('ann') })).status, 200);
  });

  it('lists jobs for admins', async (t) => {
    const keys = ['--api-keys', keyFile(t, { ann: '', root: 'admin' }), '--open', 'models'];
    const { url } = await startGateway(t, redis(), 'half_plus_two', keys);
    const made = await makeJob(url + own, half, bearer('ann'));
    const { jobs } = (await (await fetch(`${url}/jobs`, { headers: bearer('root') })).json()) as {
      jobs: { id: string; key: string | null }[];
    };
    assert.equal(jobs.find(({ id }) => made.endsWith(id))?.key, 'ann');
    assert.equal((await fetch(`${url}/jobs`, { headers: bearer('ann') })).status, 403);
  });

  it('has ends told by webhooks, signed, again where they weren’t taken', async (t) => {
    const told = await receiver(t, 500, 204);
    const flags = ['--webhook-host', told.host, '--webhook-secret', secret];
    const { url } = await startGateway(t, redis(), 'half_plus_two', flags);
    const made = await makeJob(`${url + own}?webhook=http://${told.host}/done`, half);
    const [first, second] = await told.have(2);
    const id = made.split('/').at(-1);
    assert.deepEqual([first!.headers['webhook-id'], second!.headers['webhook-id']], [id, id]);
    assert.deepEqual(JSON.parse(second!.body).data, await jobAt(gateway + made));
  });

  it('counts what waits', async () => {
    const text = await (await fetch(`${gateway}/metrics`)).text();
    for (const name of ['queue_length', 'queue_oldest_seconds', 'workers'])
      assert.match(text, new RegExp(`^keras_serve_${name}(\\{.*\\})? \\d`, 'm'), name);
    assert.match(text, /^keras_serve_queue_attempts_total [1-9]/m);
  });

  it('takes no model', async (t) => {
    const refused = await runCli(t, [models(), '--role', 'gateway'], { KERAS_SERVE_REDIS: redis().url }).ended;
    assert.deepEqual([refused.code, /A gateway loads no model/.test(refused.stderr)], [2, true]);
  });
});
