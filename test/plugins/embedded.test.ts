import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import kerasServe from '../../src/plugin.js';
import { bundledModel, photo } from '../helpers/app.js';
import { form } from '../helpers/form.js';
import { bearer, keyFile } from '../helpers/key-file.js';

const cat = form(photo('cat.jpg'));

describe('keras-serve as a plugin of another app', () => {
  let app: FastifyInstance;
  before(async () => {
    app = Fastify({ pluginTimeout: 0 });
    await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'Pets', version: '1' } } });
    app.get('/', async () => ({ hello: 'pets' }));
    app.get('/fails', async () => {
      throw new Error('of the app');
    });
    await app.register(kerasServe, { prefix: '/ml', model: bundledModel, processes: 1, maxImageSize: 1_000_000 });
    await app.ready();
  });
  after(() => app.close());

  it('predicts below the prefix', async () => {
    const reply = await app.inject({ method: 'POST', url: '/ml/predict?top_k=1', ...cat });
    assert.equal(reply.statusCode, 200, reply.body);
    assert.equal(reply.json().predictions[0].label, 'Egyptian_cat');
    assert.equal((await app.inject('/ml/health/ready')).statusCode, 200);
    assert.equal((await app.inject('/ml/models')).json().models[0].name, 'efficientnet-lite0');
    assert.equal((await app.inject('/ml/v2/models/efficientnet-lite0/ready')).statusCode, 200);
    assert.equal((await app.inject('/ml/v1/models/efficientnet-lite0')).statusCode, 200);
    assert.match((await app.inject('/ml/metrics')).body, /keras_serve_request_duration_seconds/);
  });

  it('has its own page and documents, whose addresses are those below the prefix', async () => {
    assert.match((await app.inject('/ml/')).body, /keras-serve/);
    assert.equal((await app.inject('/ml/docs/')).statusCode, 200);
    const document = (await app.inject('/ml/openapi.json')).json();
    const [server] = document.servers;
    assert.ok(Object.keys(document.paths).includes('/predict'), Object.keys(document.paths).join());
    assert.equal(new URL(server.url, 'http://localhost/ml/openapi.json').pathname, '/ml/');
    const { routes } = (await app.inject('/ml/models/efficientnet-lite0')).json();
    for (const [use, address] of Object.entries<string>(routes))
      assert.equal((await app.inject(address)).statusCode, use === 'predict' ? 405 : 200, address);
  });

  it('answers what is wrong below the prefix as keras-serve does, and leaves the rest to the app', async () => {
    const empty = await app.inject({ method: 'POST', url: '/ml/predict' });
    assert.deepEqual([empty.statusCode, empty.json().error.code], [400, 'image_missing']);
    const large = await app.inject({ method: 'POST', url: '/ml/predict', ...form(Buffer.alloc(1_000_001)) });
    assert.equal(large.json().error.code, 'content_too_large');
    const method = await app.inject({ method: 'GET', url: '/ml/predict' });
    assert.deepEqual([method.statusCode, method.headers.allow], [405, 'POST']);
    assert.equal((await app.inject('/ml/nowhere')).json().error.code, 'not_found');

    const own = await app.inject('/');
    assert.deepEqual(own.json(), { hello: 'pets' });
    assert.equal(own.headers['x-request-id'], undefined);
    assert.equal((await app.inject('/fails')).json().message, 'of the app');
    assert.equal((await app.inject('/nowhere')).json().message, 'Route GET:/nowhere not found');
    assert.deepEqual(
      Object.keys(app.swagger().paths ?? {}).filter((path) => !path.startsWith('/ml')),
      ['/', '/fails'],
    );
  });
});

describe('keras-serve as a plugin that asks for API keys', () => {
  const apiKeys = keyFile({ after: (end) => after(end) }, { alice: '' });
  let app: FastifyInstance;
  before(async () => {
    app = Fastify({ pluginTimeout: 0 });
    app.get('/', async () => ({ hello: 'pets' }));
    const options = {
      model: bundledModel,
      processes: 1,
      apiKeys,
      open: ['metrics' as const],
      closed: ['documents' as const],
    };
    await app.register(kerasServe, { prefix: '/ml', ...options });
    await app.ready();
  });
  after(() => app.close());

  it('asks below its prefix alone', async () => {
    const statusOf = async (url: string, headers = {}) => (await app.inject({ url, headers })).statusCode;
    for (const url of ['/', '/ml', '/ml/', '/ml/page.js', '/ml/health/live', '/ml/v2/health/ready', '/ml/metrics'])
      assert.equal(await statusOf(url), 200, url);
    assert.equal(await statusOf('/nowhere'), 404);
    const closed = [
      '/ml/models',
      '/ml/models/',
      '/ml/docs',
      '/ml/docs/json',
      '/ml/openapi.json',
      '/ml/v1/models/a',
      '/ml/v2',
      '/ml/predict',
    ];
    for (const url of [...closed, '/ml/nowhere']) assert.equal(await statusOf(url), 401, url);
    for (const url of closed.filter((url) => !/predict|v1/.test(url)))
      assert.equal(await statusOf(url, bearer('alice')), 200, url);
    const { paths } = (await app.inject({ url: '/ml/openapi.json', headers: bearer('alice') })).json();
    assert.deepEqual(Object.keys(paths['/v2'].get.responses).includes('401'), true);
    assert.equal(paths['/health/live'].get.security, undefined);
  });

  it('refuses groups that there are none of', async () => {
    const wrong = Fastify();
    wrong.register(kerasServe, { model: bundledModel, apiKeys, open: ['everything' as never] });
    await assert.rejects(async () => wrong.ready(), /The option "open" must be one of health, page,/);
    await wrong.close();
  });
});
