/** A gateway and a worker whose user has no more rights than messages ask for, and whose password nobody is shown. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, makeJob, post, startGateway, startWorker, useRedis } from '../../helpers/cluster.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { noRedis, startRedis } from '../../helpers/redis.js';
import { runCli } from '../../helpers/server.js';

const password = 'mackerel';
const rights = '~keras-serve:pets:* &keras-serve:pets:* +@all -@admin -@dangerous +info';

describe('a user of Redis', { skip: noRedis }, () => {
  const { models } = useRedis();

  it('needs the rights that messages name, and has its password told nowhere', async (t) => {
    const config = ['user default off', `user pets on >${password} ${rights}`, `user admin on nopass ~* &* +@all`];
    const server = await startRedis(t, { config });
    const url = `redis://pets:${password}@127.0.0.1:${server.port}`;
    const model = join(models(), 'half_plus_two.keras');
    const worker = await startWorker(t, model, { url }, ['--namespace', 'pets']);
    const gateway = await startGateway(t, { url }, 'half_plus_two', ['--namespace', 'pets']);
    const asked = () => post(`${gateway.url}/models/half_plus_two/predict`, { instances: [1] });
    const isAnswered = async () => {
      const reply = await asked();
      const text = await reply.text();
      return reply.status === 200 && text.includes('2.5');
    };
    const untilAnswered = async () => {
      for (const end = Date.now() + 120_000; !(await isAnswered()); await sleep(100)) assert.ok(Date.now() < end);
    };
    await untilAnswered();
    const job = async () => {
      const location = await makeJob(`${gateway.url}/models/half_plus_two/predict`, { instances: [1] });
      return (await ended(`${gateway.url}${location}`)).status;
    };
    assert.equal(await job(), 'succeeded');
    await server.kill();
    await Promise.all([worker, gateway].map(({ line }) => line("can't be used")));
    await server.start();
    await untilAnswered();
    assert.equal(await job(), 'succeeded');
    for (const { child } of [gateway, worker]) child.kill('SIGTERM');
    for (const { stdout, stderr, code } of await Promise.all([gateway.ended, worker.ended])) {
      assert.deepEqual([code, stderr], [0, '']);
      assert.ok(!stdout.includes(password) && !/NOPERM|^ {4}at /m.test(stdout), stdout);
    }
  });

  it('that is refused ends the command with what to do', async (t) => {
    const { port } = await startRedis(t, { config: [`user pets on >${password} ~* &* +@all -eval`] });
    const model = join(models(), 'half_plus_two.keras');
    for (const [user, message] of [
      ['pets:wrong', /^keras-serve: Redis at .* refuses the user or the password of --redis\n$/],
      [
        `pets:${password}`,
        /^keras-serve: The user of --redis may not run EVAL on Redis at .*These rights are enough: /,
      ],
    ] as const) {
      const url = `redis://${user}@127.0.0.1:${port}`;
      for (const args of [
        ['--role', 'gateway'],
        [model, '--role', 'worker', '--no-cache'],
      ]) {
        const { code, stdout, stderr } = await runCli(t, [...args, '--port', '0'], { KERAS_SERVE_REDIS: url }).ended;
        assert.equal(code, 1, stdout);
        assert.match(stderr, message);
        assert.ok(!(stdout + stderr).includes(password) && !(stdout + stderr).includes('wrong'));
      }
    }
  });

  it('is shown by no command', async (t) => {
    const file = join(temporaryFolder('redis-config'), 'serve.yaml');
    const url = `redis://pets:${password}@localhost`;
    writeFileSync(file, `redis: ${url}\nredis-ca: ca.pem\n`);
    for (const [args, environment] of [
      [['config', '--redis', url], {}],
      [['config', '--json'], { KERAS_SERVE_REDIS: url }],
      [['config', '--config', file], {}],
      [['config', '--redis', `${url}#`], {}],
      [['--role', 'gateway', 'model.keras'], { KERAS_SERVE_REDIS: url }],
      [['--role', 'gateway'], { KERAS_SERVE_REDIS: url, KERAS_SERVE_REDIS_CA: file }],
    ] as [string[], Record<string, string>][]) {
      const { stdout, stderr } = await runCli(t, args, environment).ended;
      assert.match(stdout + stderr, /\*{8}|--redis|A gateway loads no model/);
      assert.ok(!(stdout + stderr).includes(password), stdout + stderr);
    }
  });
});
