/** Requests that are answered later, over sockets. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../schemas/jobs.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { photo } from '../helpers/app.js';
import { bundledName, useProtocolApp } from '../helpers/protocol-app.js';
import { until } from '../helpers/raw-client.js';

let served: ReturnType<typeof useProtocolApp>;
let url: string;
const app = () => served.app();

const coffee = photo('coffee.jpg');
const later = { prefer: 'respond-async' };

interface Asked {
  headers?: Record<string, string>;
  body?: Buffer | string | FormData;
  path?: string;
}

/** Sends a photo, or what else is said. */
const ask = ({ headers = {}, body = coffee, path = `/models/${bundledName}/predict` }: Asked = {}) =>
  fetch(url + path, {
    method: 'POST',
    headers: body instanceof FormData ? headers : { 'content-type': 'image/jpeg', ...headers },
    body: body as BodyInit,
  });

const jobAt = async (path: string): Promise<Job> => (await fetch(url + path)).json() as Promise<Job>;

/** Makes a job. @returns its address */
async function makeJob(asked: Asked = {}): Promise<string> {
  const reply = await ask({ ...asked, headers: { ...later, ...asked.headers } });
  assert.equal(reply.status, 202, await reply.clone().text());
  await reply.arrayBuffer();
  return reply.headers.get('location')!;
}

/** How often the model has been run, as the metrics have it. */
async function inferences(): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const labels = `model="${bundledName}",stage="inference"`;
  return Number(new RegExp(`^keras_serve_stage_duration_seconds_count{${labels}} (.*)$`, 'm').exec(metrics)?.[1] ?? 0);
}

const ended = (path: string) => jobAt(`${path}?wait=60`);

