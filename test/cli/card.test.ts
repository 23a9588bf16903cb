import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { parseCard } from '../../src/cards/card.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { add } from '../../src/onnx/operators/index.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { runCli, startServer } from '../helpers/server.js';

describe('keras-serve card', () => {
  const { folder: fixtures, cases } = unpackFamily('cards');
  const cache = mkdtempSync(join(tmpdir(), 'keras-serve-cache-'));
  after(() => {
    rmSync(fixtures, { recursive: true });
    rmSync(cache, { recursive: true });
  });
  const environment = { KERAS_SERVE_CACHE_FOLDER: cache };
  const card = (t: TestContext, ...args: string[]) => runCli(t, ['card', ...args], environment).ended;

  let folder: string;
  let model: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keras-serve-card-'));
    model = join(folder, 'pets.h5');
    copyFileSync(cases.find(({ name }) => name === 'teachable_machine')!.model, model);
    writeFileSync(join(folder, 'labels.txt'), '0 Cat\n1 Dog\n2 Mug\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const expected = `{
  "name": "pets",
  "description": "",
  "labels": [
    "Cat",
    "Dog",
    "Mug"
  ],
  "image": {
    "size": [32, 32],
    "resize": "crop",
    "crop_fraction": 1,
    "interpolation": "lanczos",
    "scaling": "tf"
  }
}
`;

  it('writes a card for the file asked where there are several, which the server then gives to that one', async (t) => {
    copyFileSync(model, join(folder, 'dogs.h5'));
    for (const name of ['pets.h5', 'dogs.h5']) {
      const { code, stderr } = await card(t, join(folder, name));
      assert.equal(code, 0, stderr);
    }
    const file = join(folder, 'serve.json');
    const { models } = JSON.parse(readFileSync(file, 'utf8'));
    assert.deepEqual(Object.keys(models), ['pets.h5', 'dogs.h5']);
    assert.deepEqual(models['pets.h5'], JSON.parse(expected));
    assert.equal((await card(t, model)).code, 0);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')).models, models);

    models['dogs.h5'] = { ...models['dogs.h5'], name: 'hounds', labels: ['a', 'b', 'c'] };
    writeFileSync(file, JSON.stringify({ models }));
    const { url } = await startServer(t, ['--cache-folder', cache], folder);
    const labels = async (name: string) =>
      ((await (await fetch(`${url}/models/${name}`)).json()) as { labels: string[] }).labels;
    assert.deepEqual(await labels('hounds'), ['a', 'b', 'c']);
    assert.deepEqual(await labels('pets'), ['Cat', 'Dog', 'Mug']);

    writeFileSync(file, JSON.stringify({ models, labels: ['x'] }));
    const twice = await card(t, model, '--stdout');
    assert.match(twice.stderr, /serve\.json: labels can't stand beside models/);
  });

  it('writes the card beside the model, says why it is so, and the server then reads it', async (t) => {
    const { code, stdout, stderr } = await card(t, model);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${join(folder, 'serve.json')} is written`);
    assert.match(stderr, /^labels: the 3 of labels\.txt, for it lies beside the model$/m);
    assert.match(stderr, /^image\.scaling: "tf", .* as Teachable Machine builds them$/m);
    assert.equal(readFileSync(join(folder, 'serve.json'), 'utf8'), expected);
    parseCard(expected);

    writeFileSync(join(folder, 'serve.json'), expected.replace('"Cat"', '"Katze"'));
    const again = await card(t, folder, '--stdout');
    assert.deepEqual(JSON.parse(again.stdout).labels, ['Katze', 'Dog', 'Mug']);
    assert.equal(again.stderr, '');
  });

  for (const flags of [['--stdout'], ['-o', '-'], ['--output=-']]) {
    it(`prints it with ${flags.join(' ')}`, async (t) => {
      const { code, stdout } = await card(t, model, ...flags);
      assert.equal(code, 0);
      assert.equal(`${stdout}\n`, expected);
      await assert.rejects(async () => readFileSync(join(folder, 'serve.json')), { code: 'ENOENT' });
    });
  }

  it('writes it where it is told to', async (t) => {
    const file = join(folder, 'other.json');
    const { stdout } = await card(t, folder, '-o', file);
    assert.equal(stdout, `${file} is written`);
    assert.equal(readFileSync(file, 'utf8'), expected);
  });

  it('completes the card that is there, whose keys stay unless it is told otherwise', async (t) => {
    const file = join(folder, 'serve.json');
    writeFileSync(file, '{"name": "animals", "image": {"scaling": "unit"}}');
    assert.equal((await card(t, model)).code, 0);
    assert.deepEqual(parseCard(readFileSync(file, 'utf8')), {
      ...JSON.parse(expected),
      name: 'animals',
      image: { ...JSON.parse(expected).image, scaling: 'unit' },
    });
    assert.equal((await card(t, model, '--force')).code, 0);
    assert.equal(readFileSync(file, 'utf8'), expected);
    const other = join(folder, 'other.json');
    writeFileSync(other, '{}');
    const refused = await card(t, model, '-o', other);
    assert.equal(refused.stderr, `keras-serve: ${other} is there already: --force overwrites it\n`);
  });

  it('keeps what is null or empty in the card that is there', async (t) => {
    const graph = new GraphBuilder();
    const week = graph.input('week', 'float32', [null, 4]);
    graph.output('y', add(week, graph.input('person', 'float32', [null, 4])));
    const path = join(folder, 'weeks.onnx');
    writeFileSync(path, encodeOnnx(graph).toBuffer());
    const columns = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
    const inputs = {
      week: { kind: 'sequence', padding: null, value: 0 },
      person: { kind: 'table', columns, ignored: [] },
    };
    const given = { models: { 'weeks.onnx': { inputs } } };
    writeFileSync(join(folder, 'serve.json'), JSON.stringify(given));
    const { code, stdout, stderr } = await card(t, path, '--stdout');
    assert.equal(code, 0, stderr);
    assert.deepEqual(parseCard(stdout).inputs, inputs);
  });

  it('takes over from a card that is damaged where it is forced to', async (t) => {
    writeFileSync(join(folder, 'serve.json'), '{"lables": ');
    const refused = await card(t, model, '--stdout');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^keras-serve: serve\.json: isn't JSON/);
    const forced = await card(t, model, '-f');
    assert.equal(forced.code, 0);
    assert.equal(readFileSync(join(folder, 'serve.json'), 'utf8'), expected);
  });

  it('says what is wrong with where it should write', async (t) => {
    const missing = await card(t, model, '-o', join(folder, 'none', 'serve.json'));
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /none\/serve\.json can't be written: there is no such folder\n$/);
    mkdirSync(join(folder, 'there'));
    const taken = await card(t, model, '-o', join(folder, 'there'));
    assert.match(taken.stderr, /there is a folder\n$/);
    const both = await card(t, model, '--stdout', '-o', 'x.json');
    assert.equal(both.code, 2);
    assert.match(both.stderr, /either --stdout or --output/);
  });

  it('writes one with the names of inputs alone for a model that has neither images nor labels', async (t) => {
    const path = join(folder, 'double.onnx');
    renameSync(doublingModel(), path);
    rmSync(join(folder, 'labels.txt'));
    const { code, stdout, stderr } = await card(t, path, '--stdout');
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { name: 'double', description: '', inputs: { x: { kind: 'tensor' } } });
  });

  it('says that there is no model', async (t) => {
    const { code, stderr } = await card(t, join(folder, 'none.keras'));
    assert.equal(code, 1);
    assert.match(stderr, /^keras-serve: There is no file or folder /);
    assert.equal(stderr.split('\n').length, 2);
  });

  it('the log of a server without a card says the same', async (t) => {
    writeFileSync(join(folder, 'class_names.txt'), 'cat\ndog\n');
    rmSync(join(folder, 'labels.txt'));
    const server = await startServer(t, ['--cache-folder', cache], model);
    const warning = JSON.parse(await server.line('class_names.txt'));
    assert.equal(warning.level, 40);
    assert.equal(warning.msg, 'pets: class_names.txt has 2 labels where the model has 3 classes: it is not used');
    const scaling = JSON.parse(await server.line('image.scaling'));
    assert.match(
      scaling.msg,
      /^pets: image\.scaling: "tf".*; to change it, write serve\.json: keras-serve card \S+pets\.h5$/,
    );
  });
});
