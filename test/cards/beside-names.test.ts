/** Names of classes and columns in files beside a model, in folders as real Keras and scikit-learn left them. */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { fingerprintOf } from '../../src/catalog/fingerprint.js';
import { temporaryFolder } from '../helpers/folder.js';
import { assumed, copyOf, folders, inFolder, inferred, warnings } from '../helpers/side-cards.js';

describe('labels that programs saved', () => {
  it('are those of encoders by their names', async () => {
    const expected: Record<string, [file: string, labels: string[]]> = {
      flowers: ['label_encoder.pkl', ['setosa', 'versicolor', 'virginica']],
      binarized: ['lb.joblib', ['setosa', 'versicolor', 'virginica']],
      'one-hot': ['encoder.joblib', ['setosa', 'versicolor', 'virginica']],
      listed: ['class_indices.pkl', ['rose', 'tulip', 'daisy']],
      chat: ['classes.pkl', ['goodbye', 'greeting', 'thanks']],
      films: ['mlb.pkl', ['action', 'comedy', 'drama']],
    };
    for (const [name, [file, labels]] of Object.entries(expected)) {
      const card = await inFolder(name);
      const found = card.assumptions.find(({ key }) => key === 'outputs.y.labels')!;
      assert.deepEqual([found.value, found.certainty], [labels, 'likely'], name);
      assert.match(found.text!, new RegExp(`of ${file}$`));
    }
  });

  it('are found beside a card that says of the output that its numbers are as they are', async () => {
    const card = await inFolder('flowers', { outputs: { y: { transform: null } } } as ModelCard);
    assert.deepEqual(assumed(card)['outputs.y.labels'], [['setosa', 'versicolor', 'virginica'], 'likely']);
  });

  it('are a guess in a file whose name says nothing', async () => {
    const card = await inFolder('unnamed');
    assert.deepEqual(assumed(card)['outputs.y.labels'], [['rose', 'tulip', 'daisy'], 'guess']);
  });

  it('are none where two files have different ones', async () => {
    const card = await inFolder('two-lists');
    assert.deepEqual(assumed(card)['outputs.y.labels'], [null, 'guess']);
    assert.deepEqual(warnings(card), [
      'warn a.pkl and b.pkl have different names for as many classes as the model has: none is used; set labels in serve.json',
    ]);
  });

  it('are a guess where a label file says otherwise', async () => {
    const path = copyOf('flowers', { 'labels.txt': 'rose\ntulip\ndaisy\n' });
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['outputs.y.labels'], [['rose', 'tulip', 'daisy'], 'guess']);
    assert.ok(warnings(card).includes('warn label_encoder.pkl has other labels than labels.txt, which is used'));
  });

  it('are never those of a column, however many there are', async () => {
    const path = copyOf('churn');
    renameSync(join(path, 'label_encoder_gender.pkl'), join(path, 'label_encoder_city.pkl'));
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['outputs.y.labels'], [null, 'guess']);
    assert.equal(warnings(card).length, 2);
    assert.match(
      warnings(card)[0]!,
      /^warn label_encoder_city\.pkl holds a LabelEncoder of 2 classes, of a column by its name \("city"\)/,
    );
  });

  it('are a guess one folder above, where no other model lies', async () => {
    const above = temporaryFolder('above');
    const path = join(above, 'saved');
    const labelled = async () => assumed(await inferred(path))['outputs.y.labels'];
    cpSync(join(folders, 'films'), path, { recursive: true });
    rmSync(join(path, 'mlb.pkl'));
    writeFileSync(join(above, 'categories.txt'), '\ufeff0 action\r\n1 comedy\r\n2 drama\r\n');
    assert.deepEqual(await labelled(), [['action', 'comedy', 'drama'], 'guess']);
    const before = await fingerprintOf(join(path, 'model.h5'));
    writeFileSync(join(above, 'categories.txt'), 'action\ncomedy\ntragedy\n');
    assert.notEqual(await fingerprintOf(join(path, 'model.h5')), before);
    assert.deepEqual(await labelled(), [['action', 'comedy', 'tragedy'], 'guess']);
    const other = join(above, 'other');
    cpSync(join(folders, 'films'), other, { recursive: true });
    assert.deepEqual(await labelled(), [null, 'guess']);
    rmSync(other, { recursive: true });
    copyFileSync(join(path, 'model.h5'), join(above, 'another.h5'));
    assert.deepEqual(await labelled(), [null, 'guess']);
  });

  it('come with the threshold that metadata have', async () => {
    const card = await inFolder('threshold');
    assert.deepEqual(assumed(card)['outputs.y.labels'], [['ill', 'well'], 'likely']);
    assert.deepEqual(assumed(card)['outputs.y.threshold'], [0.3, 'likely']);
  });
});

describe('the names of columns', () => {
  const names = ['area', 'rooms', 'year'];
  it('are those of a list of as many', async () => {
    for (const name of ['columns', 'columns-pickled', 'columns-named'])
      assert.deepEqual(assumed(await inFolder(name))['inputs.x.columns'], [names, 'likely'], name);
  });

  it('are those of the header of a table, but for the answer', async () => {
    assert.deepEqual(assumed(await inFolder('csv'))['inputs.x.columns'], [names, 'guess']);
    assert.deepEqual(assumed(await inFolder('csv-target'))['inputs.x.columns'], [['rooms', 'year', 'price'], 'likely']);
  });

  it('are those beside the column that can be the classes, wherever it is', async () => {
    const columnsOf = async (header: string, lines: readonly string[]) =>
      assumed(await inferred(copyOf('threshold', { 'patients.csv': [header, ...lines].join('\n') })))[
        'inputs.x.columns'
      ];
    const four = 'a,b,c,d';
    assert.deepEqual(await columnsOf(`"ill (1, or 0)",${four}`, ['1,7,1,5,9', '0,6,0,4,8', '1,5,3,3,7']), [
      four.split(','),
      'guess',
    ]);
    assert.deepEqual(await columnsOf(`${four},ill`, ['7,1,5,9,1', '6,0,4,8,0', '5,3,3,7,1']), [
      four.split(','),
      'guess',
    ]);
    assert.deepEqual(await columnsOf(`${four},ill`, ['7,1,5,9,yes', '6,0,4,8,no']), [four.split(','), 'guess']);
    assert.equal(await columnsOf(`${four},ill`, ['1,1,5,9,1', '0,0,4,8,0', '1,3,3,7,1']), undefined);
    assert.equal(await columnsOf(`${four},age`, ['7,1,5,9,31', '6,0,4,8,32', '5,3,3,7,33']), undefined);
  });

  it('are never those of a log, of texts, or of two tables that differ', async () => {
    const table = (header: string, row: string) => ({ 'houses.csv': `${header}\n${row}\n` });
    for (const files of [
      table('epoch,loss,accuracy', '0,1.5,2'),
      table('name,street,town', 'Eva,High Street,Ulm'),
      table('1,2,3', '4,5,6'),
      table('area,rooms', '4,5'),
      table('area,rooms,area', '4,5,6'),
      { ...table('area,rooms,year', '4,5,6'), 'other.csv': 'area,year,rooms\n4,6,5\n' },
    ])
      assert.equal(assumed(await inferred(copyOf('csv', files)))['inputs.x.columns'], undefined, JSON.stringify(files));
  });
});
