/** Whoever dies: what was accepted is answered once, and those who wait are told what they can do. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledModel, photo } from '../../helpers/app.js';
import { ended, jobAt, makeJob, post, startGateway, startWorker, useRedis } from '../../helpers/cluster.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { noRedis, startRedis } from '../../helpers/redis.js';
import type { Cli } from '../../helpers/server.js';

const half = { instances: [1, 5] };
const answer = { predictions: [2.5, 4.5], success: true };
const own = '/models/half_plus_two/predict';

/** Work for some seconds, and how it is asked for: the same image many times over. */
const longWork = (count: number) => ({
  instances: Array.from({ length: count }, () => ({ b64: photo('cat.jpg').toString('base64') })),
});

/** Waits until something holds. */
async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 120_000; !(await isSo()); await sleep(20)) assert.ok(Date.now() < end, what);
}

const isRunning = (address: string) => async () => (await jobAt(address)).status === 'running';

/** Ends a process as a power cut would. */
async function killed({ child, ended }: Cli): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

describe('beyond one machine', { skip: noRedis }, () => {
  const { models, redis } = useRedis();
  const stops: (() => void)[] = [];
  const t = { after: (stop: () => void) => void stops.push(stop) };
  let gateway: string;

  before(async () => {
    const first = await startWorker(t, models(), redis());
    ({ url: gateway } = await startGateway(t, redis(), 'half_plus_two'));
    await killed(first);
  });
  after(() => {
    for (const stop of stops.reverse()) stop();
  });

  it('a model without a worker is known: requests are refused, and jobs wait for the next one', async (t) => {
    await until(
      async () => (await fetch(`${gateway}/v2/models/half_plus_two/ready`)).status === 503,
      'it is not ready',
    );
    const refused = await post(gateway + own, half);
    const { error } = (await refused.json()) as { error: { code: string; message: string } };
    assert.deepEqual([refused.status, error.code], [503, 'model_not_ready']);
    assert.match(error.message, /No worker/);
    assert.ok(refused.headers.get('retry-after'));
    assert.equal((await post(gateway + own, half, { 'idempotency-key': 'waits' })).status, 503);
    const made = await makeJob(gateway + own, half);
    assert.equal((await jobAt(gateway + made)).status, 'queued');
    await startWorker(t, models(), redis());
    assert.deepEqual((await ended(gateway + made)).result, answer);
  });

  it('a worker’s death puts back what it had, jobs and requests whose clients wait', async (t) => {
    const [dying] = await Promise.all([startWorker(t, bundledModel, redis()), startGatewayFor(t)]);
    const made = await makeJob(`${gateway}/models/efficientnet-lite0/predict`, longWork(24));
    await until(isRunning(gateway + made), 'the job runs');
    const waiting = post(`${gateway}/models/efficientnet-lite0/predict`, longWork(1));
    await killed(dying);
    await startWorker(t, bundledModel, redis());
    const job = await ended(gateway + made);
    assert.equal(job.status, 'succeeded');
    assert.equal((job.result as { predictions: object[] }).predictions.length, 24);
    // A client that waited longer than its deadline may try again.
    assert.ok([200, 504].includes((await waiting).status));
  });

  it('a job that workers die over has failed after so many attempts, and says so', async (t) => {
    const once = ['--max-attempts', '1'];
    const dying = await startWorker(t, bundledModel, redis(), once);
    await startGatewayFor(t);
    const made = await makeJob(`${gateway}/models/efficientnet-lite0/predict`, longWork(24));
    await until(isRunning(gateway + made), 'the job runs');
    await killed(dying);
    await startWorker(t, bundledModel, redis(), once);
    const job = await ended(gateway + made);
    assert.deepEqual([job.status, job.error?.code], ['failed', 'job_abandoned']);
    assert.match(job.error!.message, /^1 worker has ended while working on this request/);
  });

  it('a worker that stood still for longer than its lock answers nothing twice', async (t) => {
    const [still] = await Promise.all([startWorker(t, bundledModel, redis()), startGatewayFor(t)]);
    const made = await makeJob(`${gateway}/models/efficientnet-lite0/predict`, longWork(24));
    await until(isRunning(gateway + made), 'the job runs');
    still.child.kill('SIGSTOP');
    await startWorker(t, bundledModel, redis());
    const job = await ended(gateway + made);
    assert.equal(job.status, 'succeeded');
    still.child.kill('SIGCONT');
    // What it has made since is dropped: the job stays as it was.
    await still.line('could not renew lock').catch(() => undefined);
    assert.deepEqual(await jobAt(gateway + made), job);
  });

  it('a worker that is asked to end finishes what it has, and takes no more', async (t) => {
    const [ending] = await Promise.all([startWorker(t, bundledModel, redis()), startGatewayFor(t)]);
    const made = await makeJob(`${gateway}/models/efficientnet-lite0/predict`, longWork(8));
    await until(isRunning(gateway + made), 'the job runs');
    ending.child.kill('SIGTERM');
    assert.equal((await ending.ended).code, 0);
    assert.equal((await jobAt(gateway + made)).status, 'succeeded');
  });

  it('a worker whose files answer no more finishes what it has, though it is asked to end', async (t) => {
    const flags = ['--max-attempts', '1'];
    const [ending] = await Promise.all([startWorker(t, bundledModel, redis(), flags), startGatewayFor(t)]);
    const made = await makeJob(`${gateway}/models/efficientnet-lite0/predict`, longWork(24));
    await until(isRunning(gateway + made), 'the job runs');
    const folder = join(temporaryFolder('next'), 'efficientnet-lite0');
    cpSync(bundledModel, folder, { recursive: true });
    const card = JSON.parse(readFileSync(join(folder, 'serve.json'), 'utf8')) as object;
    writeFileSync(join(folder, 'serve.json'), JSON.stringify({ ...card, description: 'The next one.' }));
    await startWorker(t, folder, redis(), flags);
    ending.child.kill('SIGTERM');
    assert.equal((await ending.ended).code, 0);
    assert.equal((await jobAt(gateway + made)).status, 'succeeded');
  });

  it('a worker that has no time to finish hands back what it has, and that counts for no attempt', async (t) => {
    const flags = ['--close-timeout', '2', '--max-attempts', '1'];
    const [ending] = await Promise.all([startWorker(t, bundledModel, redis(), flags), startGatewayFor(t)]);
    const made = await makeJob(`${gateway}/models/efficientnet-lite0/predict`, longWork(100));
    await until(isRunning(gateway + made), 'the job runs');
    ending.child.kill('SIGTERM');
    await ending.ended;
    assert.equal((await jobAt(gateway + made)).status, 'queued');
    await startWorker(t, bundledModel, redis(), ['--max-attempts', '1']);
    assert.equal((await ended(gateway + made)).status, 'succeeded');
  });

  it('a job that is cancelled while it runs ends, and its worker goes on', async (t) => {
    await Promise.all([startWorker(t, bundledModel, redis()), startGatewayFor(t)]);
    const made = await makeJob(`${gateway}/models/efficientnet-lite0/predict`, longWork(100));
    await until(isRunning(gateway + made), 'the job runs');
    assert.equal((await fetch(gateway + made, { method: 'DELETE' })).status, 204);
    assert.equal((await jobAt(gateway + made)).status, 'cancelled');
    const next = await makeJob(`${gateway}/models/efficientnet-lite0/predict`, longWork(1));
    assert.equal((await ended(gateway + next)).status, 'succeeded');
  });

  /** Waits until the gateway knows the bundled model. */
  async function startGatewayFor(_t: object): Promise<void> {
    const isReady = async () => (await fetch(`${gateway}/v2/models/efficientnet-lite0/ready`)).status === 200;
    await until(isReady, 'the model is there');
  }
});

