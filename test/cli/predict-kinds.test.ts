/** keras-serve predict about rows of CSV and texts, and its answers as CSV. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { before, describe, it } from 'node:test';
import type { WriteStream } from 'node:tty';
import { CountLine } from '../../src/commands/progress.js';
import { sub } from '../../src/onnx/operators/index.js';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { temporaryFolder } from '../helpers/folder.js';
import { formModels } from '../helpers/form-models.js';
import { folderOf, type KindModel, kindModels } from '../helpers/kind-models.js';
import { run } from '../helpers/run.js';
import { runCli } from '../helpers/server.js';

describe('keras-serve predict', () => {
  let models: string;
  let table: string;
  let files: string;
  before(() => {
    const { houses, films, reviews, colours, clinic } = kindModels;
    const negative: KindModel = {
      build: (graph) => graph.output('negative', sub(1, graph.input('photo', 'float32', [null, 4, 4, 3]))),
      card: { inputs: { photo: { kind: 'image', scaling: 'unit' } }, outputs: { negative: { kind: 'image' } } },
    };
    models = folderOf({ houses, films, reviews, colours, clinic, negative });
    table = formModels().find((path) => path.endsWith('table.onnx'))!;
    files = temporaryFolder('predict');
  });
  const model = (name: string) => join(models, name);
  const file = (name: string, text: string) => {
    writeFileSync(join(files, name), text);
    return join(files, name);
  };
  const homes = 'rooms,area\r\n3,100\r\n2,50.5\r\n';

  it('prints what a model makes of each row of CSV', async (t) => {
    const path = file('homes.csv', homes);
    const { code, stdout, stderr } = await runCli(t, ['predict', model('houses'), path]).ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(stdout.split('\n'), [
      ...['row 1', '350 thousand dollars', ''],
      ...['row 2', '151.5 thousand dollars'],
    ]);
    const two = await runCli(t, ['predict', model('houses'), path, path]).ended;
    assert.match(two.stdout, /^(.*)homes\.csv, row 1\n350 .*\n\n\1homes\.csv, row 2\n151\.5 .*\n\n\1homes\.csv, row 1/);
    const lines = await runCli(t, ['predict', model('houses'), path, '--format', 'jsonl']).ended;
    const items = [350, 151.5].map((value, index) => ({
      file: path,
      row: index + 1,
      predictions: { value, unit: 'thousand dollars' },
    }));
    assert.deepEqual(
      lines.stdout.split('\n').map((line) => JSON.parse(line)),
      items,
    );
    const list = await runCli(t, ['predict', model('houses'), path, '--format', 'json']).ended;
    assert.deepEqual(JSON.parse(list.stdout), items);
  });

  it('prints CSV: the file, and the columns that the reply of a server has', async (t) => {
    const path = file('homes, old.csv', homes);
    const json = file('one.json', '[{"rooms": 4, "area": 10}]');
    const { stdout } = await runCli(t, ['predict', model('houses'), path, json, '--format', 'csv']).ended;
    assert.equal(stdout, ['file,price', `"${path}",350`, `"${path}",151.5`, `${json},130`].join('\n'));
    const image = join(packageRoot, 'examples', 'cat.jpg');
    const labels = await runCli(t, ['predict', bundledModel, image, '--format', 'csv']).ended;
    assert.match(labels.stdout, /^file,label,probability\n.*cat\.jpg,Egyptian_cat,0\.\d+$/);
  });

  it('answers many rows in their order, some after the other', async (t) => {
    const rows = Array.from({ length: 1300 }, (_, row) => row);
    const path = file(
      'many.csv',
      ['income,age,größe in cm', ...rows.map((row) => `${row}000,40,${row}`), ''].join('\n'),
    );
    const { stdout } = await runCli(t, ['predict', table, path, '--format', 'csv']).ended;
    assert.deepEqual(stdout.split('\n'), [
      'file,y[0],y[1],y[2]',
      ...rows.map((row) => `${path},0,${2 * row},${2 * row}`),
    ]);
  });

  it('says in which line a value is wrong, and prints nothing', async (t) => {
    const path = file('wrong.csv', `${homes}2,many\r\n`);
    const { code, stdout, stderr } = await runCli(t, ['predict', model('houses'), path, '--format', 'csv']).ended;
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal(stderr, `keras-serve: ${path}: Line 4: area should be a number, but is "many".\n`);
  });

  it('refuses CSV for what it has no columns for', async (t) => {
    const image = join(packageRoot, 'examples', 'cat.jpg');
    const masks = await runCli(t, ['predict', model('colours'), image, '--format', 'csv']).ended;
    assert.equal(masks.code, 1);
    assert.match(masks.stderr, /: CSV has a row for each datapoint, which "most", a mask, can't be\. .*--format json/);
    for (const [more, flag] of [
      [['--top-k', '1'], '--top-k'],
      [['--json', image], '--json'],
    ] as const) {
      const args = ['predict', model('films'), '--format', 'csv', ...more, ...(flag === '--json' ? [] : [image])];
      const { code, stderr } = await runCli(t, args).ended;
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`${flag} can't stand beside --format csv`));
    }
  });

  it('refuses to say how many labels there are where there are none', async (t) => {
    const path = file('house.json', '{"area": 80, "rooms": 3}');
    const { code, stderr } = await runCli(t, ['predict', model('houses'), path, '--top-k', '2']).ended;
    assert.deepEqual([code, stderr], [1, 'keras-serve: houses gives no labels, of which --top-k could say how many\n']);
  });

  it('takes a text', async (t) => {
    const path = file('review.txt', 'A good plot, a good film.\n');
    const { code, stdout, stderr } = await runCli(t, ['predict', model('reviews'), path]).ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^1\. positive: 0\.98\d+\n2\. negative: 0\.01\d+$/);
    const wrong = await runCli(t, ['predict', model('houses'), path]).ended;
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /houses: This model takes no text alone\. Send JSON/);
  });

  it('runs a model on tensors as they are, and prints its own numbers', async (t) => {
    for (const [name, json, expected] of [
      ['houses', '[[120, 2]]', [[460]]],
      ['houses', '{"home": [[120, 2], [1, 0]]}', [[460], [3]]],
      ['reviews', '{"instances": [[0, 0, 3, 1]]}', [[0.5]]],
    ] as const) {
      const { code, stdout, stderr } = await runCli(t, ['predict', model(name), '--json', file('raw.json', json)])
        .ended;
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(JSON.parse(stdout).predictions, expected);
    }
    const columns = file('columns.json', '[{"area": 120, "rooms": 2}]');
    const { code, stderr } = await runCli(t, ['predict', model('houses'), '--json', columns]).ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /columns\.json: \[0\]\.area is no input\..*"home".* Without --json the file is read as \/predict reads it\.\n$/,
    );
  });

  it('says in what file to give what a model takes', async (t) => {
    const photo = join(packageRoot, 'examples', 'cat.jpg');
    const folders = join(files, 'classes');
    for (const name of ['cats', 'dogs', 'none']) mkdirSync(join(folders, name), { recursive: true });
    for (const name of ['cats', 'dogs']) writeFileSync(join(folders, name, '1.jpg'), readFileSync(photo));
    for (const [args, message] of [
      [
        [model('clinic'), photo],
        /: This model takes an image beside others, not alone\. Send JSON: .*"photo": \{"b64".* Give that in a file that ends in \.json\.\n$/,
      ],
      [[model('houses'), photo], /takes no images\. .* ends in \.json, or rows of CSV in one that ends in \.csv\.\n$/],
      [[model('reviews'), photo], /takes no images\. .* Give a text in a file that ends in \.txt\.\n$/],
      [
        [model('reviews'), 'I loved it'],
        /^keras-serve: I loved it: there is no such file\. A text is given in a file that ends in \.txt\n$/,
      ],
      [
        [model('colours'), folders],
        new RegExp(`: that is a folder without images\\. Its folders have some: ${folders}/cats ${folders}/dogs\\n$`),
      ],
      [
        [models, photo],
        /has no model file\. Further down there are clinic\/model\.onnx, .*houses\/model\.onnx, .*\. Name the one that is meant\./,
      ],
    ] as const) {
      const { code, stdout, stderr } = await runCli(t, ['predict', ...args]).ended;
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, message);
    }
    const inspected = await runCli(t, ['inspect', models]).ended;
    assert.match(inspected.stderr, /Further down there are clinic\/model\.onnx, .*houses\/model\.onnx/);
  });

  it('writes pictures over nothing that it was asked about, and not over one another', async (t) => {
    const photo = readFileSync(join(packageRoot, 'examples', 'cat.jpg'));
    const folders = ['first', 'second'].map((name) => join(files, name));
    const inputs = folders.flatMap((folder) => {
      mkdirSync(folder);
      return ['cat.png', 'cat.jpg'].map((name) => join(folder, name));
    });
    for (const input of inputs) writeFileSync(input, photo);
    const out = join(files, 'link');
    symlinkSync(folders[0]!, out);
    const run = async (args: string[]) => {
      const { code, stdout, stderr } = await runCli(t, ['predict', model('negative'), ...args]).ended;
      assert.deepEqual([code, stderr], [0, '']);
      return stdout.split('\n').filter((line) => line.endsWith(' is written'));
    };
    const expected = ['cat.2.png', 'cat.3.png', 'cat.4.png', 'cat.5.png'];
    for (const _again of [1, 2]) {
      assert.deepEqual(
        await run([...inputs, '--out', out]),
        expected.map((name) => `${join(out, name)} is written`),
      );
      for (const input of inputs) assert.deepEqual(readFileSync(input), photo);
    }
    assert.deepEqual(readdirSync(folders[0]!).sort(), [...expected, 'cat.jpg', 'cat.png'].sort());
    const wrong = await runCli(t, ['predict', model('negative'), inputs[0]!, '--out', inputs[1]!]).ended;
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^keras-serve: .*cat\.jpg can't be written: /);
  });

  it('ends when nobody reads on, and says that a disk is full', async () => {
    const rows = `${homes}${'1,2\n'.repeat(50_000)}`;
    const path = file('rows.csv', rows);
    const cli = `"${process.execPath}" dist/src/cli.js predict "${model('houses')}" "${path}" --format jsonl`;
    const read = await run('bash', ['-o', 'pipefail', '-c', `${cli} | head -1`]);
    assert.deepEqual([read.code, read.stderr], [0, '']);
    assert.equal(JSON.parse(read.stdout).predictions.value, 350);
    const full = await run('bash', ['-c', `${cli} > /dev/full`]);
    assert.deepEqual([full.code, full.stderr], [1, 'keras-serve: standard output: the disk is full\n']);
  });
});

describe('the line that counts', () => {
  const shown = (isTTY: boolean, total: number, counts: readonly number[]) => {
    let text = '';
    const stream = new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    });
    const line = new CountLine(Object.assign(stream, { isTTY }) as unknown as WriteStream, total, 'rows');
    for (const count of counts) line.show(count);
    line.clear();
    return text.split('\r\x1b[K');
  };

  it('says how many of several are done, on a terminal', () => {
    const part = (filled: number) => `[${'='.repeat(filled)}${' '.repeat(30 - filled)}]`;
    assert.deepEqual(shown(true, 1000, [0, 512, 1000]), [
      '',
      `${part(0)}  0 of 1000 rows`,
      `${part(15)}  512 of 1000 rows`,
      '',
    ]);
    assert.deepEqual(shown(true, 1, [0, 1]), ['']);
    assert.deepEqual(shown(false, 1000, [0, 512]), ['']);
  });
});
