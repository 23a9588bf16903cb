/** Whoever waits for a job in Redis costs nothing any more once he doesn't. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisConnections } from '../../../src/jobs/redis/connection.js';
import { RedisParts } from '../../../src/jobs/redis/redis-parts.js';
import { noRedis, startRedis } from '../../helpers/redis.js';

const id = '0123456789abcdef'.repeat(2);
const log = { info: () => undefined, warn: () => undefined };

it('clients that leave at once, or are many, leave nothing behind', { skip: noRedis, timeout: 60_000 }, async (t) => {
  const warnings: string[] = [];
  const warned = ({ name }: Error) => void warnings.push(name);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  const redis = await startRedis(t);
  const connections = await RedisConnections.open({ url: redis.url, namespace: 'default' }, log);
  t.after(() => connections.close());
  const store = new RedisParts(connections).store({ maxJobs: 1, jobTtl: 1 });
  await redis.run('HSET', `keras-serve:default:job:${id}`, 'status', 'queued', 'model', 'm', 'created', '1');
  const job = await store.get(id, undefined);
  // He is gone before he waits.
  await store.settled(job, AbortSignal.abort(), Number.POSITIVE_INFINITY);
  // They go before they are told of anything.
  const leaving = Array.from({ length: 20 }, () => new AbortController());
  const all = leaving.map(({ signal }) => store.settled(job, signal, 60));
  for (const client of leaving) client.abort();
  await Promise.all(all);
  while (((await redis.run('PUBSUB', 'CHANNELS')) as string[]).length > 0) await sleep(20);
  assert.deepEqual(warnings, []);
  // What Redis refuses for a while is no fault of keras-serve.
  await redis.run('CONFIG', 'SET', 'min-replicas-to-write', '1');
  await assert.rejects(store.delete(job), { code: 'queue_unavailable' });
});
