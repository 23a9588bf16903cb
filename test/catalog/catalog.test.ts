import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Catalog, type Loader } from '../../src/catalog/catalog.js';
import { LoadError } from '../../src/catalog/load-error.js';
import { ModelFolders } from '../../src/catalog/model-folders.js';
import { type OpenCatalogOptions, openCatalog } from '../../src/catalog/open-catalog.js';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { InferencePool } from '../../src/inference/inference-pool.js';
import { ModelFileError } from '../../src/keras/index.js';
import { as } from '../helpers/fixtures.js';
import { inputsOf, isAnswerOf, type ModelFolder, useModelFolders } from '../helpers/model-folder.js';

const newFolder = useModelFolders();

async function open(t: TestContext, paths: string[], options: OpenCatalogOptions = {}): Promise<Catalog> {
  const catalog = openCatalog(paths, { processes: 1, ...options });
  t.after(() => catalog.close());
  await catalog.started;
  return catalog;
}

/** Every version with its state and the code of its error: `pets 2 AVAILABLE model_damaged`. */
const states = (catalog: Catalog): string[] =>
  catalog.models.flatMap(({ name, versions }) =>
    versions.map(({ version, state, error }) => {
      if (error) console.error(`${name} ${version}: ${error.message}`);
      return [name, version, state, ...(error ? [error.code] : [])].join(' ');
    }),
  );

/** Whether what serves answers as Keras does with the model of a fixture. */
async function answersAs(name: string, catalog: Catalog, ...address: [name?: string, version?: number]) {
  const model = catalog.find(...address);
  const inputs = Object.entries(inputsOf(name)).map(([key, tensor]) => {
    const { type } = model.inputs.find((input) => input.name === key)!;
    return [key, as(tensor, type)];
  });
  const { outputs } = await model.predict(Object.fromEntries(inputs));
  return isAnswerOf(name, Array.from(Object.values(outputs)[0]!.data as Float32Array));
}

