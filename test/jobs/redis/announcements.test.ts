import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { buildApp } from '../../../src/app.js';
import type { Catalog } from '../../../src/catalog/catalog.js';
import { shownStatus } from '../../../src/catalog/model-versions.js';
import { hashTexts } from '../../../src/inference/file-hashes.js';
import { fromJson, toJson } from '../../../src/jobs/redis/plain-data.js';
import { computedModel } from '../../helpers/computed-model.js';
import { useModelFolders } from '../../helpers/model-folder.js';
import { noRedis, startRedis } from '../../helpers/redis.js';
import { connect, openGateway, openWorker, spawnWorker, until, warnings, writeWorker } from '../../helpers/workers.js';

const newFolder = useModelFolders();

/** Every version as clients are told of it: `pets 2 AVAILABLE`. */
const states = (catalog: Catalog): string[] =>
  catalog.models.flatMap(({ name, versions }) =>
    versions.map((one) => `${name} ${one.version} ${shownStatus(one).state}`),
  );

const hostsOf = (catalog: Catalog, name: string, version = 1): string[] =>
  (catalog.workersOf(name, version) ?? []).map(({ id }) => id).sort();

/** A model that is announced, and never run. */
const plainModel = (name: string, digest = '') =>
  computedModel((inputs) => inputs, {
    name,
    digest,
    inputs: [{ name: 'x', type: 'float32', shape: [null, 3] }],
    outputs: [{ name: 'y', type: 'float32', shape: [null, 2] }],
  });

