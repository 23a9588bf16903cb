/** Names of classes that stand in source code alone. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { SourceLabels } from '../../src/cards/source-labels.js';
import { literalsIn } from '../../src/cards/source-literals.js';
import { temporaryFolder } from '../helpers/folder.js';
import { notesOnSource, sourceLabelsIn } from '../helpers/source-labels.js';

const all = (source: string) => [...literalsIn(source)];

describe('literals of texts in source code', () => {
  it('are lists, tuples and objects of Python and JavaScript that are called something', () => {
    const read: [source: string, name: string, texts: string[]][] = [
      [`classes = ['cat', "dog"]`, 'classes', ['cat', 'dog']],
      [`CLASSES: list[str] = [\n  'cat',  # a cat\n  "dog",\n]`, 'CLASSES', ['cat', 'dog']],
      [`const names: string[] = ['cat', // a cat\n \`dog\`];`, 'names', ['cat', 'dog']],
      [`actions = np.array(['A','B'])`, 'actions', ['A', 'B']],
      [`x = {'labels': ('a', 'b')}`, 'labels', ['a', 'b']],
      [`labels = {0: 'cat', 1 : "dog"}`, 'labels', ['cat', 'dog']],
      [`labels = {1: 'dog', 0: 'cat',}`, 'labels', ['cat', 'dog']],
      [`labels = {'cat': 0, 'dog': 1}`, 'labels', ['cat', 'dog']],
      [`const labels = {"0": "cat", "1": "dog"}`, 'labels', ['cat', 'dog']],
      [`labels = ['it\\'s', "caf\\u00e9", '\\x41']`, 'labels', ["it's", 'café', 'A']],
      [`labels = [u'한국', '日本']`, 'labels', ['한국', '日本']],
    ];
    for (const [source, name, texts] of read) assert.deepEqual(all(source), [{ name, texts }], source);
  });

  it('are what texts of a column are made numbers by', () => {
    for (const source of [
      `df["label"].map({"ham": 0, "spam": 1})`,
      `df['y'] = df['label'].replace({'spam': 1, 'ham': 0})`,
      `df.label.map({'ham': 0, 'spam': 1})`,
    ])
      assert.deepEqual(all(source), [{ name: 'label', texts: ['ham', 'spam'], isEncoding: true }], source);
    for (const source of [
      `df["label"].map({0: 'ham', 2: 'spam'})`,
      `label(map({'ham': 0, 'spam': 1}))`,
      `# df.label.map({'ham': 0, 'spam': 1})`,
    ])
      assert.deepEqual(all(source), [], source);
  });

  it('are nothing else', () => {
    for (const source of [
      `print(['a', 'b'])`,
      `labels = ['a', other]`,
      `labels = ['a' 'b']`,
      `labels = ['a', 1]`,
      `labels = [f'{a}', 'b']`,
      `labels = [\`\${a}\`, "b"]`,
      `labels = {0: 'a', 2: 'b'}`,
      `labels = {'a': 'b'}`,
      `labels = ['a', 'b'`,
      `labels = ['a\nb']`,
      `if labels == ['a', 'b']`,
      `labels = ['a', 'b'] + ['c']`,
      `labels = ['a', 'b'][::-1]`,
      `const labels = ['b', 'a'].sort()`,
      `# labels = ['a', 'b']`,
      `// labels = ['a', 'b']`,
      `labels = ['\\U0001F600', 'b']`,
      `labels = ['\\N{SNOWMAN}', 'b']`,
      `labels = ['a\\0', 'b']`,
    ])
      assert.deepEqual(all(source), [], source);
  });

  it('are read of any text, in no more than a moment', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}()\'"`,:=\\\n#/0ab ') }), (source) => {
        all(source);
      }),
    );
    for (const hard of [
      "a=['",
      '["',
      "a={'0':",
      '(',
      'a=[#',
      "a=['x'#",
      "a=['x' ",
      'a=["\\"',
      "a=['x',\n",
      "a=[ 'x',#",
      `${' '.repeat(118)}["a`,
    ])
      assert.deepEqual(all(hard.repeat(1_000_000 / hard.length)).length, 0, hard);
  });
});

describe('labels in source code', () => {
  const find = async (files: Record<string, string>, classes: number) => {
    const folder = temporaryFolder('source-labels');
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    const { labels, where } = ((await sourceLabelsIn(folder, classes)) ?? {}) as SourceLabels;
    return labels && { labels, where };
  };
  const code = (list: string[], name = 'class_names') => `${name} = ${JSON.stringify(list)}\n`;
  const animals = ['cat', 'dog', 'mug'];

  it('are the one list of as many texts as there are classes', async () => {
    const source = `metrics=['accuracy', 'loss', 'auc']\n${code(['a', 'b'])}${code(animals)}`;
    assert.deepEqual(await find({ 'app.py': source }, 3), { labels: animals, where: 'class_names in app.py' });
    assert.equal(await find({ 'app.py': source }, 4), undefined);
    assert.equal(await find({ 'app.txt': source }, 3), undefined);
  });

  it('are there twice where they are the same, and not at all where they differ', async () => {
    assert.deepEqual(
      (await find({ 'a.py': code(animals), 'b.js': `const labels = ${JSON.stringify(animals)}` }, 3))?.labels,
      animals,
    );
    assert.equal(await find({ 'a.py': code(animals), 'b.py': code(['cat', 'mug', 'dog']) }, 3), undefined);
  });

  it('are rather those in a list whose name speaks of classes', async () => {
    const others = code(['x', 'y', 'z'], 'stuff');
    assert.deepEqual((await find({ 'a.py': others + code(animals) }, 3))?.labels, animals);
    assert.deepEqual((await find({ 'a.py': others }, 3))?.labels, ['x', 'y', 'z']);
    assert.equal(await find({ 'a.py': code(['x', 'y'], 'stuff') }, 2), undefined);
    assert.equal(await find({ 'a.py': code(animals, 'feature_columns') }, 3), undefined);
  });

  it('are what a column of classes is made numbers by, where nothing but sentences is said of them', async () => {
    const encoding = (column: string) => `df["y"] = df["${column}"].map({"no": 0, "yes": 1, "maybe": 2})\n`;
    assert.deepEqual((await find({ 'a.py': encoding('label') }, 3))?.labels, ['no', 'yes', 'maybe']);
    assert.equal(await find({ 'a.py': encoding('married') }, 3), undefined);
    assert.deepEqual((await find({ 'a.py': encoding('label') + code(animals) }, 3))?.labels, animals);
  });

  it('are those of the code of a notebook, not of what it printed', async () => {
    const cells = [
      {
        cell_type: 'code',
        source: [`labels = ['cat',\n`, `'dog', 'mug']`],
        outputs: [{ text: code(['x', 'y', 'z']) }],
      },
      { cell_type: 'markdown', source: code(['p', 'q', 'r']) },
    ];
    assert.deepEqual((await find({ 'train.ipynb': JSON.stringify({ cells }) }, 3))?.labels, animals);
    for (const broken of ['{', '{"cells": 5}', '{"cells": [null]}', '[]'])
      assert.equal(await find({ 'train.ipynb': broken }, 3), undefined);
  });

  it('are no texts that can’t be labels', async () => {
    for (const list of [
      ['a', '', 'c'],
      ['a', 'b\u0007', 'c'],
      ['a', 'b', 'x'.repeat(300)],
      ['a', 'a', 'a'],
    ])
      assert.equal(await find({ 'a.py': code(list) }, 3), undefined);
  });

  it('are not looked for in folders, however they are called', async () => {
    const folder = temporaryFolder('source-labels');
    mkdirSync(join(folder, 'app.py'));
    assert.equal(await sourceLabelsIn(folder, 3), undefined);
  });

  it('are not read of files that are too large, or too many, which the log says', async () => {
    const large = temporaryFolder('source-labels');
    writeFileSync(join(large, 'app.py'), code(animals));
    writeFileSync(join(large, 'data.js'), Buffer.alloc(5 * 2 ** 20 + 1, ' '));
    assert.deepEqual(await notesOnSource(large), ['data.js is larger than 5 MB: what its code says is not used']);
    assert.deepEqual(((await sourceLabelsIn(large, 3)) as SourceLabels).labels, animals);
    for (const name of ['one.js', 'two.js']) writeFileSync(join(large, name), Buffer.alloc(4.5 * 2 ** 20, ' '));
    assert.deepEqual((await notesOnSource(large)).slice(1), [
      'the folder of the model has more than 8 MB of source code: none of its code is read',
    ]);
    assert.equal(await sourceLabelsIn(large, 3), undefined);
    const many = temporaryFolder('source-labels');
    for (let index = 0; index < 51; index++) writeFileSync(join(many, `${index}.py`), code(animals));
    assert.deepEqual(await notesOnSource(many), [
      'the folder of the model has 51 files of source code, more than 50: none of its code is read',
    ]);
    assert.equal(await sourceLabelsIn(many, 3), undefined);
    mkdirSync(join(many, 'x.py'));
    assert.match((await notesOnSource(many))[0]!, /has 52 files/);
  });

  it('are not read of folders, which the log says', async () => {
    const folder = temporaryFolder('source-labels');
    mkdirSync(join(folder, 'app.py'));
    assert.deepEqual(await notesOnSource(folder), ['app.py is a folder, no file: what its code says is not used']);
  });
});