describe('a Redis that is away', { skip: noRedis }, () => {
  const { models } = useRedis();

  it('costs a 503, loses no job that was accepted, and all goes on when it is back', async (t) => {
    const redis = await startRedis(t);
    const worker = await startWorker(t, models(), redis);
    const { url, lines } = await startGateway(t, redis, 'half_plus_two');
    const faults = () => lines.filter((line) => line.includes('"level":50')).join('\n');
    await killed(worker);
    const made = await makeJob(url + own, half);
    await redis.kill();
    for (const headers of [{}, { prefer: 'respond-async' }] as Record<string, string>[]) {
      const reply = await post(url + own, half, headers);
      const { error } = (await reply.json()) as { error: { code: string } };
      assert.equal(reply.status, 503, faults());
      assert.ok(['queue_unavailable', 'model_not_ready'].includes(error.code), error.code);
      assert.ok(reply.headers.get('retry-after'));
    }
    const unknown = await fetch(url + made);
    assert.equal(unknown.status, 503, faults());
    assert.equal((await fetch(`${url}/health/live`)).status, 200);
    assert.equal((await fetch(`${url}/health/ready`)).status, 503);
    await redis.start();
    await startWorker(t, models(), redis);
    await until(async () => (await fetch(url + made)).status === 200, 'the gateway has Redis again');
    assert.deepEqual((await ended(url + made)).result, answer);
    await until(async () => (await post(url + own, half)).status === 200, 'requests are answered again');
  });

  it('is waited for by workers, which go on where they were', async (t) => {
    const redis = await startRedis(t);
    await startWorker(t, models(), redis);
    const { url } = await startGateway(t, redis, 'half_plus_two');
    for (let round = 0; round < 2; round++) {
      await redis.kill();
      await redis.start();
      await until(async () => (await post(url + own, half)).status === 200, 'requests are answered again');
      const made = await until(async () => true, '').then(() => makeJob(url + own, half));
      assert.deepEqual((await ended(url + made)).result, answer);
    }
  });
});

describe('all in one', { skip: noRedis }, () => {
  const { models, redis } = useRedis();

  it('a server with Redis answers by itself, and keeps jobs that outlive it', async (t) => {
    const { startServer } = await import('../../helpers/server.js');
    const flags = ['--processes', '1', '--no-cache'];
    const first = await startServer(t, flags, models(), { KERAS_SERVE_REDIS: redis().url });
    const made = await makeJob(first.url + own, half);
    const job = await ended(first.url + made);
    assert.deepEqual([job.result, job.durable], [answer, true]);
    await killed(first);
    const second = await startServer(t, flags, models(), { KERAS_SERVE_REDIS: redis().url });
    assert.deepEqual(await jobAt(second.url + made), job);
    await redis().kill();
    assert.deepEqual(await (await post(second.url + own, half)).json(), answer);
    assert.equal((await post(second.url + own, half, { prefer: 'respond-async' })).status, 503);
    await redis().start();
  });
});
