/** Connections to real Redis servers: reached, refused, away and back, and what is said of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisConnections } from '../../../src/jobs/redis/connection.js';
import { RedisError } from '../../../src/jobs/redis/errors.js';
import type { RedisSettings } from '../../../src/jobs/redis/settings.js';
import { makeCertificate } from '../../helpers/certificates.js';
import { keptLog, noRedis, RedisServer, startRedis, until } from '../../helpers/redis.js';

const password = 'mackerel';

/** Connections until the test has ended, and what they logged. */
async function open(t: TestContext, settings: Partial<RedisSettings> & { url: string }) {
  const log = keptLog();
  const connections = await RedisConnections.open({ namespace: 'test', ...settings }, log);
  t.after(() => connections.close());
  return { connections, log };
}

/** Has no connection be opened, and gives the message. */
async function refusal(settings: Partial<RedisSettings> & { url: string }): Promise<string> {
  const log = keptLog();
  const opened = RedisConnections.open({ namespace: 'test', ...settings }, log);
  const error = await opened.then(
    async (connections) => {
      await connections.close();
      return undefined;
    },
    (error) => error,
  );
  assert.ok(error instanceof RedisError, String(error));
  assert.ok(!log.lines.join().includes(password) && !error.message.includes(password));
  return error.message;
}

