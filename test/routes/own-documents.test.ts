import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { Catalog } from '../../src/catalog/catalog.js';
import { mostDocumented } from '../../src/http/documents.js';
import { InferencePool } from '../../src/inference/inference-pool.js';
import { packageRoot } from '../../src/support/package.js';
import { computedModel } from '../helpers/computed-model.js';
import { temporaryFolder } from '../helpers/folder.js';
import { useManyModels } from '../helpers/many-models.js';

const served = useManyModels();

/** What a linter finds wrong in a document. */
function faultsIn(document: object): unknown {
  const file = join(temporaryFolder(), 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  const { stdout } = spawnSync(join(packageRoot, 'node_modules/.bin/redocly'), ['lint', file, '--format', 'json'], {
    cwd: packageRoot,
    encoding: 'utf8',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  const { totals, problems } = JSON.parse(stdout.slice(stdout.indexOf('{')));
  return totals.errors + totals.warnings === 0 ? undefined : problems;
}

const pathsOf = async (app: FastifyInstance, url: string): Promise<string[]> =>
  Object.keys((await app.inject(url)).json().paths);

describe('the OpenAPI document of one model', () => {
  it('has its operations as the document of all has them, what goes with them, and nothing else', async () => {
    const { app, document: all } = served();
    const reply = await app.inject('/models/people/openapi.json');
    assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
    const document = reply.json();
    assert.deepEqual(Object.keys(document.paths).sort(), [
      '/jobs/{id}',
      '/jobs/{id}/events',
      '/jobs/{id}/result',
      '/models/people/predict',
      '/models/people/versions/1/predict',
      '/models/{name}',
      '/models/{name}/versions/{version}',
    ]);
    for (const [path, item] of Object.entries(document.paths)) assert.deepEqual(item, all.paths[path], path);
    for (const [name, schema] of Object.entries(document.components.schemas))
      assert.deepEqual(schema, all.components.schemas[name], name);
    assert.ok(document.components.schemas.PeopleDatapoint);
    assert.deepEqual(
      document.tags.map(({ name }: { name: string }) => name),
      ['Models', 'Jobs', 'people'],
    );
    assert.equal(document.servers[0].url, '../..');
    assert.equal(faultsIn(document), undefined);
  });

  it('has /predict where it is the default one', async () => {
    const paths = await pathsOf(served().app, '/models/half_plus_two/openapi.json');
    assert.equal(paths[0], '/predict');
  });

  it('names the server as a client has to, behind a path', async (t) => {
    const model = computedModel((inputs) => inputs, {
      inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
      outputs: [{ name: 'y', type: 'float32', shape: [null, 1] }],
    });
    const app = await buildApp({ model: Catalog.of(model), basePath: '/ml' });
    t.after(() => app.close());
    const document = (await app.inject('/ml/models/model/openapi.json')).json();
    assert.equal(document.servers[0].url, '/ml');
  });

  it('is refused of a model that isn’t there, and with a query', async () => {
    const { app } = served();
    const [unknown, asked] = await Promise.all(
      ['/models/nothing/openapi.json', '/models/people/openapi.json?version=1'].map((url) => app.inject(url)),
    );
    assert.deepEqual([unknown!.statusCode, unknown!.json().error.code], [404, 'model_unknown']);
    assert.deepEqual([asked!.statusCode, asked!.json().error.code], [400, 'query_invalid']);
  });
});

describe('the OpenAPI document of more models than anybody reads of', () => {
  const serving = async (t: { after(end: () => Promise<void>): void }, count: number): Promise<FastifyInstance> => {
    const pool = new InferencePool(0);
    const load = async (name: string) =>
      computedModel((inputs) => ({ y: inputs.x! }), {
        name,
        pool,
        inputs: [{ name: 'x', type: 'float32', shape: [null, 2] }],
        outputs: [{ name: 'y', type: 'float32', shape: [null, 2] }],
      });
    const catalog = new Catalog({ load, pool });
    await catalog.update(
      Array.from({ length: count }, (_, index) => ({
        name: `m${index}`,
        path: '',
        versions: [{ version: 1, path: '', fingerprint: '' }],
      })),
    );
    const app = await buildApp({ model: catalog });
    t.after(() => app.close());
    await app.ready();
    return app;
  };

  it('has one operation for all, which each of them keeps to, and says where their own are', async (t) => {
    const app = await serving(t, mostDocumented + 1);
    const document = (await app.inject('/openapi.json')).json();
    const predicting = Object.keys(document.paths).filter((path) => /^\/(predict|models\/.*predict)$/.test(path));
    assert.deepEqual(predicting, ['/predict', '/models/{name}/predict', '/models/{name}/versions/{version}/predict']);
    assert.match(document.info.description, /more than 100 models: .* at `\/models\/\{name\}\/openapi\.json`\.$/);
    assert.equal(faultsIn(document), undefined);
    assert.deepEqual((await app.inject('/docs/json')).json().paths, document.paths);
    assert.match((await app.inject('/openapi.yaml')).payload, /^ {2}\/models\/\{name\}\/predict:$/m);

    const own = (await app.inject('/models/m99/openapi.json')).json();
    const { example } = own.paths['/models/m99/predict'].post.requestBody.content['application/json'];
    assert.equal((await app.inject({ method: 'POST', url: '/models/m99/predict', payload: example })).statusCode, 200);
    assert.equal(faultsIn(own), undefined);
  });

  it('has each of a hundred', async (t) => {
    const paths = await pathsOf(await serving(t, mostDocumented), '/openapi.json');
    assert.equal(paths.filter((path) => /^\/models\/m\d+\/predict$/.test(path)).length, mostDocumented);
    assert.ok(!paths.includes('/models/{name}/predict'));
  });
});
