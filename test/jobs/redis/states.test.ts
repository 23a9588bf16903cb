/** A Redis that is there and does nothing for a while: full, busy, a replica, without replicas, reading its data. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, makeJob, post, startGateway, startWorker, useRedis } from '../../helpers/cluster.js';
import { noRedis, RedisServer } from '../../helpers/redis.js';
import type { Cli } from '../../helpers/server.js';
import { until } from '../../helpers/workers.js';

const half = { instances: [1, 5] };
const answer = { predictions: [2.5, 4.5], success: true };
const own = '/models/half_plus_two/predict';

/** Has Redis run a command. */
type Run = (...command: [string, ...string[]]) => Promise<unknown>;
interface State {
  begin(run: Run): Promise<unknown>;
  end(run: Run): Promise<unknown>;
  code: string;
}

const away = 'queue_unavailable';
const states: Record<string, State> = {
  full: {
    begin: (run) => run('CONFIG', 'SET', 'maxmemory', '1'),
    end: (run) => run('CONFIG', 'SET', 'maxmemory', '0'),
    code: 'queue_full',
  },
  busy: {
    async begin(run) {
      run('EVAL', 'while true do end', '0').catch(() => undefined);
      await until('it is busy', () =>
        run('GET', 'key').then(
          () => false,
          ({ message }) => message.includes('BUSY'),
        ),
      );
    },
    end: (run) => run('SCRIPT', 'KILL'),
    code: away,
  },
  'a replica': {
    begin: (run) => run('REPLICAOF', '127.0.0.1', '1'),
    end: (run) => run('REPLICAOF', 'NO', 'ONE'),
    code: away,
  },
  'a replica that has lost its primary': {
    async begin(run) {
      await run('CONFIG', 'SET', 'replica-serve-stale-data', 'no');
      await run('REPLICAOF', '127.0.0.1', '1');
    },
    end: (run) => run('REPLICAOF', 'NO', 'ONE'),
    code: away,
  },
  'whose user has lost rights': {
    begin: (run) => run('ACL', 'SETUSER', 'default', '-@write'),
    end: (run) => run('ACL', 'SETUSER', 'default', '+@all'),
    code: away,
  },
  'without its replicas': {
    begin: (run) => run('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: (run) => run('CONFIG', 'SET', 'min-replicas-to-write', '0'),
    code: away,
  },
};

describe('a Redis that does nothing for a while', { skip: noRedis }, () => {
  const { models } = useRedis();
  const stops: (() => void)[] = [];
  const t = { after: (stop: () => void) => void stops.push(stop) };
  let redis: RedisServer;
  let worker: Cli;
  let gateway: Cli & { url: string };

  before(async () => {
    redis = await RedisServer.create({ config: ['lua-time-limit 50'] });
    await redis.start();
    worker = await startWorker(t, models(), redis);
    gateway = await startGateway(t, redis, 'half_plus_two');
  });
  after(async () => {
    for (const stop of stops.reverse()) stop();
    await redis?.kill();
  });

  const health = async () => {
    const reply = await fetch(`${gateway.url}/health/ready`);
    return [reply.status, ((await reply.json()) as { error?: { code: string } }).error?.code];
  };

  for (const [name, { begin, end, code }] of Object.entries(states))
    it(`${name}: what comes is refused for now, what was accepted is answered later`, async () => {
      const run: Run = (...command) => redis.run(...command);
      const { url } = gateway;
      const had = gateway.lines.length;
      worker.child.kill('SIGSTOP');
      const made = await makeJob(url + own, half);
      await begin(run);
      for (const headers of [{}, { prefer: 'respond-async' }] as Record<string, string>[]) {
        const reply = await post(url + own, half, headers);
        const { error } = (await reply.json()) as { error: { code: string } };
        assert.deepEqual([reply.status, error.code, reply.headers.get('retry-after')], [503, code, '1']);
      }
      await until('it is not ready', async () => (await health()).join() === `503,${code}`);
      worker.child.kill('SIGCONT');
      await sleep(2000);
      await end(run);
      await until('it is ready', async () => (await health())[0] === 200);
      await until('the job is known', async () => (await fetch(url + made)).status === 200);
      assert.deepEqual((await ended(url + made)).result, answer);
      await until('requests are answered', async () => (await post(url + own, half)).status === 200);
      const faults = [...gateway.lines.slice(had), ...worker.lines].filter((line) => line.includes('"level":50'));
      assert.deepEqual(faults, []);
      const troubles = worker.lines.filter((line) => line.includes('a queue has trouble'));
      assert.ok(troubles.length < 10, `${troubles.length} lines such as ${troubles[0]}`);
    });

  it('what was taken, and could not be put into its queue, is answered when it is asked once more', async () => {
    const { url } = gateway;
    const prefix = 'keras-serve:default:';
    await makeJob(url + own, half);
    const ask = () => post(url + own, half, { prefer: 'respond-async', 'idempotency-key': 'once more' });
    // All but the queues.
    await redis.run('ACL', 'SETUSER', 'default', 'resetkeys', `~${prefix}`, `~${prefix}[^q]*`);
    const refused = await ask();
    assert.equal(refused.status, 503, await refused.text());
    await redis.run('ACL', 'SETUSER', 'default', '~*');
    const taken = await ask();
    assert.equal(taken.status, 202);
    const { status, result } = await ended(url + taken.headers.get('location'));
    assert.deepEqual([status, result], ['succeeded', answer]);
  });
});
