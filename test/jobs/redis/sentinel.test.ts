/** Redis that is found by asking real Sentinels, which make a replica the primary when that dies. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisConnections } from '../../../src/jobs/redis/connection.js';
import { RedisError } from '../../../src/jobs/redis/errors.js';
import { keptLog, noRedis, type RedisServer, startRedis, until } from '../../helpers/redis.js';

const password = 'mackerel';

/** A primary, a replica of it, and Sentinels that know both. */
async function startSentinels(t: TestContext, count: number, config: readonly string[] = []) {
  const primary = await startRedis(t);
  const replica = await startRedis(t, { config: [`replicaof 127.0.0.1 ${primary.port}`] });
  const watching = [
    `sentinel monitor pets 127.0.0.1 ${primary.port} ${Math.floor(count / 2) + 1}`,
    ...['sentinel down-after-milliseconds pets 1000', 'sentinel failover-timeout pets 10000', ...config],
  ];
  const sentinels: RedisServer[] = [];
  for (let one = 0; one < count; one++) sentinels.push(await startRedis(t, { isSentinel: true, config: watching }));
  return { primary, replica, sentinels, hosts: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',') };
}

describe('Redis behind Sentinels', { skip: noRedis }, () => {
  it('is the primary, and after its death the replica that takes its place', async (t) => {
    const { primary, replica, sentinels, hosts } = await startSentinels(t, 3);
    const log = keptLog();
    const connections = await RedisConnections.open(
      { url: `redis+sentinel://${hosts}/pets?db=1`, namespace: 'test' },
      log,
    );
    t.after(() => connections.close());
    const worker = connections.forWorker();
    await connections.commands.set('key', 'value');
    assert.equal(await connections.commands.wait(1, 60_000), 1);
    assert.match(String(await primary.run('INFO', 'keyspace')), /db1:keys=1/);
    // Each has to know of the replica and of the others before it can decide anything.
    for (const sentinel of sentinels) {
      const knows = async () => JSON.stringify(await sentinel.run('SENTINEL', 'MASTER', 'pets'));
      for (const end = Date.now() + 120_000; !/"num-slaves","1","num-other-sentinels","2"/.test(await knows()); )
        assert.ok(await sleep(100, Date.now() < end));
    }
    const popped = worker.blpop('list', 0);
    await primary.kill();
    await until(() => log.lines.some((line) => line.startsWith('warn')));
    await until(() => connections.isReady);
    assert.equal(await connections.commands.get('key'), 'value');
    await connections.commands.rpush('list', 'item');
    assert.deepEqual(await popped, ['list', 'item']);
    assert.match(String(await replica.run('INFO', 'replication')), /role:master/);
    // What comes back is a replica now, which nobody is sent to.
    await primary.start();
    await sentinels[0]!.kill();
    await connections.commands.set('key', 'other');
    assert.equal(await replica.run('INFO', 'keyspace').then((text) => /db1:keys=\d/.test(String(text))), true);
    assert.match(log.lines[0]!, /^info Redis pets of the Sentinels at 127\.0\.0\.1:\d+, .* is reached: /);
  });

  it('is waited for while they know of none of the name', async (t) => {
    const { sentinels, hosts, primary } = await startSentinels(t, 1);
    const log = keptLog();
    const opened = RedisConnections.open({ url: `redis+sentinel://${hosts}/cats`, namespace: 'test' }, log, t.signal);
    await until(() => log.lines.length > 0);
    assert.match(
      log.lines[0]!,
      /^warn Redis cats of the Sentinels at .* can't be used: they know of none of this name\. /,
    );
    await sentinels[0]!.run('SENTINEL', 'MONITOR', 'cats', '127.0.0.1', String(primary.port), '1');
    await (await opened).close();
  });

  it('is waited for while no Sentinel is there, but not for their password', async (t) => {
    const { sentinels, hosts } = await startSentinels(t, 1, [`requirepass ${password}`]);
    const at = (query: string) => ({ url: `redis+sentinel://${hosts}/pets${query}`, namespace: 'test' });
    const log = keptLog();
    for (const query of ['', '?sentinel_password=wrong'])
      await assert.rejects(
        RedisConnections.open(at(query), log),
        (error) =>
          error instanceof RedisError &&
          /is behind Sentinels that ask for another user or password/.test(error.message),
      );
    await sentinels[0]!.kill();
    const opened = RedisConnections.open(at(`?sentinel_password=${password}`), log, t.signal);
    await until(() => log.lines.length > 0);
    assert.match(log.lines[0]!, /can't be used: no Sentinel is reached/);
    await sentinels[0]!.start();
    await (await opened).close();
    assert.ok(!log.lines.join().includes(password));
  });

  it('is not a Sentinel itself', async (t) => {
    const { sentinels } = await startSentinels(t, 1);
    await assert.rejects(
      RedisConnections.open({ url: sentinels[0]!.url, namespace: 'test' }, keptLog()),
      /RedisError: Redis at .* is a Sentinel: redis\+sentinel:/,
    );
  });
});
