import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bearer, keyFile } from '../helpers/key-file.js';
import { ask, assertSilent, logged, useKeyedServers } from '../helpers/keyed-server.js';

describe('models of an API key', () => {
  const { start } = useKeyedServers();

  it('shows a key its own models, wherever models are listed, asked or told of', async (t) => {
    const path = keyFile(t, { all: '', some: 'models=beta,later', near: 'models=beta,alpa,bata' });
    const server = await start(t, ['--api-keys', path]);
    assert.match(await logged(server, 'is for later'), /the API key some is for later, and there is no model/);
    const some = bearer('some');
    const { example: row } = (await ask(server, '/models/alpha', bearer('all'))).json<{
      example: { instances: unknown };
    }>();
    const names = async (headers: HeadersInit) =>
      (await ask(server, '/models', headers)).json<{ models: { name: string }[] }>().models.map(({ name }) => name);
    assert.deepEqual(await names(bearer('all')), ['alpha', 'beta', 'gamma']);
    assert.deepEqual(await names(some), ['beta']);
    const index = await ask(server, '/v2/repository/index', some, {});
    assert.deepEqual(
      index.json<{ name: string }[]>().map(({ name }) => name),
      ['beta'],
    );

    const messageOf = async (model: string, headers: HeadersInit) =>
      (await ask(server, `/models/${model}`, headers)).json<{ error: { message: string } }>().error.message;
    assert.equal(await messageOf('alpa', bearer('all')), 'There is no model "alpa". Did you mean "alpha"?');
    assert.equal(await messageOf('alpa', bearer('near')), 'There is no model "alpa".');
    assert.equal(await messageOf('bata', bearer('near')), 'There is no model "bata". Did you mean "beta"?');

    const addresses = (model: string): [path: string, body?: unknown][] => [
      [`/models/${model}`],
      [`/models/${model}/versions/1`],
      [`/models/${model}/openapi.json`],
      [`/models/${model}/predict`, row],
      [`/models/${model}/versions/1/predict`, row],
      [`/v1/models/${model}`],
      [`/v1/models/${model}/metadata`],
      [`/v1/models/${model}/versions/1`],
      [`/v1/models/${model}/labels/stable`],
      [`/v1/models/${model}:predict`, row],
      [`/v1/models/${model}:classify`, row],
      [`/v1/models/${model}/versions/1:predict`, row],
      [`/v2/models/${model}`],
      [`/v2/models/${model}/ready`],
      [`/v2/models/${model}/versions/1/ready`],
      [`/v2/models/${model}/infer`, {}],
      [`/v2/models/${model}/versions/1/infer`, {}],
    ];
    /** What is left of an answer when the name of the model is taken away. */
    const told = async (model: string) =>
      Promise.all(
        addresses(model).map(async ([path, body]) => {
          const { status, text } = await ask(server, path, some, body);
          return [status, text.replaceAll(model, '…')];
        }),
      );
    const forbidden = await told('alpha');
    for (const [index, [status, text]] of forbidden.entries()) {
      assert.equal(status, 403, String(text));
      const isProtocol = addresses('alpha')[index]![0].startsWith('/v');
      assert.equal(typeof JSON.parse(String(text)).error, isProtocol ? 'string' : 'object');
    }
    assert.deepEqual(await told('nothing'), forbidden, 'what there is can be found out');
    for (const [path, body] of addresses('beta').filter(([path]) => !/classify|infer/.test(path)))
      assert.equal((await ask(server, path, some, body)).status, 200, path);
    assert.equal((await ask(server, '/models/later', some)).status, 404);

    // The default model is alpha.
    const byDefault = await ask(server, '/predict', some, row);
    assert.equal(byDefault.status, 403);
    assert.doesNotMatch(byDefault.text, /alpha/);
    assert.equal((await ask(server, '/predict', bearer('all'), row)).status, 200);
    for (const path of ['/predict', '/models/alpha/predict', '/models/nothing/predict'])
      assert.match((await ask(server, path, some)).text, /GET is not allowed here\. Use POST\."/);
    assert.equal((await ask(server, '/metrics', some)).status, 403);

    const pathsFor = async (path: string, headers: HeadersInit) => {
      const { paths } = (await ask(server, path, headers)).json<{ paths: Record<string, object> }>();
      return Object.keys(paths).filter((path) => /predict$/.test(path) && !path.startsWith('/v'));
    };
    for (const path of ['/openapi.json', '/docs/json']) {
      const own = ['/models/beta/predict', '/models/beta/versions/1/predict'];
      assert.deepEqual(await pathsFor(path, some), own);
      // What every key may use.
      assert.deepEqual(await pathsFor(path, {}), own);
      assert.deepEqual((await pathsFor(path, bearer('all'))).length, 7);
    }
    assert.doesNotMatch((await ask(server, '/openapi.yaml', some)).text, /alpha|gamma/i);
    assert.equal((await ask(server, '/models/beta/openapi.json')).status, 200, 'of what every key may use');
    const unasked = await Promise.all(
      ['alpha', 'nothing'].map(async (model) => {
        const { status, text } = await ask(server, `/models/${model}/openapi.json`);
        return [status, text.replaceAll(model, '…')];
      }),
    );
    assert.deepEqual([unasked[0]![0], unasked[1]], [401, unasked[0]]);
    assertSilent(server);
  });
});