describe('a catalog', () => {
  it('serves each model of a folder under its name, the newest version by default', async (t) => {
    const folder = newFolder();
    folder.put('b.keras', 'sequential');
    folder.put('a/1/model.keras', 'sequential_input_shape');
    folder.put('a/2/model.keras', 'sequential');
    const catalog = await open(t, [folder.path]);
    assert.deepEqual(states(catalog), ['a 2 AVAILABLE', 'a 1 AVAILABLE', 'b 1 AVAILABLE']);
    assert.equal(catalog.defaultName, 'a');
    assert.ok(await answersAs('sequential', catalog));
    assert.ok(await answersAs('sequential', catalog, 'b'));
    assert.ok(await answersAs('sequential', catalog, 'a', 2));
    assert.ok(await answersAs('sequential_input_shape', catalog, 'a', 1));
    assert.ok(catalog.ready);
    assert.equal(catalog.find('a').name, 'a');
    assert.throws(() => catalog.find('c'), { code: 'model_unknown' });
    assert.throws(() => catalog.find('constructor'), { code: 'model_unknown' });
    assert.throws(() => catalog.find('a', 3), { code: 'model_version_unknown' });
  });

  it('answers as Keras does, with every kind of model beside the others', async (t) => {
    const folder = newFolder();
    const names = [
      'functional_dicts',
      // These have loops.
      'functional_mask_in_call',
      'functional_masked_inner',
      'functional_odd_names',
      'functional_operations_between',
      'functional_text_classifier',
      'sequential_fixed_batch',
    ];
    for (const name of names) folder.put(`${name}/model.keras`, name);
    const catalog = await open(t, [folder.path]);
    assert.deepEqual(
      states(catalog),
      names.map((name) => `${name} 1 AVAILABLE`),
    );
    for (const name of names) assert.ok(await answersAs(name, catalog, name), name);
  });

  it('takes the card of the version, else that of the model', async (t) => {
    const folder = newFolder();
    folder.put('pets/1/model.keras', 'functional_residual');
    folder.put('pets/2/model.keras', 'functional_residual');
    folder.write('pets/serve.json', JSON.stringify({ description: 'all', labels: ['a', 'b', 'c'] }));
    folder.write('pets/2/serve.json', JSON.stringify({ description: 'newest' }));
    const catalog = await open(t, [folder.path]);
    assert.equal(catalog.find('pets', 2).card.description, 'newest');
    assert.equal(catalog.find('pets', 1).card.description, 'all');
    assert.deepEqual(catalog.find('pets', 1).card.labels, ['a', 'b', 'c']);
  });

  it('starts without what is broken, and says why it is, without its folder', async (t) => {
    const folder = newFolder();
    folder.write('a.keras', 'this is no model');
    folder.put('b.keras', 'sequential');
    folder.put('c/1/model.keras', 'sequential');
    folder.write('c/2/model.keras', readFileSync(join(folder.path, 'b.keras')).subarray(0, 5000));
    folder.put('d/x.keras', 'sequential');
    folder.put('d/y.keras', 'sequential');
    folder.write('d/serve.json', '{}');
    folder.put('e/model.keras', 'sequential');
    folder.write('e/serve.json', '{"image": 1}');
    const catalog = await open(t, [folder.path]);
    assert.deepEqual(states(catalog), [
      'a 1 END model_format_unknown',
      'b 1 AVAILABLE',
      'c 2 END model_damaged',
      'c 1 AVAILABLE',
      'd 1 END model_not_found',
      'e 1 END card_invalid',
    ]);
    assert.equal(catalog.defaultName, 'a', 'the first by name, whatever becomes of it');
    assert.throws(() => catalog.find(), {
      code: 'model_not_ready',
      message: /"a", the default one, could not be loaded: GET \/models\/a/,
    });
    assert.ok(await answersAs('sequential', catalog, 'c'), 'the version before serves');
    assert.throws(() => catalog.find('c', 2), { code: 'model_not_ready' });
    assert.ok(catalog.ready, 'what never was loaded takes nothing away');
    for (const { versions } of catalog.models)
      for (const { error } of versions) assert.doesNotMatch(error?.message ?? '', /[/\\]\w+[/\\]/);
    assert.match(catalog.models[3]!.versions[0]!.error!.message, /several model files \(x\.keras, y\.keras\)/);
  });

  it('starts with the default model that is named', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', 'sequential');
    folder.put('b.keras', 'sequential_input_shape');
    const catalog = await open(t, [folder.path], { defaultModel: 'b' });
    assert.ok(await answersAs('sequential_input_shape', catalog));
    await assert.rejects(open(t, [folder.path], { defaultModel: 'c' }), {
      code: 'model_unknown',
      message: 'There is no model "c" to be the default. There is a, b.',
    });
  });

  it('does not start with anything broken when it is strict, nor with nothing but that', async (t) => {
    const folder = newFolder();
    folder.write('a.keras', '');
    folder.put('b.keras', 'sequential');
    await assert.rejects(open(t, [folder.path], { strict: true }), {
      code: 'models_not_loaded',
      message: /^1 of 2 models can't be served, and --strict asks for all:\n {2}a: The file is empty/,
    });
    folder.write('serve.json', JSON.stringify({ models: { 'b.keras': { labels: ['x', 'y', 'z'] } } }));
    await assert.rejects(open(t, [folder.path], { noGuess: true }), {
      message: /^1 of 2 models can't be served, and --no-guess asks for all:\n {2}a: The file is empty/,
    });
    folder.write('b.keras', '');
    await assert.rejects(open(t, [folder.path]), { message: /^None of 2 models can be served:\n {2}a: .*\n {2}b: / });
    folder.remove('b.keras');
    await assert.rejects(open(t, [folder.path]), { name: 'ModelFileError', code: 'model_format_unknown' });
  });

  it('takes weights for one model alone', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', 'sequential');
    folder.put('b.keras', 'sequential');
    await assert.rejects(open(t, [folder.path], { inputShape: [6] }), { code: 'models_too_many' });
  });

  it('leaves no process behind when it can’t start', async () => {
    const folder = newFolder();
    folder.write('a.keras', '');
    const catalog = openCatalog([folder.path], { processes: 1 });
    await assert.rejects(catalog.started);
    assert.deepEqual(catalog.pool.processes, []);
  });
});