describe('connections to Redis', { skip: noRedis }, () => {
  it('are for commands, workers and subscribers', async (t) => {
    const { url, port } = await startRedis(t);
    const { connections, log } = await open(t, { url, namespace: 'pets' });
    assert.equal(connections.prefix, 'keras-serve:pets:');
    assert.equal(connections.isReady, true);
    const key = `${connections.prefix}key`;
    assert.equal(await connections.commands.set(key, 'value'), 'OK');
    const worker = connections.forWorker();
    assert.equal(await worker.get(key), 'value');
    const subscriber = connections.forSubscriber();
    const message = new Promise((resolve) => subscriber.once('message', (...all) => resolve(all)));
    await subscriber.subscribe(`${connections.prefix}news`);
    await connections.commands.publish(`${connections.prefix}news`, 'hello');
    assert.deepEqual(await message, [`${connections.prefix}news`, 'hello']);
    assert.deepEqual(await connections.commands.keys('*'), [key]);
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0]!, new RegExp(`^info Redis at 127\\.0\\.0\\.1:${port} is reached: (Redis|Valkey) \\d`));
  });

  it('go by a Unix socket, to the database that is named', async (t) => {
    const server = await startRedis(t, { hasSocket: true });
    const { connections } = await open(t, { url: `${server.url}?db=3` });
    await connections.commands.set('key', 'value');
    assert.match(String(await server.run('INFO', 'keyspace')), /db3:keys=1/);
    assert.match(
      await refusal({ url: `${server.url}?db=99` }),
      /redis\.sock has no database of the number in --redis$/,
    );
  });

  it('wait for a Redis that is away at first, and say so at once and when it is there', async (t) => {
    const server = await RedisServer.create();
    t.after(() => server.kill());
    const log = keptLog();
    const opened = RedisConnections.open({ url: server.url, namespace: 'test' }, log, t.signal);
    await until(() => log.lines.length > 0);
    const where = `Redis at 127.0.0.1:${server.port}`;
    assert.deepEqual(log.lines, [`warn ${where} can't be used: nobody listens there. It is tried again until it can`]);
    await server.start();
    const connections = await opened;
    t.after(() => connections.close());
    assert.equal(await connections.commands.ping(), 'PONG');
    await until(() => log.lines.includes(`info ${where} can be used now`));
  });

  it('are given up by a signal while Redis is away', async () => {
    const { url } = await RedisServer.create();
    const log = keptLog();
    const aborting = new AbortController();
    const opened = RedisConnections.open({ url, namespace: 'test' }, log, aborting.signal);
    await until(() => log.lines.length > 0);
    aborting.abort(new Error('enough'));
    await assert.rejects(opened, /^Error: enough$/);
  });

  it('refuse commands at once while Redis is away, keep what waits, and are back when it is', async (t) => {
    const server = await startRedis(t);
    const { connections, log } = await open(t, { url: server.url });
    const [worker, subscriber] = [connections.forWorker(), connections.forSubscriber()];
    await subscriber.subscribe('news');
    const popped = worker.blpop('list', 0);
    await connections.commands.set('key', 'value');
    await server.kill();
    await until(() => !connections.isReady);
    await assert.rejects(connections.commands.get('key'));
    await until(() => log.lines.some((line) => line.startsWith('warn')));
    await server.start();
    await until(() => connections.isReady);
    assert.equal(await connections.commands.get('key'), 'value');
    await connections.commands.rpush('list', 'item');
    assert.deepEqual(await popped, ['list', 'item']);
    const message = new Promise((resolve) => subscriber.once('message', (...all) => resolve(all)));
    while ((await connections.commands.publish('news', 'hello')) === 0) await sleep(20);
    assert.deepEqual(await message, ['news', 'hello']);
    await until(() => log.lines.at(-1)!.endsWith('can be used now'));
  });

  it('end commands that were under way when Redis went', async (t) => {
    const server = await startRedis(t);
    const { connections } = await open(t, { url: server.url });
    server.pause(true);
    const refused = assert.rejects(connections.commands.get('key'));
    await server.kill();
    await refused;
  });

  it('are all closed, whatever they do', async (t) => {
    const server = await startRedis(t);
    const { connections } = await open(t, { url: server.url });
    const worker = connections.forWorker();
    const second = worker.duplicate();
    const waiting = [worker.blpop('list', 0), second.blpop('list', 0)];
    await until(() => second.status === 'ready');
    const ended = Promise.all(waiting.map((one) => assert.rejects(one)));
    await connections.close();
    await ended;
    const left = async () => String(await server.run('INFO', 'clients')).match(/connected_clients:(\d+)/)?.[1];
    for (const end = Date.now() + 60_000; (await left()) !== '1'; await sleep(20)) assert.ok(Date.now() < end);
    assert.deepEqual([worker.status, second.status, connections.isReady], ['end', 'end', false]);
  });

  it('are closed while Redis is away, too', async (t) => {
    const server = await startRedis(t);
    const { connections, log } = await open(t, { url: server.url });
    connections.forWorker();
    await server.kill();
    await until(() => !connections.isReady);
    const { length } = log.lines;
    await connections.close();
    await server.start();
    await sleep(300);
    assert.equal(log.lines.length, length);
    assert.match(String(await server.run('INFO', 'clients')), /connected_clients:1\r/);
  });

  it('reach the primary once more after it has become a replica', async (t) => {
    const [server, other] = [await startRedis(t), await startRedis(t)];
    const { connections, log } = await open(t, { url: server.url });
    await server.run('REPLICAOF', '127.0.0.1', String(other.port));
    await assert.rejects(connections.commands.set('key', 'value'), /READONLY/);
    await until(() => log.lines.some((line) => line.startsWith('warn')));
    await server.run('REPLICAOF', 'NO', 'ONE');
    await until(() => connections.isReady);
    assert.equal(await connections.commands.set('key', 'value'), 'OK');
  });

  it('wait for a replica to become the primary', async (t) => {
    const [server, other] = [await startRedis(t), await startRedis(t)];
    await server.run('REPLICAOF', '127.0.0.1', String(other.port));
    const log = keptLog();
    const opened = RedisConnections.open({ url: server.url, namespace: 'test' }, log, t.signal);
    await until(() => log.lines.length > 0);
    assert.match(log.lines[0]!, /it is a replica, and jobs are for the primary/);
    await server.run('REPLICAOF', 'NO', 'ONE');
    const connections = await opened;
    await connections.close();
  });
});