describe('jobs', () => {
  served = useProtocolApp();
  before(async () => {
    url = await app().listen({ port: 0, host: '127.0.0.1' });
  });

  describe('a request that is answered later', () => {
    it('gets a job, which has the answer of the direct request', async () => {
      const direct = await ask();
      const expected = await direct.text();
      const reply = await ask({ headers: later });
      const job = (await reply.json()) as Job;
      assert.deepEqual(
        [reply.status, reply.headers.get('preference-applied'), reply.headers.get('location')],
        [202, 'respond-async', `/jobs/${job.id}`],
      );
      assert.match(job.id, /^[0-9a-f]{32}$/);
      assert.deepEqual([job.model, job.durable, job.finished_at, job.result], [bundledName, false, null, undefined]);
      const done = await ended(`/jobs/${job.id}`);
      assert.deepEqual([done.status, done.version], ['succeeded', 1]);
      assert.deepEqual(done.result, JSON.parse(expected));
      assert.ok(done.created_at! <= done.started_at! && done.started_at! <= done.finished_at!);
      const result = await fetch(`${url}/jobs/${job.id}/result`);
      assert.deepEqual(
        [result.status, result.headers.get('content-type'), await result.text()],
        [direct.status, direct.headers.get('content-type'), expected],
      );
      assert.match(result.headers.get('server-timing')!, /^decode;dur=[\d.]+, queue;dur=[\d.]+, inference;dur=[\d.]+$/);
    });

    it('gets the answer itself where it would wait for it, and it is there in time', async () => {
      const reply = await ask({ headers: { prefer: 'respond-async, wait=60' } });
      assert.deepEqual([reply.status, reply.headers.get('location')], [200, null]);
      assert.equal(await reply.text(), await (await ask()).text());
    });

    it('may come as a form, or as any other body', async () => {
      const form = new FormData();
      form.append('image', new Blob([new Uint8Array(coffee)], { type: 'image/jpeg' }), 'coffee.jpg');
      const expected = await (await ask()).json();
      assert.deepEqual((await ended(await makeJob({ body: form }))).result, expected);
      const base64 = JSON.stringify({ image: coffee.toString('base64') });
      const json = { 'content-type': 'application/json' };
      assert.deepEqual((await ended(await makeJob({ body: base64, headers: json }))).result, expected);
    });

    it('may come by every protocol, and has its reply', async () => {
      const image = { b64: coffee.toString('base64') };
      for (const [path, body] of [
        [`/v1/models/${bundledName}:predict`, { instances: [image] }],
        [
          `/v2/models/${bundledName}/infer`,
          { inputs: [{ name: 'image', shape: [1], datatype: 'BYTES', data: [image.b64] }] },
        ],
      ] as const) {
        const asked = { path, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
        const direct = await ask(asked);
        const expected = await direct.text();
        assert.equal(direct.status, 200, expected);
        const job = await makeJob(asked);
        assert.deepEqual((await ended(job)).result, JSON.parse(expected), path);
        assert.equal(await (await fetch(`${url + job}/result`)).text(), expected);
      }
    });

    it('has a reply of any content type as its result', async () => {
      const asked = { headers: { accept: 'text/csv' } };
      const expected = await (await ask(asked)).text();
      const job = await makeJob(asked);
      const done = await ended(job);
      assert.deepEqual([done.status, done.result], ['succeeded', undefined]);
      const result = await fetch(`${url + job}/result`);
      assert.equal(result.headers.get('content-type'), done.content_type);
      assert.match(done.content_type!, /^text\/csv/);
      assert.equal(await result.text(), expected);
    });

    it('that fails has the error that it would have had at once, in its protocol’s form', async () => {
      const text = Buffer.from('no image');
      const direct = await ask({ body: text });
      const expected = (await direct.json()) as { error: object };
      const job = await makeJob({ body: text });
      const done = await ended(job);
      assert.deepEqual([done.status, done.error], ['failed', expected.error]);
      const result = await fetch(`${url + job}/result`);
      assert.deepEqual([result.status, await result.json()], [direct.status, expected]);
      const v1 = await makeJob({ path: `/v1/models/${bundledName}:predict`, body: '{"instances": 3}' });
      await ended(v1);
      const refused = await fetch(`${url + v1}/result`);
      assert.equal(refused.status, 400);
      assert.equal(typeof ((await refused.json()) as { error: unknown }).error, 'string');
    });

    it('to a model that isn’t there is refused at once', async () => {
      const reply = await ask({ path: '/models/nobody/predict', headers: later });
      assert.equal(reply.status, 404);
      await reply.arrayBuffer();
    });

    it('is told as it goes, by server-sent events', async () => {
      const job = await makeJob();
      const reply = await fetch(`${url + job}/events`);
      assert.equal(reply.headers.get('content-type'), 'text/event-stream');
      const events = (await reply.text()).trim().split('\n\n');
      const states = events.map((event) => {
        const [kind, data] = event.split('\n');
        assert.equal(kind, 'event: status');
        return (JSON.parse(data!.replace('data: ', '')) as Job).status;
      });
      assert.equal(states.at(-1), 'succeeded');
      assert.deepEqual(states, ['queued', 'running', 'succeeded'].slice(-states.length));
    });
  });

  describe('a job', () => {
    it('that nobody made is unknown', async () => {
      for (const [method, path] of [
        ['GET', ''],
        ['GET', '/result'],
        ['GET', '/events'],
        ['DELETE', ''],
      ] as const) {
        const reply = await fetch(`${url}/jobs/${'0'.repeat(32)}${path}`, { method });
        assert.equal(reply.status, 404);
        assert.equal(((await reply.json()) as { error: { code: string } }).error.code, 'job_unknown');
      }
    });

    it('is waited for no longer than is said, and waits within bounds', async () => {
      const job = await makeJob();
      for (const wait of ['-1', '61', 'long']) {
        const reply = await fetch(`${url + job}?wait=${wait}`);
        assert.equal(reply.status, 400, wait);
        await reply.arrayBuffer();
      }
      for (const [path, method] of [
        ['', 'GET'],
        ['/result', 'GET'],
        ['/events', 'GET'],
        ['', 'DELETE'],
      ] as const) {
        const reply = await fetch(`${url + job + path}?until=3`, { method });
        assert.equal(((await reply.json()) as { error: { code: string } }).error.code, 'query_invalid', method + path);
      }
    });

    it('is counted', async () => {
      await until(() => kerasServeOf(app()).jobs.store.unfinished === 0, 'no other job runs');
      const before = await inferences();
      await ended(await makeJob());
      assert.equal(await inferences(), before + 1);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      assert.match(metrics, /^keras_serve_jobs\{status="succeeded"\} [1-9]\d*$/m);
      assert.match(metrics, /^keras_serve_job_oldest_seconds 0$/m);
    });

    it('is forgotten once it is finished and its owner says so', async () => {
      const job = await makeJob();
      await ended(job);
      assert.equal((await fetch(url + job, { method: 'DELETE' })).status, 204);
      assert.equal((await fetch(url + job)).status, 404);
    });

    it('that is cancelled while it waits never runs, and has no result', async () => {
      const { store } = kerasServeOf(app()).jobs;
      // More than run at once: the last one waits.
      const jobs = await Promise.all(Array.from({ length: 40 }, () => makeJob()));
      const last = jobs.at(-1)!;
      const isWaiting = (await jobAt(last)).status === 'queued';
      assert.equal((await fetch(url + last, { method: 'DELETE' })).status, 204);
      if (isWaiting) {
        const cancelled = await jobAt(last);
        assert.deepEqual([cancelled.status, cancelled.started_at], ['cancelled', null]);
        const result = await fetch(`${url + last}/result`);
        assert.deepEqual(
          [result.status, ((await result.json()) as { error: { message: string } }).error.message],
          [409, 'The job was cancelled, so it has no result.'],
        );
      }
      const done = await Promise.all(jobs.slice(0, -1).map(ended));
      assert.deepEqual(new Set(done.map(({ status }) => status)), new Set(['succeeded']));
      await until(() => store.unfinished === 0, 'nothing waits any more');
      assert.equal(kerasServeOf(app()).memory.reserved, 0);
    });
  });

  describe('an idempotency key', () => {
    const key = (value: string) => ({ 'idempotency-key': value });

    it('has a request answered once, however often and in whichever way it comes', async () => {
      const first = await makeJob({ headers: key('one') });
      assert.equal(await makeJob({ headers: key('one') }), first);
      const direct = await ask({ headers: key('one') });
      assert.equal(direct.status, 200);
      assert.deepEqual(await direct.json(), (await ended(first)).result);
      assert.notEqual(await makeJob({ headers: key('two') }), first);
      assert.notEqual(await makeJob({ headers: key('one'), path: `/models/${bundledName}/predict?top_k=2` }), first);
    });

    it('of another way to be answered is refused, too', async () => {
      await ended(await makeJob({ headers: key('csv') }));
      const reply = await ask({ headers: { ...key('csv'), accept: 'text/csv' } });
      assert.equal(reply.status, 422);
      await reply.arrayBuffer();
    });

    it('of another body is refused', async () => {
      await ended(await makeJob({ headers: key('three') }));
      for (const headers of [key('three'), { ...key('three'), ...later }]) {
        const reply = await ask({ body: photo('cat.jpg'), headers });
        assert.equal(reply.status, 422);
        assert.equal(((await reply.json()) as { error: { code: string } }).error.code, 'idempotency_key_reused');
      }
    });

    it('takes a form for the same whose fields are', async () => {
      const form = () => {
        const made = new FormData();
        made.append('image', new Blob([new Uint8Array(coffee)], { type: 'image/jpeg' }), 'coffee.jpg');
        return made;
      };
      const first = await makeJob({ body: form(), headers: key('form') });
      assert.equal(await makeJob({ body: form(), headers: key('form') }), first);
    });

    it('lives as long as its job', async () => {
      const first = await makeJob({ headers: key('short') });
      await ended(first);
      await fetch(url + first, { method: 'DELETE' });
      assert.notEqual(await makeJob({ headers: key('short'), body: photo('cat.jpg') }), first);
    });

    it('that is none is refused', async () => {
      const reply = await ask({ headers: key('a'.repeat(256)) });
      assert.equal(reply.status, 400);
      await reply.arrayBuffer();
    });

    it('answers once even when the first client has gone', async () => {
      const gone = new AbortController();
      const first = ask({ headers: key('gone') });
      const aborted = fetch(`${url}/models/${bundledName}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', ...key('left') },
        body: new Uint8Array(coffee),
        signal: gone.signal,
      });
      aborted.catch(() => undefined);
      await sleep(20);
      gone.abort();
      assert.equal((await first).status, 200);
      const again = await ask({ headers: key('left') });
      assert.equal(again.status, 200);
    });
  });
});
