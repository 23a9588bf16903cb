/** Servers that are asked to end while Redis stands still: they do, and say what they leave to others. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bundledModel, photo } from '../../helpers/app.js';
import { jobAt, makeJob, post, startGateway, startWorker, useRedis } from '../../helpers/cluster.js';
import { noRedis, startRedis } from '../../helpers/redis.js';
import type { Cli } from '../../helpers/server.js';

const ending = ['--close-timeout', '2'];
const half = { instances: [1, 5] };
const own = '/models/half_plus_two/predict';

/** Asks a server to end. @returns its exit code, and the lines above info that it then logged */
async function ended({ child, lines, ended }: Cli): Promise<{ code: number | null; said: string[] }> {
  const from = lines.length;
  child.kill('SIGTERM');
  const { code } = await ended;
  const said = lines.slice(from).map((line) => JSON.parse(line) as { level: number; msg: string });
  return { code, said: said.filter(({ level }) => level >= 40).map(({ level, msg }) => `${level} ${msg}`) };
}

describe('a server that ends while Redis stands still', { skip: noRedis }, () => {
  const { models } = useRedis();

  it('says that it could not take leave, where it has to', async (t) => {
    const redis = await startRedis(t);
    const worker = await startWorker(t, models(), redis, ending);
    const gateway = await startGateway(t, redis, 'half_plus_two', ending);
    redis.pause(true);
    assert.deepEqual(await ended(worker), {
      code: 0,
      said: ['40 Redis did not answer within 2 s: the server ends without taking leave of it'],
    });
    assert.deepEqual(await ended(gateway), { code: 0, said: [] });
  });

  it('says how many requests another worker has to begin again', async (t) => {
    const redis = await startRedis(t);
    const worker = await startWorker(t, bundledModel, redis, ending);
    const { url } = await startGateway(t, redis, 'efficientnet-lite0');
    const instances = Array.from({ length: 24 }, () => ({ b64: photo('cat.jpg').toString('base64') }));
    const made = await makeJob(`${url}/models/efficientnet-lite0/predict`, { instances });
    while ((await jobAt(url + made)).status !== 'running');
    redis.pause(true);
    const { code, said } = await ended(worker);
    assert.equal(code, 0);
    assert.match(
      said.join('\n'),
      /^40 requests of the queue that were begun here, which another worker begins again: 1$/m,
    );
    redis.pause(false);
    await startWorker(t, bundledModel, redis);
    assert.equal((await (await fetch(`${url + made}?wait=60`)).json()).status, 'succeeded');
  });

  it('has failed where a client waits', async (t) => {
    const redis = await startRedis(t);
    await startWorker(t, models(), redis);
    const gateway = await startGateway(t, redis, 'half_plus_two', ending);
    redis.pause(true);
    const asked = post(gateway.url + own, half).then(
      ({ status }) => status,
      () => 0,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { code, said } = await ended(gateway);
    assert.equal(await asked, 0);
    assert.equal(code, 1);
    assert.match(said.join('\n'), /^50 requests not answered within 2 s: 1$/m);
  });
});
