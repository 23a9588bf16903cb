import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadModel } from '../../src/index.js';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { colourModel } from '../helpers/onnx-models.js';
import { run } from '../helpers/run.js';
import { runCli } from '../helpers/server.js';

interface Listed {
  file: string;
  predictions: { label: string }[];
}

const example = (name: string) => join(packageRoot, 'examples', name);

describe('keras-serve predict', () => {
  it('prints the labels of an image', async (t) => {
    const { code, stdout } = await runCli(t, ['predict', bundledModel, example('cat.jpg')]).ended;
    assert.equal(code, 0);
    const lines = stdout.split('\n');
    assert.equal(lines.length, 5);
    for (const [index, line] of lines.entries())
      assert.match(line, new RegExp(`^${index + 1}\\. \\w+: [01]\\.\\d{4}$`));
    assert.match(lines[0]!, /^1\. Egyptian_cat: /);
  });

  it('prints those of several images under their names', async (t) => {
    const names = ['cat.jpg', 'coffee.jpg'].map(example);
    const { stdout } = await runCli(t, ['predict', bundledModel, ...names, '--top-k', '1']).ended;
    const lines = stdout.split('\n');
    assert.deepEqual([lines[0], lines[2], lines[3], lines.length], [names[0], '', names[1], 5]);
    assert.match(lines[1]!, /^1\. Egyptian_cat: /);
    assert.match(lines[4]!, /^1\. espresso: /);
  });

  it('prints JSON for programs', async (t) => {
    const { stdout } = await runCli(t, ['predict', '--jsonl', bundledModel, example('coffee.jpg')]).ended;
    const { file, predictions } = JSON.parse(stdout);
    assert.equal(file, example('coffee.jpg'));
    assert.equal(predictions[0].label, 'espresso');
  });

  it('takes a folder of images, and prints a list for programs', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'keras-serve-images-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const name of ['coffee.jpg', 'cat.jpg']) copyFileSync(example(name), join(folder, name));
    writeFileSync(join(folder, 'notes.txt'), 'no image');
    const args = ['predict', bundledModel, folder, '--top-k', '1', '--format', 'json'];
    const { code, stdout, stderr } = await runCli(t, args).ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      JSON.parse(stdout).map(({ file, predictions }: Listed) => [file, predictions.map(({ label }) => label)]),
      [
        [join(folder, 'cat.jpg'), ['Egyptian_cat']],
        [join(folder, 'coffee.jpg'), ['espresso']],
      ],
    );
  });

  it('takes what /predict takes, in a file of JSON', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'keras-serve-json-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const b64 = readFileSync(example('cat.jpg')).toString('base64');
    writeFileSync(join(folder, 'one.json'), JSON.stringify({ image: b64 }));
    writeFileSync(join(folder, 'two.json'), JSON.stringify({ instances: [{ b64 }, { b64 }] }));
    const args = ['predict', bundledModel, join(folder, 'one.json'), join(folder, 'two.json'), '--top-k', '1'];
    const { stdout } = await runCli(t, [...args, '--format', 'jsonl']).ended;
    const [one, two] = stdout.split('\n').map((line) => JSON.parse(line).predictions);
    assert.equal(one[0].label, 'Egyptian_cat');
    assert.deepEqual([two.length, two[0][0].label, two[1][0].label], [2, 'Egyptian_cat', 'Egyptian_cat']);
    writeFileSync(join(folder, 'one.json'), '{"imge": ""}');
    const wrong = await runCli(t, args).ended;
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /one\.json: .*imge/);
  });

  it('refuses a form that it does not know, and a folder without images', async (t) => {
    const strange = await runCli(t, ['predict', bundledModel, example('cat.jpg'), '--format', 'xml']).ended;
    assert.equal(strange.code, 2);
    assert.match(strange.stderr, /--format must be one of table, json, jsonl, csv/);
    const both = await runCli(t, ['predict', bundledModel, example('cat.jpg'), '--format', 'csv', '--jsonl']).ended;
    assert.equal(both.code, 2);
    assert.match(both.stderr, /--jsonl can't stand beside --format csv/);
    const folder = mkdtempSync(join(tmpdir(), 'keras-serve-images-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const empty = await runCli(t, ['predict', bundledModel, folder]).ended;
    assert.equal(empty.code, 1);
    assert.match(empty.stderr, /that is a folder without images/);
  });

  for (const [file, message] of [
    ['missing.jpg', /missing\.jpg: there is no such file\n$/],
    [example('README.md'), /README\.md: .*JPEG, PNG/],
    [packageRoot, /: that is a folder without images\. Its folders have some: .*\/examples.*\n$/],
  ] as const) {
    it(`says what is wrong with ${file === packageRoot ? 'a folder' : file.split('/').at(-1)}`, async (t) => {
      const { code, stderr } = await runCli(t, ['predict', bundledModel, file]).ended;
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.equal(stderr.split('\n').length, 2);
    });
  }

  it('warns of labels that are not used', async (t) => {
    const labelled = mkdtempSync(join(tmpdir(), 'keras-serve-labelled-'));
    t.after(() => rmSync(labelled, { recursive: true }));
    renameSync(colourModel(), join(labelled, 'model.onnx'));
    writeFileSync(join(labelled, 'labels.txt'), 'red\ngreen\n');
    const { code, stdout, stderr } = await runCli(t, ['predict', labelled, example('cat.jpg')]).ended;
    assert.equal(code, 0);
    assert.equal(stderr, 'labels.txt has 2 labels where the model has 3 classes: it is not used\n');
    assert.match(stdout, /^1\. [012]: /);
    writeFileSync(join(labelled, 'labels.txt'), 'red\ngreen\nblue\n');
    const again = await runCli(t, ['predict', labelled, example('cat.jpg')]).ended;
    assert.equal(again.stderr, '');
    assert.match(again.stdout, /^1\. (red|green|blue): /);
  });

  describe('with numbers', () => {
    const { folder, cases } = unpackFamily('models');
    after(() => rmSync(folder, { recursive: true }));
    const model = (name: string) => cases.find((one) => one.name === name)!.model;
    const input = (text: string) => {
      const path = join(folder, 'input.json');
      writeFileSync(path, text);
      return path;
    };

    it('prints a prediction for every instance', async (t) => {
      const path = input('{"instances": [[1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0]]}');
      const { code, stdout, stderr } = await runCli(t, ['predict', model('sequential'), '--json', path]).ended;
      assert.equal(code, 0, stderr);
      const { predictions } = JSON.parse(stdout);
      assert.deepEqual([predictions.length, predictions[0].length, predictions[1].length], [2, 3, 3]);
    });

    it('reads standard input', async (t) => {
      const { child, ended } = runCli(t, ['predict', '--json', '-', model('sequential')]);
      child.stdin!.end('[[1, 2, 3, 4, 5, 6]]');
      const { code, stdout } = await ended;
      assert.equal(code, 0);
      assert.equal(JSON.parse(stdout).predictions.length, 1);
    });

    it('refuses a pipe that it would have to wait for, and takes one that a shell makes', async (t) => {
      const pipe = join(folder, 'pipe');
      assert.equal((await run('mkfifo', [pipe])).code, 0);
      for (const args of [['--json', pipe], [pipe]]) {
        const { code, stderr } = await runCli(t, ['predict', model('sequential'), ...args]).ended;
        assert.equal(code, 1);
        if (args.length > 1) assert.match(stderr, /pipe is a pipe, no file\. Standard input is read with -/);
      }
      const cli = join(packageRoot, 'dist', 'src', 'cli.js');
      const line = `"${process.execPath}" "${cli}" predict --json <(echo '[[1, 2, 3, 4, 5, 6]]') "${model('sequential')}"`;
      const { code, stdout, stderr } = await run('bash', ['-c', line]);
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).predictions.length, 1);
    });

    it('takes and prints named tensors', async (t) => {
      const { inputs, outputs } = await loadModel(model('functional_dicts'), { cacheFolder: null }).then(
        async (loaded) => {
          await loaded.close();
          return loaded;
        },
      );
      const zeros = (shape: readonly (number | null)[]): unknown =>
        shape.length === 0 ? 0 : Array.from({ length: shape[0] ?? 1 }, () => zeros(shape.slice(1)));
      const instance = Object.fromEntries(inputs.map(({ name, shape }) => [name, zeros(shape.slice(1))]));
      const path = input(JSON.stringify({ instances: [instance, instance] }));
      const { code, stdout, stderr } = await runCli(t, ['predict', '--json', path, model('functional_dicts')]).ended;
      assert.equal(code, 0, stderr);
      const { predictions } = JSON.parse(stdout);
      assert.equal(predictions.length, 2);
      assert.deepEqual(
        Object.keys(predictions[0]),
        outputs.map(({ name }) => name),
      );
    });

    for (const [text, message] of [
      ['[[1, 2, 3, 4, 5, "6"]]', /input\.json: \[0\]\[5\] should be a number that float32 can hold, but is "6"\./],
      ['{"instances": [[1, 2]]}', /input\.json: instances\[0\] should be an array of 6 numbers, but is an array of 2/],
      ['{"instances": [[1, 2]', /input\.json: that is no JSON: /],
    ] as const) {
      it(`says what is wrong with ${text}`, async (t) => {
        const { code, stderr, stdout } = await runCli(t, ['predict', model('sequential'), '--json', input(text)]).ended;
        assert.equal(code, 1);
        assert.match(stderr, message);
        assert.equal(stderr.split('\n').length, 2);
        assert.equal(stdout, '');
      });
    }

    it('wants either images or numbers', async (t) => {
      for (const more of [[], ['--json', 'a.json', 'b.jpg']]) {
        const { code, stderr } = await runCli(t, ['predict', model('sequential'), ...more]).ended;
        assert.equal(code, 2);
        assert.match(stderr, /Give either images, .* or --json/);
      }
    });

    it('says of images that the model takes none', async (t) => {
      const { code, stderr } = await runCli(t, ['predict', model('sequential'), example('cat.jpg')]).ended;
      assert.equal(code, 1);
      assert.match(stderr, /sequential: This model takes no images\. Send JSON/);
    });
  });
});
