/** What others have written into Redis is believed by nobody: it costs lines in the log, and no process. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jobAt, makeJob, post, startGateway, startWorker, useRedis } from '../../helpers/cluster.js';
import { noRedis, startRedis } from '../../helpers/redis.js';
import { until } from '../../helpers/workers.js';

const half = { instances: [1, 5] };
const answer = { predictions: [2.5, 4.5], success: true };
const own = '/models/half_plus_two/predict';
const prefix = 'keras-serve:default:';

/** An id that nobody has made. */
const newId = () => randomBytes(16).toString('hex');
/** Bytes that mean nothing, as text that a command can have. */
const noise = (length = 100) => randomBytes(length).toString('latin1');

describe('a Redis with foreign content', { skip: noRedis }, () => {
  const { models } = useRedis();

  it('ends no process, and what is whole is answered', async (t) => {
    const redis = await startRedis(t);
    const worker = await startWorker(t, models(), redis);
    const gateway = await startGateway(t, redis, 'half_plus_two');
    const { url } = gateway;
    const run = (...command: [string, ...string[]]) => redis.run(...command);
    const job = (id: string, fields: Record<string, string>) =>
      run('HSET', `${prefix}job:${id}`, ...Object.entries(fields).flat());
    const asked = async (id: string, path = '') => (await fetch(`${url}/jobs/${id}${path}`)).status;

    // Jobs whose record is damaged, in each of the sets.
    const whole = { model: 'half_plus_two', created: '1' };
    const over = { ...whole, finished: '2', type: 'text/plain', headers: '{}', size: '1' };
    const records: Record<string, Record<string, string>> = {
      'nothing but a status': { status: 'succeeded' },
      noise: { status: noise(), model: noise(), created: noise(), error: noise(), timings: noise() },
      'no such date': { ...whole, status: 'running', created: '1e99', started: 'x', queue: noise() },
      'an end that is none': { ...over, status: 'succeeded', type: noise(), headers: noise(), size: 'x' },
      'headers that are none': { ...over, status: 'succeeded', headers: '{"a\\nb":"c\\r\\nd: e"}' },
      'an error that is none': { ...over, status: 'failed', code: '99999', error: '{}' },
    };
    const ids: string[] = [];
    for (const fields of Object.values(records)) {
      const id = newId();
      ids.push(id);
      await job(id, fields);
      await run('SET', `${prefix}out:${id}`, noise());
      for (const set of ['queued', 'running', 'succeeded', 'failed', 'cancelled'])
        await run('ZADD', `${prefix}jobs:${set}`, '1', id);
    }
    // Records of another type, and members of sets that are no ids.
    const string = newId();
    ids.push(string);
    await run('SET', `${prefix}job:${string}`, noise());
    await run('ZADD', `${prefix}jobs:queued`, '0', string);
    await run('ZADD', `${prefix}jobs:running`, '0', noise());
    await run('ZADD', `${prefix}direct:queued`, 'inf', noise());
    // Requests that are none, in the queue of the model.
    const waiting = newId();
    await job(waiting, { ...whole, status: 'queued', queue: 'half_plus_two', key: '' });
    await run('SET', `${prefix}in:${waiting}`, noise());
    await run('ZADD', `${prefix}jobs:queued`, '1', waiting);
    await run('RPUSH', `${prefix}queue:half_plus_two:wait`, noise(), 'job-', waiting, `job-${waiting}`);
    // What is published.
    for (const channel of ['cancelled', `changed:${waiting}`, `replies:${waiting}`])
      await run('PUBLISH', `${prefix}${channel}`, noise());
    await run('SET', `${prefix}totals`, noise());
    await run('SADD', `${prefix}queues`, noise());
    // Announcements.
    await run('HSET', `${prefix}worker:x`, 'host', noise(), 'models', noise(), 'since', noise(), 'epoch', noise());
    await run('ZADD', `${prefix}workers`, '9e15', 'x', '9e15', noise());
    await run('ZADD', `${prefix}generations`, '9e15', noise(), '9e15', `half_plus_two/9/${'a'.repeat(64)}`);
    await run('SET', `${prefix}model:${'a'.repeat(64)}`, noise(100_000));
    await run('SET', `${prefix}default`, noise());
    await run('SET', `${prefix}epoch`, noise());

    for (const id of ids)
      for (const path of ['', '/result']) {
        const status = await asked(id, path);
        assert.ok(status >= 400 || path === '', `${id}${path}: ${status}`);
      }
    await fetch(`${url}/metrics`);
    await fetch(`${url}/models`);
    // Longer than the looks at what is lost are apart.
    await sleep(12_000);
    const made = await makeJob(url + own, half);
    await until(
      'a job is answered',
      async () =>
        (await jobAt(url + made)).finished_at !== undefined && (await jobAt(url + made)).status === 'succeeded',
    );
    assert.deepEqual((await jobAt(url + made)).result, answer);
    await until('direct requests are answered', async () => (await post(url + own, half)).status === 200);
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    assert.deepEqual([worker.child.exitCode, gateway.child.exitCode], [null, null]);
    const fatal = [...worker.lines, ...gateway.lines].filter((line) => /"level":60/.test(line));
    assert.deepEqual(fatal, []);
  });
});
