import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import sharp from 'sharp';
import { buildApp } from '../../src/app.js';
import type { Catalog } from '../../src/catalog/catalog.js';
import { openCatalog } from '../../src/catalog/open-catalog.js';
import type { KerasServe } from '../../src/http/keras-serve.js';
import { readPluginOptions } from '../../src/options.js';
import { type KerasServeOptions, kerasServe } from '../../src/plugin.js';
import { doublingModel, mixingModel } from '../helpers/onnx-models.js';

const options = { processes: 1, noCache: true };
const doubling = doublingModel();

const ask = async (app: FastifyInstance, prefix: string) => {
  const payload = { instances: [[1, 2, 3]] };
  const reply = await app.inject({ method: 'POST', url: `${prefix}/predict`, payload });
  assert.equal(reply.statusCode, 200, reply.payload);
  return reply.json().predictions;
};

const batchesOf = async (app: FastifyInstance, prefix: string) => {
  const { payload } = await app.inject(`${prefix}/metrics`);
  return Number(/keras_serve_batch_size_count\{model="[^"]+"\} (\d+)/.exec(payload)?.[1] ?? 0);
};

describe('two registrations in one app', () => {
  const app = Fastify({ pluginTimeout: 0 });
  before(async () => {
    await app.register(kerasServe, { ...options, prefix: '/a', model: doubling });
    await app.register(kerasServe, { ...options, prefix: '/b', model: mixingModel(), maxRows: 1 });
    await app.ready();
  });
  after(() => app.close());

  it('serve each its model, by its options', async () => {
    assert.deepEqual(await ask(app, '/a'), [[2, 4, 6]]);
    assert.notDeepEqual(await ask(app, '/b'), [[2, 4, 6]]);
    const payload = {
      instances: [
        [1, 2, 3],
        [1, 2, 3],
      ],
    };
    const statuses = ['/a', '/b'].map(async (prefix) => {
      return (await app.inject({ method: 'POST', url: `${prefix}/predict`, payload })).statusCode;
    });
    assert.deepEqual(await Promise.all(statuses), [200, 413]);
  });

  it('have each its documents, its metrics and its errors', async () => {
    for (const prefix of ['/a', '/b']) {
      assert.ok((await app.inject(`${prefix}/openapi.json`)).json().paths['/predict'], prefix);
      assert.ok((await batchesOf(app, prefix)) > 0, prefix);
      assert.equal((await app.inject(`${prefix}/nothing`)).json().error.code, 'not_found');
      assert.equal(typeof (await app.inject(`${prefix}/v2/nothing`)).json().error, 'string');
    }
  });
});

describe('an app with names of its own', () => {
  const names = ['model', 'catalog', 'json', 'preprocess', 'replies', 'timings', 'servedModel', 'heldBytes'];

  it('keeps its decorators, its schemas, its handlers and its settings of sharp', async (t) => {
    const cache = sharp.cache();
    const threads = sharp.concurrency();
    const app = Fastify({ pluginTimeout: 0 });
    t.after(() => app.close());
    for (const name of [...names, 'kerasServe']) {
      app.decorate(name, `my ${name}`);
      app.decorateRequest(name, `my ${name}`);
      app.decorateReply(name, `my ${name}`);
    }
    for (const $id of ['Health', 'Models', 'ErrorReply']) app.addSchema({ $id, type: 'string' });
    app.setNotFoundHandler(async () => 'nothing of mine');
    app.setErrorHandler(async () => 'a fault of mine');
    app.get('/own', async (request) => names.map((name) => request.getDecorator(name)));
    app.get('/fails', async () => {
      throw new Error('of the app');
    });
    // Without a prefix its addresses are among those of the app.
    await app.register(kerasServe, { ...options, model: doubling });
    await app.ready();

    assert.deepEqual(await ask(app, ''), [[2, 4, 6]]);
    assert.equal(app.getDecorator('kerasServe'), 'my kerasServe');
    assert.deepEqual(
      (await app.inject('/own')).json(),
      names.map((name) => `my ${name}`),
    );
    assert.deepEqual((await app.inject('/health/live')).json(), { status: 'ok' });
    assert.equal((await app.inject('/nothing')).payload, 'nothing of mine');
    assert.equal((await app.inject('/fails')).payload, 'a fault of mine');
    assert.equal(typeof (await app.inject('/v1/nothing')).json().error, 'string');
    assert.deepEqual(sharp.cache(), cache);
    assert.equal(sharp.concurrency(), threads);
  });
});

describe('a catalog of two apps', () => {
  let catalog: Catalog;
  let apps: FastifyInstance[];
  before(async () => {
    catalog = openCatalog([doubling], { processes: 1, cacheFolder: null });
    apps = await Promise.all([1, 2].map(() => buildApp({ model: catalog })));
    await Promise.all(apps.map((app) => app.ready()));
  });
  after(() => Promise.all(apps.map((app) => app.close())));

  it('serves both, each of which counts its runs, and ends with the last', async () => {
    const [first, second] = apps as [FastifyInstance, FastifyInstance];
    assert.equal(first.getDecorator<KerasServe>('kerasServe').catalog, catalog);
    const counts = await Promise.all(apps.map((app) => batchesOf(app, '')));
    assert.deepEqual(await ask(first, ''), [[2, 4, 6]]);
    assert.deepEqual(
      await Promise.all(apps.map((app) => batchesOf(app, ''))),
      counts.map((count) => count + 1),
    );
    await first.close();
    assert.deepEqual(await ask(second, ''), [[2, 4, 6]]);
    await second.close();
    assert.equal(catalog.pool.processes.length, 0);
    const left = [catalog, catalog.pool.events].flatMap((emitter) =>
      emitter.eventNames().map((name) => emitter.listenerCount(name as never)),
    );
    assert.deepEqual(left, []);
  });
});

describe('an option’s value', () => {
  const read = (given: object) => readPluginOptions({ model: doubling, ...given } as KerasServeOptions);

  it('may be written as on the command line', () => {
    const { rateLimit, webhookHost, jobTtl, maxImageSize, corsOrigin } = read({
      ...{ rateLimit: '2/10s', webhookHost: 'hooks.example.com', jobTtl: '1d', maxImageSize: '2MB' },
      corsOrigin: ['https://a.example.com'],
    });
    assert.deepEqual([rateLimit, webhookHost], [{ requests: 2, seconds: 10 }, ['hooks.example.com']]);
    assert.deepEqual([jobTtl, maxImageSize, corsOrigin], [86_400, 2 * 2 ** 20, ['https://a.example.com']]);
  });

  for (const [given, message] of [
    [{ webhookSecret: 'short' }, /^The option "webhookSecret" must be whsec_ and 24 to 64 bytes/],
    [{ webhookHost: ['x y'] }, /^The option "webhookHost" must be a host/],
    [{ maxJobs: 'many' }, /^The option "maxJobs" must be a whole number/],
    [{ maxJobs: true }, /^The option "maxJobs" should be a number$/],
    [{ maxJobs: Number.NaN }, /^The option "maxJobs" should be a number from 0 on$/],
    [{ corsOrigin: 3 }, /^The option "corsOrigin" should be an array$/],
    [{ watch: 1 }, /^The option "watch" should be a boolean$/],
  ] as const)
    it(`is refused: ${JSON.stringify(given)}`, () => {
      assert.throws(() => read(given), { code: 'config_invalid', message });
    });
});

describe('an option that the plugin doesn’t know', () => {
  const refused: Record<string, [given: object, message: RegExp]> = {
    misspelt: [
      { maxImagesize: 1 },
      /^"maxImagesize" is no option of the plugin keras-serve\. Did you mean "maxImageSize"\?$/,
    ],
    'of a server': [{ port: 1 }, /^"port" is no option .* It is for servers of keras-serve’s own\.$/],
    'of connections': [{ maxConnections: 1 }, /It is for servers/],
    'like no other': [{ colour: 1 }, /^"colour" is no option .* There is model, weights,/],
  };
  for (const [which, [given, message]] of Object.entries(refused))
    it(`is refused by name: ${which}`, async () => {
      const app = Fastify();
      const wrong = { ...options, model: doubling, ...given } as KerasServeOptions;
      await assert.rejects(async () => await app.register(kerasServe, wrong), { code: 'config_invalid', message });
      await app.close();
    });

  it('is refused by buildApp, too, which takes those of its server', async () => {
    await assert.rejects(buildApp({ model: doubling, maxConections: 1 } as never), /Did you mean "maxConnections"\?$/);
    await assert.rejects(buildApp({} as never), /The option "model" is missing/);
  });

  it('is one of Fastify’s, which takes it', async () => {
    const app = Fastify({ pluginTimeout: 0 });
    const logSerializers = { x: String };
    await app.register(kerasServe, { ...options, model: doubling, prefix: '/ml', logLevel: 'warn', logSerializers });
    await app.close();
  });
});

it('an option that is undefined is as if it were left out', () => {
  const undefinedOnes = { maxRows: undefined, deadline: undefined, cacheFolder: undefined };
  assert.deepEqual(readPluginOptions({ model: doubling, ...undefinedOnes }), readPluginOptions({ model: doubling }));
});