describe('who asks Redis', { skip: noRedis }, () => {
  const users = [
    `user default off`,
    `user right on >${password} ~keras-serve:test:* &keras-serve:test:* +@all -@admin -@dangerous +info`,
    `user uninformed on >${password} ~* &* +@all -info`,
    `user mute on >${password} ~* &* +@all -@write -publish`,
    `user unblocked on >${password} ~* &* +@all -bzpopmin`,
    `user elsewhere on >${password} ~pets:* &* +@all`,
    `user unheard on >${password} ~* resetchannels +@all`,
  ];

  it('has to have the password, and the rights that it takes', async (t) => {
    const { port } = await startRedis(t, { config: users });
    const as = (user: string, word = password) => ({ url: `redis://${user}:${word}@127.0.0.1:${port}` });
    const { connections, log } = await open(t, as('right'));
    assert.equal(await connections.commands.set('keras-serve:test:key', 'value'), 'OK');
    assert.ok(!log.lines.join().includes(password));
    // Who asks with a secret gets no failure that has it.
    const failure = await connections.commands.set('elsewhere', 'secret').catch((error) => error);
    assert.match(failure.message, /NOPERM/);
    assert.ok(!JSON.stringify({ ...failure }).includes('secret'));

    const where = `Redis at 127\\.0\\.0\\.1:${port}`;
    const rights = '~keras-serve:test:\\* &keras-serve:test:\\* \\+@all -@admin -@dangerous \\+info$';
    const refusals: [settings: { url: string }, message: string][] = [
      [{ url: `redis://127.0.0.1:${port}` }, `^${where} asks for a password`],
      [as('right', 'wrong'), `^${where} refuses the user or the password of --redis$`],
      [as('nobody'), `^${where} refuses the user or the password of --redis$`],
      [as('uninformed'), `^The user of --redis may not run INFO on ${where}\\. .*${rights}`],
      [as('mute'), `may not run SET, INCR, .*PUBLISH.* on ${where}\\. .*${rights}`],
      [as('unblocked'), `may not run BZPOPMIN on ${where}\\. .*${rights}`],
      [as('elsewhere'), `may not use the keys of keras-serve on ${where}\\. .*${rights}`],
      [as('unheard'), `may not (run PUBLISH|use the channels of keras-serve) on ${where}\\. .*${rights}`],
    ];
    for (const [settings, message] of refusals) assert.match(await refusal(settings), new RegExp(message));
  });

  it('may have a password alone', async (t) => {
    const { port } = await startRedis(t, { config: [`requirepass ${password}`] });
    const { connections } = await open(t, { url: `redis://:${password}@127.0.0.1:${port}` });
    assert.equal(await connections.commands.ping(), 'PONG');
    assert.match(await refusal({ url: `redis://127.0.0.1:${port}` }), /asks for a password/);
  });

  it('hears of a password that was changed, while it is tried again', async (t) => {
    const server = await startRedis(t, { config: [`user pets on >${password} ~* &* +@all`] });
    const { connections, log } = await open(t, { url: `redis://pets:${password}@127.0.0.1:${server.port}` });
    const errors: unknown[] = [];
    connections.forWorker().on('error', (error) => errors.push({ ...error }));
    await server.run('ACL', 'SETUSER', 'pets', 'resetpass', '>other');
    await server.run('CLIENT', 'KILL', 'USER', 'pets');
    await until(() => log.lines.some((line) => line.startsWith('warn')) && errors.length > 0);
    await server.run('ACL', 'SETUSER', 'pets', 'resetpass', `>${password}`);
    await until(() => connections.isReady);
    assert.ok(!JSON.stringify([log.lines, errors]).includes(password));
  });
});