describe('a catalog that is brought up to date', () => {
  /** A catalog of a folder, with what it has been asked to load. */
  async function start(t: TestContext, folder: ModelFolder) {
    const pool = new InferencePool(1);
    const loads: string[] = [];
    const load: Loader = (name, source) => {
      loads.push(`${name} ${source.version}`);
      return loadServedModel(source.path, { pool, name, cardFolder: source.cardFolder });
    };
    const catalog = new Catalog({ load, pool, ownsPool: true });
    t.after(() => catalog.close());
    const folders = new ModelFolders([folder.path]);
    const update = async () => catalog.update((await folders.scan()).models);
    await update();
    return { catalog, update, loads };
  }

  it('loads what is new or changed, and nothing else', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', 'sequential');
    folder.put('b/1/model.keras', 'sequential');
    const { catalog, update, loads } = await start(t, folder);
    const { generation } = catalog;
    loads.length = 0;
    await update();
    assert.deepEqual(loads, []);
    assert.equal(catalog.generation, generation);

    folder.replace('a.keras', 'sequential_input_shape');
    folder.put('b/2/model.keras', 'sequential_input_shape');
    folder.put('c.keras', 'functional_residual');
    await update();
    assert.deepEqual(loads, ['a 1', 'b 2', 'c 1']);
    assert.ok(catalog.generation > generation);
    assert.ok(await answersAs('sequential_input_shape', catalog));
    assert.ok(await answersAs('sequential_input_shape', catalog, 'b'));
    assert.ok(await answersAs('sequential', catalog, 'b', 1));
  });

  it('keeps what serves when what comes after can’t be loaded, and tries it once', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', 'sequential');
    folder.put('b.keras', 'sequential');
    const { catalog, update, loads } = await start(t, folder);
    const failed: string[] = [];
    catalog.on('failed', ({ name, isChange }) => failed.push(`${name} ${isChange}`));
    folder.write('a.keras', 'no model any more');
    folder.write('c.keras', 'never was a model');
    loads.length = 0;
    for (let time = 0; time < 3; time++) await update();
    assert.deepEqual(loads, ['a 1', 'c 1']);
    assert.deepEqual(failed.sort(), ['a true', 'c false']);
    assert.deepEqual(states(catalog), [
      'a 1 AVAILABLE model_format_unknown',
      'b 1 AVAILABLE',
      'c 1 END model_format_unknown',
    ]);
    assert.deepEqual(
      catalog.models.map(({ versions }) => versions[0]!.failures),
      [1, 0, 1],
    );
    assert.ok(await answersAs('sequential', catalog));
    assert.ok(catalog.ready);

    folder.put('a.keras', 'sequential_input_shape');
    await update();
    assert.deepEqual(states(catalog)[0], 'a 1 AVAILABLE');
    assert.ok(await answersAs('sequential_input_shape', catalog));
  });

  it('lets go of a model once no lease of it is left', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', 'sequential');
    folder.put('b.keras', 'sequential');
    const { catalog, update } = await start(t, folder);
    const lease = catalog.lease('a');
    const { model: before } = lease;
    folder.replace('a.keras', 'sequential_input_shape');
    await update();
    assert.notEqual(catalog.find('a'), before);
    assert.ok(before.ready, 'whoever has a lease of it can still use it');
    await before.predict(inputsOf('sequential'));
    lease.release();
    lease.release();
    while (before.ready) await sleep(10);
    await assert.rejects(before.predict(inputsOf('sequential')), { code: 'server_closing' });
    assert.ok(await answersAs('sequential_input_shape', catalog));
  });

  it('no longer serves what is gone; the default model stays the one that it was', async (t) => {
    const folder = newFolder();
    folder.put('a/1/model.keras', 'sequential');
    folder.put('a/2/model.keras', 'sequential_input_shape');
    folder.put('b.keras', 'sequential');
    folder.write('c.keras', '');
    const { catalog, update } = await start(t, folder);
    const gone: string[] = [];
    catalog.on('gone', ({ name, version }) => gone.push(`${name} ${version}`));
    folder.remove('a/2');
    folder.remove('c.keras');
    await update();
    assert.ok(await answersAs('sequential', catalog, 'a'));
    assert.throws(() => catalog.find('c'), { code: 'model_unknown' });
    folder.remove('a');
    await update();
    assert.deepEqual(gone, ['a 2', 'c 1', 'a 1']);
    while (catalog.models.length > 1) await sleep(10);
    assert.deepEqual(states(catalog), ['b 1 AVAILABLE']);
    assert.throws(() => catalog.find(), { code: 'model_unknown' });
    folder.put('a/3/model.keras', 'sequential');
    await update();
    assert.ok(await answersAs('sequential', catalog));
  });

  it('closes while it loads', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', 'sequential');
    const { catalog, update } = await start(t, folder);
    folder.put('b.keras', 'functional_vision_transformer');
    const updating = update();
    await catalog.close();
    await updating;
    assert.deepEqual(catalog.pool.processes, []);
  });
});

describe('LoadError', () => {
  it('names no folder', () => {
    const messages: [message: string, shown: string][] = [
      ['There is no file or folder "/srv/models/pets/model.keras".', 'There is no file or folder "model.keras".'],
      ['Copy it to ~/.keras/models/x.h5, or C:\\Users\\me\\x.h5.', 'Copy it to x.h5, or x.h5.'],
      ['Shards: /srv/models/pets/a.bin and "/tmp/b/c.bin" (1/2).', 'Shards: a.bin and "c.bin" (1/2).'],
      ['See https://keras.io/api/models/ for GET /models.', 'See https://keras.io/api/models/ for GET /models.'],
    ];
    for (const [message, shown] of messages)
      assert.equal(
        new LoadError(new ModelFileError('model_not_found', message), '/srv/models/pets/model.keras').message,
        shown,
      );
    const fault = new LoadError(new TypeError('x is not a function at /srv/a.js:1'), '/srv/models');
    assert.deepEqual([fault.code, /srv/.test(fault.message)], ['model_load_failed', false]);
  });
});
