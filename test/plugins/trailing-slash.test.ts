import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { buildApp } from '../../src/app.js';
import kerasServe from '../../src/plugin.js';
import { doublingModel } from '../helpers/onnx-models.js';

const options = { model: doublingModel(), processes: 1, noCache: true };

const ways: Record<string, { prefix: string; build(): Promise<FastifyInstance> }> = {
  'of a server': { prefix: '', build: () => buildApp(options) },
  'below a prefix of another app': {
    prefix: '/ml',
    async build() {
      const app = Fastify({ pluginTimeout: 0 });
      await app.register(kerasServe, { ...options, prefix: '/ml' });
      return app;
    },
  },
  'of an app whose router ignores slashes itself': {
    prefix: '/ml',
    async build() {
      const app = Fastify({ pluginTimeout: 0, routerOptions: { ignoreTrailingSlash: true } });
      await app.register(kerasServe, { ...options, prefix: '/ml' });
      return app;
    },
  },
};

const rows = '{"instances":[[1,2,3]]}';
const bodies: [path: RegExp, body: string][] = [
  [/\/infer$/, '{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}'],
  [/\/index$/, ''],
  [/predict$/, rows],
];

for (const [name, { prefix, build }] of Object.entries(ways))
  describe(`a slash at the end of an address ${name}`, () => {
    let app: FastifyInstance;
    before(async () => {
      app = await build();
      await app.ready();
    });
    after(() => app.close());

    /** What doesn't tell of the time at which it was asked. */
    const ask = async (request: InjectOptions) => {
      const { statusCode, headers, payload } = await app.inject(request);
      const { 'x-request-id': _id, 'server-timing': _timing, date: _date, ...same } = headers;
      return { statusCode, headers: same, payload };
    };

    it('changes nothing, whatever the route', async () => {
      const { paths } = (await app.inject(`${prefix}/openapi.json`)).json();
      const [{ name: model }] = (await app.inject(`${prefix}/models`)).json().models;
      const operations = Object.entries<object>(paths).flatMap(([path, item]) =>
        Object.keys(item).map((method) => ({ path, method })),
      );
      const others = ['/openapi.json', '/openapi.yaml', '/docs/json', '/page.js'].map((path) => ({
        path,
        method: 'get',
      }));
      assert.ok(operations.length > 20);
      for (const { path, method } of [...operations, ...others]) {
        const named = path
          .replaceAll(/\{(model|name)\}/g, model)
          .replaceAll(/\{version\}/g, '1')
          .replaceAll(/\{label\}/g, 'stable');
        const payload = method === 'post' ? bodies.find(([pattern]) => pattern.test(path))![1] : undefined;
        const request = { method: method.toUpperCase() as 'GET', url: prefix + named, payload };
        const expected = await ask(request);
        // There is no job, and the list of them is for keys.
        if (!path.startsWith('/jobs'))
          assert.equal(expected.statusCode, 200, `${method} ${named}: ${expected.payload}`);
        if (path === '/metrics') continue;
        for (const end of ['/', '/?', '/?a=b']) {
          const url = request.url + end;
          if (end === '/?a=b' && /^\/(predict|models|jobs)/.test(path)) continue;
          assert.deepEqual(await ask({ ...request, url }), expected, `${method} ${url}`);
        }
        if (method === 'get')
          assert.equal((await ask({ method: 'HEAD', url: `${request.url}/` })).statusCode, expected.statusCode, path);
      }
      for (const path of ['/docs', '/docs/', '/docs/?', '/'])
        assert.equal((await ask({ url: prefix + path })).statusCode, 200, path);
    });

    it('is refused as without it: another method, an unknown model, nothing there', async () => {
      for (const [method, path, status] of [
        ['DELETE', '/predict', 405],
        ['GET', '/v1/models/model:predict', 405],
        ['GET', '/models/other', 404],
        ['GET', '/nothing', 404],
      ] as const) {
        const expected = await ask({ method, url: prefix + path });
        assert.equal(expected.statusCode, status);
        assert.deepEqual(await ask({ method, url: `${prefix}${path}/` }), expected);
      }
    });

    it('is the same route in the metrics, and none in the documents', async () => {
      await ask({ method: 'POST', url: `${prefix}/predict/`, payload: rows });
      const { payload } = await app.inject(`${prefix}/metrics/`);
      assert.match(payload, new RegExp(`route="${prefix}/predict",method="POST",status="200"`));
      assert.doesNotMatch(payload, /route="[^"]+\/"/);
      const { paths } = (await app.inject(`${prefix}/openapi.json`)).json();
      assert.deepEqual(
        Object.keys(paths).filter((path) => path.endsWith('/')),
        [],
      );
    });
  });
