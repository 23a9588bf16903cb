/** What seldom happens to jobs: Redis goes while they run, versions change while they wait, results are large, or soon forgotten. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledModel, photo } from '../../helpers/app.js';
import { jobAt, makeJob, post, startGateway, startWorker, useRedis } from '../../helpers/cluster.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { freePort } from '../../helpers/real-proxies.js';
import { noRedis, startRedis } from '../../helpers/redis.js';
import { runCli } from '../../helpers/server.js';
import { until } from '../../helpers/workers.js';

const half = { instances: [1, 5] };
const own = '/models/half_plus_two/predict';
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const succeeded = (address: string) =>
  until('the job has succeeded', async () => (await jobAt(address).catch(() => undefined))?.status === 'succeeded');

describe('jobs beyond one machine', { skip: noRedis }, () => {
  const { models, redis } = useRedis();
  const model = () => join(models(), 'half_plus_two.keras');

  it('that run while Redis is away for ten seconds are answered', async (t) => {
    const server = await startRedis(t);
    const worker = await startWorker(t, bundledModel, server);
    const { url } = await startGateway(t, server, 'efficientnet-lite0');
    const instances = Array.from({ length: 24 }, () => ({ b64: photo('cat.jpg').toString('base64') }));
    const made = await makeJob(`${url}/models/efficientnet-lite0/predict`, { instances });
    await until('it runs', async () => (await jobAt(url + made)).status === 'running');
    await server.kill();
    await sleep(10_000);
    await server.start();
    await succeeded(url + made);
    const next = await makeJob(`${url}/models/efficientnet-lite0/predict`, { instances: instances.slice(0, 1) });
    await succeeded(url + next);
    assert.equal(worker.child.exitCode, null);
  });

  it('that wait while a version comes and goes are answered by the one that there is then', async (t) => {
    const folder = temporaryFolder('versions');
    const put = (version: number) => {
      mkdirSync(join(folder, 'swapped', String(version)), { recursive: true });
      copyFileSync(model(), join(folder, 'swapped', String(version), 'model.keras'));
    };
    put(1);
    const worker = await startWorker(t, folder, redis(), ['--watch']);
    const { url } = await startGateway(t, redis(), 'swapped');
    worker.child.kill('SIGSTOP');
    const path = '/models/swapped';
    const waiting = await Promise.all(Array.from({ length: 20 }, () => makeJob(`${url + path}/predict`, half)));
    const named = await makeJob(`${url + path}/versions/1/predict`, half);
    put(2);
    worker.child.kill('SIGCONT');
    let failed = 0;
    const isNew = async () => {
      const reply = await post(`${url + path}/predict`, half);
      if (reply.status !== 200) failed++;
      return reply.headers.get('x-model-version') === '2';
    };
    await until('the new version answers', isNew);
    for (const one of [...waiting, named]) await succeeded(url + one);
    assert.equal((await jobAt(url + named)).version, 1);
    assert.equal(failed, 0);
  });

  it('have results of fifty megabytes, or are forgotten after a second', async (t) => {
    const flags = [
      '--job-ttl',
      '1',
      '--deadline',
      '3m',
      '--max-json-size',
      '100MB',
      '--max-reply-size',
      '200MB',
      '--max-rows',
      '10000000',
    ];
    await startWorker(t, models(), redis(), flags);
    const { url } = await startGateway(t, redis(), 'half_plus_two', flags);
    const made = await makeJob(url + own, half);
    await until('it is forgotten', async () => (await fetch(url + made)).status === 404);
    const numbers = Array.from({ length: 4_500_000 }, (_, index) => index / 3);
    const reply = await post(`${url}/v1/models/half_plus_two:predict`, { instances: numbers });
    const text = await reply.text();
    assert.equal(reply.status, 200, text.slice(0, 300));
    assert.ok(text.length > 50e6, `${text.length}`);
    assert.equal((await post(url + own, half)).status, 200);
  });

  it('are told to a receiver that is away at first', async (t) => {
    const host = `127.0.0.1:${await freePort()}`;
    await startWorker(t, model(), redis());
    const { url, line } = await startGateway(t, redis(), 'half_plus_two', [
      '--webhook-host',
      host,
      '--webhook-secret',
      secret,
    ]);
    const made = await makeJob(`${url + own}?webhook=http://${host}/done`, half);
    await line('a webhook was not taken, and is sent again later');
    const told = new Promise((resolve) => {
      const server = createServer((request, reply) => {
        reply.end();
        resolve(request.headers['webhook-id']);
      });
      server.listen(Number(host.split(':')[1]), '127.0.0.1');
      t.after(() => server.close());
    });
    assert.equal(await told, made.split('/').at(-1));
  });

  it('are made by no worker, whatever else it is told', async (t) => {
    const worker = await startWorker(t, model(), redis(), ['--base-path', '/ml', '--rate-limit', '1/minute']);
    const { url } = JSON.parse(worker.lines.find((line) => line.includes('"url":"http'))!) as { url: string };
    const base = url.replace(/\/ml\/?$/, '');
    const states = await Promise.all(
      ['/ml/health/ready', '/ml/health/ready', '/ml/metrics', '/ml/predict'].map(
        async (path) => (await fetch(base + path)).status,
      ),
    );
    assert.deepEqual(states, [200, 200, 200, 404]);
    const refused = await runCli(t, [model(), '--role', 'worker', '--api-keys', '/none.txt', '--port', '0'], {
      KERAS_SERVE_REDIS: redis().url,
    }).ended;
    assert.match(refused.stderr, /API keys \/none.txt can’t be read/);
  });
});