describe('TLS to Redis', { skip: noRedis }, () => {
  it('is with a server whose certificate is signed by who is named', async (t) => {
    const server = await startRedis(t, { isEncrypted: true, config: ['bind 127.0.0.1 127.0.0.2'] });
    const { url } = server;
    const { connections } = await open(t, { url, ca: server.path('tls.crt') });
    assert.equal(await connections.commands.ping(), 'PONG');
    assert.match(await refusal({ url }), /that nobody known here has signed: --redis-ca names a file with who has$/);
    const other = server.path('other.crt');
    writeFileSync(other, makeCertificate({ name: 'other' }).cert);
    assert.match(await refusal({ url, ca: other }), /that nobody known here has signed/);
    const renamed = url.replace('127.0.0.1', '127.0.0.2');
    assert.match(
      await refusal({ url: renamed, ca: server.path('tls.crt') }),
      /has a certificate for other names: --redis has to have one of its names$/,
    );
  });

  it('needs a file of certificates that can be read', async (t) => {
    const server = await startRedis(t);
    const url = server.url.replace('redis:', 'rediss:');
    assert.match(await refusal({ url, ca: server.path('none.crt') }), /--redis-ca can’t be used: .*no such file/);
    assert.match(await refusal({ url, ca: server.path('redis.conf') }), /redis\.conf has no certificate as PEM$/);
  });

  it('is where both sides speak it, which is said where one waits for the other', async (t) => {
    const [plain, encrypted] = [await startRedis(t), await startRedis(t, { isEncrypted: true })];
    for (const [url, hint] of [
      [plain.url.replace('redis:', 'rediss:'), 'it doesn’t answer, unless it speaks no TLS: redis://'],
      [encrypted.url.replace('rediss:', 'redis:'), 'it closed the connection, unless it speaks TLS alone: rediss://'],
    ] as const) {
      const [log, aborting] = [keptLog(), new AbortController()];
      const opened = RedisConnections.open({ url, namespace: 'test' }, log, aborting.signal);
      await until(() => log.lines.length > 0);
      aborting.abort();
      await assert.rejects(opened, { name: 'AbortError' });
      assert.ok(log.lines[0]!.includes(hint), log.lines[0]);
    }
  });
});

describe('a Redis that can’t carry jobs', { skip: noRedis }, () => {
  it('is one of a Cluster', async (t) => {
    const { url } = await startRedis(t, { config: ['cluster-enabled yes'] });
    assert.match(await refusal({ url }), /is part of a Redis Cluster, .*: give --redis one primary, or Sentinels$/);
  });

  it('is one that is too old', async (t) => {
    const server = await startRedis(t);
    // No package has one any more: what a server says of its version is changed on its way.
    const proxy = createServer((socket) => {
      const behind = connect(server.port, '127.0.0.1');
      socket.pipe(behind);
      behind.on('data', (data) =>
        socket.write(
          data.toString('latin1').replace(/(?<=redis_version:)\d+\.\d+/, (text) => '6.1'.padEnd(text.length, '0')),
        ),
      );
      for (const [one, other] of [
        [socket, behind],
        [behind, socket],
      ] as const) {
        one.on('error', () => undefined);
        one.on('close', () => other.destroy());
      }
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    t.after(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    assert.match(
      await refusal({ url: `redis://127.0.0.1:${port}` }),
      /is (Redis|Valkey) .*: it takes Redis 6\.2 or newer, or Valkey$/,
    );
  });

  it('is one that loses them, which is said', async (t) => {
    const server = await startRedis(t, { config: ['maxmemory-policy allkeys-lru', 'appendonly no'] });
    const { log } = await open(t, { url: server.url });
    const where = `Redis at 127.0.0.1:${server.port}`;
    assert.deepEqual(log.lines.slice(1), [
      `warn jobs can be thrown away: maxmemory-policy of ${where} is allkeys-lru. Set maxmemory-policy noeviction`,
      `warn what was accepted is lost when ${where} restarts: set appendonly yes, and appendfsync always for none lost`,
    ]);
    await server.run('CONFIG', 'SET', 'appendonly', 'yes');
    await server.run('CONFIG', 'SET', 'appendfsync', 'everysec');
    await server.run('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    const { log: later } = await open(t, { url: server.url });
    assert.equal(later.lines.length, 2);
    assert.match(
      later.lines[1]!,
      /^info what was accepted in the last moment can be lost .* appendfsync is everysec\. /,
    );
  });
});