describe('announcements of models', { skip: noRedis }, () => {
  before(() => warnings.splice(0));

  it('make them known to a gateway, with all that documents and messages are made of', async (t) => {
    const server = await startRedis(t);
    const folder = newFolder();
    folder.put('pets/1/model.keras', 'functional_residual');
    folder.put('pets/2/model.keras', 'functional_residual');
    folder.write('pets/serve.json', JSON.stringify({ description: 'Pets.', labels: ['cat', 'dog', 'parrot'] }));
    folder.put('größe.keras', 'functional_odd_names');
    const gateway = await openGateway(t, server);
    assert.deepEqual([gateway.models, gateway.ready, gateway.defaultName], [[], true, '']);
    assert.throws(() => gateway.find(), { code: 'model_not_ready' });
    const { catalog, announcements } = await openWorker(t, server, 'one', folder.path);
    await until('the models are known', () => gateway.models.length === 2);
    assert.deepEqual(states(gateway), states(catalog));
    assert.equal(gateway.defaultName, 'größe');
    assert.equal(gateway.get('groe'), undefined);
    const alias = [...catalog.aliases.keys()][0]!;
    assert.equal(gateway.get(alias)?.name, 'größe');
    for (const name of ['pets', 'größe']) {
      const { pool, events, monitoring, notes, ready, ...announced } = gateway.find(name);
      const own = catalog.find(name);
      const keys = [
        'name',
        'card',
        'kinds',
        'assumptions',
        'inputs',
        'outputs',
        'image',
        'classes',
        'engine',
        'digest',
      ] as const;
      for (const key of keys) assert.deepEqual(gateway.find(name)[key], fromJson(toJson(own[key])), `${name}: ${key}`);
      assert.deepEqual([ready, gateway.find(name).batchDependent], [true, own.batchDependent ?? false]);
      assert.deepEqual(hostsOf(gateway, name, gateway.findVersion(name).version), ['one']);
      assert.equal(announced.absence, undefined);
    }
    assert.ok(announcements.isNewest('pets', 2));
    assert.ok(!announcements.isNewest('pets', 3));
    assert.equal(announcements.newestVersion('pets'), 2);
    assert.equal(announcements.newestVersion('cats'), undefined);
    folder.remove('pets/2');
    await until('a version is withdrawn', () => announcements.newestVersion('pets') === 1);
    await until('a gateway hears of that', () => states(gateway).includes('pets 2 END'));
    assert.equal(gateway.findVersion('pets').version, 1);
    assert.equal(gateway.findVersion('pets', 2).model.absence?.code, 'model_not_ready');
  });

  it('are told by the routes of a gateway: who answers, and that nobody does', async (t) => {
    const server = await startRedis(t);
    const folder = newFolder();
    folder.put('flowers.keras', 'sequential');
    const gateway = await openGateway(t, server);
    const app = await buildApp({ model: gateway });
    t.after(() => app.close());
    const get = async (url: string) => {
      const { statusCode, payload } = await app.inject(url);
      return [statusCode, url === '/metrics' ? payload : JSON.parse(payload)];
    };
    assert.deepEqual(await get('/health/ready'), [200, { status: 'ok' }]);
    assert.equal((await get('/models/flowers'))[0], 404);
    const child = await spawnWorker(t, server, 'one', folder.path);
    await until('the model is known', () => gateway.get('flowers') !== undefined);
    const [, { models }] = await get('/models');
    const [{ host }] = models[0].versions[0].workers;
    assert.deepEqual(models, [
      {
        name: 'flowers',
        default: true,
        takes_images: false,
        versions: [{ version: 1, state: 'AVAILABLE', workers: [{ id: 'one', host }] }],
      },
    ]);
    assert.equal((await get('/v2/models/flowers/ready'))[0], 200);
    assert.match(String((await get('/metrics'))[1]), /^keras_serve_workers 1$/m);
    const [, document] = await get('/openapi.json');
    assert.ok(document.paths['/models/flowers/predict'], Object.keys(document.paths).join());

    child.kill('SIGKILL');
    await until('its end is noticed', () => !gateway.find('flowers').ready);
    const [, details] = await get('/models/flowers');
    assert.deepEqual(details.versions[0].workers, []);
    assert.equal(details.versions[0].state, 'END');
    assert.match(details.versions[0].error.message, /^No worker has the model "flowers" now\./);
    assert.equal(details.inputs[0].shape[1], 6);
    assert.deepEqual(await get('/models/flowers/openapi.json'), [200, (await get('/models/flowers/openapi.json'))[1]]);
    const [, { model_version_status: status }] = await get('/v1/models/flowers');
    assert.deepEqual([status[0].state, status[0].status.error_code], ['END', 'FAILED_PRECONDITION']);
    assert.equal((await get('/v2/models/flowers/ready'))[0], 503);
    assert.deepEqual((await get('/v2/models/flowers'))[1].versions, []);
    const index = await app.inject({ method: 'POST', url: '/v2/repository/index' });
    assert.equal(index.json()[0].state, 'UNAVAILABLE');
    const asked = await app.inject({ method: 'POST', url: '/predict', payload: [[0, 0, 0, 0, 0, 0]] });
    assert.deepEqual([asked.statusCode, asked.json().error.code], [503, 'model_not_ready']);
    assert.match(asked.json().error.message, /^No worker has the model "flowers" now\./);
    assert.match(String((await get('/metrics'))[1]), /^keras_serve_workers 0$/m);
    const lease = gateway.lease('flowers');
    assert.equal(lease.version, 1);
    lease.release();

    assert.deepEqual(await get('/health/ready'), [200, { status: 'ok' }], 'what it is asked later waits for a worker');
    await server.kill();
    await until('Redis is missed', async () => (await get('/health/ready'))[0] === 503);
    assert.equal((await get('/health/live'))[0], 200);
  });

  it('say which files answer: of those that somebody has, the ones that were first announced last', async (t) => {
    const server = await startRedis(t);
    const folders = [newFolder(), newFolder(), newFolder()] as const;
    folders[0].put('m.keras', 'sequential');
    folders[1].put('m.keras', 'functional_residual');
    folders[2].put('m.keras', 'sequential');
    const gateway = await openGateway(t, server);
    const old = await openWorker(t, server, 'old', folders[0].path);
    await until('the first is known', () => hostsOf(gateway, 'm').join() === 'old');
    const recent = await openWorker(t, server, 'recent', folders[1].path);
    await until('other files answer', () => hostsOf(gateway, 'm').join() === 'recent');
    await until('they are what is known', () => gateway.find('m').digest === recent.catalog.find('m').digest);
    await until('the first worker knows', () => !old.announcements.isNewest('m', 1));
    assert.ok(recent.announcements.isNewest('m', 1));

    // The files of the first on another machine: they are older all the same.
    const again = await openWorker(t, server, 'again', folders[2].path);
    assert.equal(again.catalog.find('m').digest, old.catalog.find('m').digest);
    await until('it is known', () => gateway.workers!.count === 3);
    assert.deepEqual(hostsOf(gateway, 'm'), ['recent']);
    assert.ok(!again.announcements.isNewest('m', 1));

    let changes = 0;
    again.announcements.on('change', () => changes++);
    await recent.announcements.stop();
    await until('those before answer', () => hostsOf(gateway, 'm').join() === 'again,old');
    await until('they are what is known', () => gateway.find('m').digest === old.catalog.find('m').digest);
    await until('their workers know', () => old.announcements.isNewest('m', 1) && again.announcements.isNewest('m', 1));
    assert.ok(changes > 0);
    await Promise.all([old, again].map(({ announcements }) => announcements.stop()));
    await until('nobody answers', () => !gateway.find('m').ready);
    await until('the last that was announced', () => gateway.find('m').digest === recent.catalog.find('m').digest);
  });

  it('are made once more where Redis was away, and where it has lost everything', async (t) => {
    const server = await startRedis(t);
    const folders = [newFolder(), newFolder()] as const;
    folders[0].put('m.keras', 'sequential');
    folders[1].put('m.keras', 'functional_residual');
    const old = await openWorker(t, server, 'old', folders[0].path);
    const recent = await openWorker(t, server, 'recent', folders[1].path);
    const gateway = await openGateway(t, server);
    assert.deepEqual(hostsOf(gateway, 'm'), ['recent']);
    await server.kill();
    await until('Redis is missed', () => !gateway.ready);
    rmSync(server.path('appendonlydir'), { recursive: true });
    await server.start();
    await until('Redis is back', () => gateway.ready);
    const late = await openGateway(t, server);
    await until(
      'both are announced',
      () => late.get('m') !== undefined && [late, gateway].every(({ workers }) => workers!.count === 2),
    );
    for (const catalog of [late, gateway])
      assert.deepEqual(hostsOf(catalog, 'm'), ['recent'], 'the order is as it was');
    await until('workers know', () => recent.announcements.isNewest('m', 1) && !old.announcements.isNewest('m', 1));
    folders[1].replace('m.keras', 'functional_dicts');
    await until(
      'what changes is announced',
      () => late.find('m').digest === recent.catalog.find('m').digest && recent.catalog.find('m').inputs.length > 1,
    );
    assert.deepEqual(hostsOf(late, 'm'), ['recent']);
  });

  it('are known to a gateway that starts when their workers are long gone, in the names that were said', async (t) => {
    const server = await startRedis(t);
    const connections = await connect(t, server);
    await writeWorker(connections, 'gone', [plainModel('b'), plainModel('a')]);
    await connections.commands.del(`${connections.prefix}worker:gone`);
    await connections.commands.zrem(`${connections.prefix}workers`, 'gone');
    const gateway = await openGateway(t, server, 'b');
    assert.deepEqual(states(gateway), ['a 1 END', 'b 1 END']);
    assert.equal(gateway.defaultName, 'b');
    assert.equal((await openGateway(t, server)).defaultName, 'a');
    await writeWorker(connections, 'one', [plainModel('0')]);
    const later = await openGateway(t, server);
    assert.deepEqual(
      [later.defaultName, states(later)],
      ['a', ['0 1 AVAILABLE', 'a 1 END', 'b 1 END']],
      'all gateways ask the same',
    );
  });

  it('are forgotten with what is kept of them', async (t) => {
    const server = await startRedis(t);
    const connections = await connect(t, server);
    const { commands, prefix } = connections;
    await writeWorker(connections, 'gone', [plainModel('a'), plainModel('b')]);
    const gateway = await openGateway(t, server);
    await commands.zrem(`${prefix}workers`, 'gone');
    await commands.del(`${prefix}worker:gone`);
    const member = (await commands.zrange(`${prefix}generations`, '0', '-1')).find((one) => one.startsWith('a/'))!;
    // As it is a week later.
    await commands.del(`${prefix}model:${member.split('/')[2]}`, `${prefix}pruned`);
    await until('it is gone', () => gateway.get('a') === undefined);
    assert.deepEqual(states(gateway), ['b 1 END']);
  });

  it('that nobody can understand are passed over, and told of once', async (t) => {
    const server = await startRedis(t);
    const connections = await connect(t, server);
    const { commands, prefix } = connections;
    const good = plainModel('good');
    await writeWorker(connections, 'one', [good]);
    const known = (await commands.zrange(`${prefix}generations`, '0', '-1'))[0]!.split('/')[2]!;
    const text = JSON.stringify({ format: 2 });
    const bomb = Buffer.alloc(65 * 2 ** 20);
    const written: [name: string, generation: string, bytes: Buffer][] = [
      ['newer', hashTexts([text]), deflateSync(text)],
      ['damaged', 'a'.repeat(64), deflateSync(text)],
      ['foreign', 'b'.repeat(64), Buffer.from('no such thing')],
      ['bomb', 'c'.repeat(64), deflateSync(bomb)],
      ['large', 'd'.repeat(64), Buffer.alloc(8 * 2 ** 20 + 1)],
      ['strange', hashTexts(['{"format":1}']), deflateSync('{"format":1}')],
      ['absent', 'e'.repeat(64), Buffer.alloc(0)],
      ['another', known, (await commands.getBuffer(`${prefix}model:${known}`))!],
    ];
    for (const [name, generation, bytes] of written) {
      if (bytes.length > 0) await commands.set(`${prefix}model:${generation}`, bytes);
      await commands.zadd(`${prefix}generations`, 1, `${name}/1/${generation}`);
    }
    for (const member of [
      '',
      '/',
      'a/b/c',
      `../1/${'a'.repeat(64)}`,
      `__proto__/1/${'a'.repeat(64)}`,
      `a/-1/${'a'.repeat(64)}`,
    ])
      await commands.zadd(`${prefix}generations`, 1, member);
    const workers: Record<string, object> = {
      'no list': { models: 'x', since: '1' },
      'other lists': { models: '[["a",1]]', since: '1' },
      'too few': { models: `[["a",1,"${'a'.repeat(64)}"]]`, since: '1,2' },
      'no times': { models: `[["a",1,"${'a'.repeat(64)}"]]`, since: 'x' },
      'a bad name': { models: `[["a/b",1,"${'a'.repeat(64)}"]]`, since: '1' },
      'too long': { models: `[${' '.repeat(4_000_001)}]`, since: '1' },
    };
    for (const [id, fields] of Object.entries(workers)) {
      await commands.zadd(`${prefix}workers`, Date.now() + 1e6, id);
      await commands.hset(`${prefix}worker:${id}`, { host: 'h', epoch: '1', ...fields });
    }
    const gateway = await openGateway(t, server);
    assert.deepEqual(
      gateway.models.map(({ name }) => name),
      ['another', 'bomb', 'damaged', 'foreign', 'good', 'large', 'newer', 'strange'],
    );
    for (const { name, versions } of gateway.models) {
      const [{ state, error }] = versions as [(typeof versions)[0]];
      assert.deepEqual(
        [state, error?.code],
        name === 'good' ? ['AVAILABLE', undefined] : ['END', 'announcement_invalid'],
        name,
      );
    }
    assert.match(gateway.get('newer')!.versions[0]!.error!.message, /another version of keras-serve/);
    assert.equal(gateway.workers!.count, 1);
    await writeWorker(connections, 'two', [good]);
    await until('more is read', () => hostsOf(gateway, 'good').length === 2);
    for (const id of Object.keys(workers).filter((one) => one !== 'too long'))
      assert.equal(
        warnings.filter((line) => line.includes(`worker ${id} `)).length,
        1,
        `${id}: ${warnings.join('\n')}`,
      );
  });

  it('of 200 workers with 25 models each are all read', async (t) => {
    const server = await startRedis(t);
    const connections = await connect(t, server);
    const names = Array.from({ length: 200 }, (_, worker) =>
      Array.from({ length: 25 }, (__, at) => `m-${worker}-${at}`),
    );
    for (const [worker, own] of names.entries())
      await writeWorker(
        connections,
        `worker-${worker}`,
        own.map((name) => plainModel(name, 'same files')),
      );
    const gateway = await openGateway(t, server);
    assert.deepEqual(
      gateway.models.map(({ name }) => name),
      names.flat().sort((a, b) => a.localeCompare(b, 'en')),
    );
    const [last] = names.at(-1)!;
    assert.deepEqual(gateway.find(last).inputs, plainModel('').inputs);
    assert.equal(gateway.find('M-0-0'.toLowerCase()).name, 'm-0-0');
  });
});
