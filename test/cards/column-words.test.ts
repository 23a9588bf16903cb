/** Encoders of single columns beside the scaler of a table. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { spellOut } from '../../src/cards/inferred-card.js';
import { loadModel } from '../../src/index.js';
import { savedFile } from '../helpers/saved-files.js';
import { assumed, copyOf, folders, inferred, linesOf, warnings } from '../helpers/side-cards.js';

const row = { CreditScore: 1, Age: 0.5, Geography_France: 1, Geography_Spain: 0 };
const genders = ['Female', 'Male'];
const said = [{ name: 'CreditScore' }, { name: 'Gender', categories: genders }, { name: 'Age' }];
const columns = [...said, { name: 'Geography_France' }, { name: 'Geography_Spain' }];
const cardWith = (own: unknown[]) =>
  ({ inputs: { x: { transform: 'scaler.pkl', columns: own } } }) as unknown as ModelCard;

describe('the words of a column', () => {
  it('are those of the encoder that is called like it, a guess', async () => {
    const card = await inferred(copyOf('churn'));
    assert.deepEqual(assumed(card)['inputs.x.columns'], [columns, 'guess']);
    assert.ok(
      linesOf(card).some((line) =>
        line.includes('also the words of "Gender", for label_encoder_gender.pkl is called like it (a guess)'),
      ),
    );
    assert.equal(warnings(card).length, 1);
    assert.match(warnings(card)[0]!, /^warn onehot_encoder_geo\.pkl /);
  });

  it('answer as their numbers do, which go on being taken', async () => {
    const path = copyOf('churn');
    const model = await loadModel(join(path, 'model.h5'), { cacheFolder: null, processes: 1 });
    try {
      for (const [place, gender] of genders.entries()) {
        const expected = await model.ask({ ...row, Gender: place });
        assert.deepEqual(await model.ask({ ...row, Gender: gender }), expected);
        assert.deepEqual(await model.ask({ x: [1, gender, 0.5, 1, 0] }), expected);
        assert.deepEqual(await model.ask({ x: [1, place, 0.5, 1, 0] }), expected);
      }
      assert.notDeepEqual(await model.ask({ ...row, Gender: 'Male' }), await model.ask({ ...row, Gender: 'Female' }));
      await assert.rejects(async () => model.ask({ ...row, Gender: 'male' }), /Gender should be one of .*"Female"/);
    } finally {
      await model.close();
    }
  });

  it('are those of each column where an encoder was fitted on several of a data frame', async () => {
    const path = copyOf('churn', { 'label_encoder_gender.pkl': null, 'onehot_encoder_geo.pkl': null });
    writeFileSync(join(path, 'ordinal_encoder.pkl'), savedFile('ordinal.pkl'));
    const card = await inferred(path);
    const own = [...columns.slice(0, 4), { name: 'Geography_Spain', categories: ['no', 'yes'] }];
    assert.deepEqual(assumed(card)['inputs.x.transform'], ['scaler.pkl', 'likely']);
    assert.deepEqual(assumed(card)['inputs.x.columns'], [own, 'guess']);
    assert.deepEqual(warnings(card), []);
    assert.ok(
      linesOf(card).some((line) =>
        line.includes('also the words of "Gender" and "Geography_Spain", for ordinal_encoder.pkl was fitted on them'),
      ),
    );
    const model = await loadModel(join(path, 'model.h5'), { cacheFolder: null, processes: 1 });
    try {
      const expected = await model.ask({ ...row, Gender: 1, Geography_Spain: 0 });
      assert.deepEqual(await model.ask({ ...row, Gender: 'Male', Geography_Spain: 'no' }), expected);
      await assert.rejects(
        async () => model.ask({ ...row, Gender: 'yes' }),
        /Gender should be one of "Female", "Male"/,
      );
    } finally {
      await model.close();
    }
  });

  it('are none of an encoder of several columns whose names nobody knows, or whose numbers are no places', async () => {
    for (const [file, columnsAre] of [
      ['ordinal-array.pkl', undefined],
      ['ordinal-missing.pkl', columns],
      ['ordinal-gender.pkl', columns],
    ] as const) {
      const path = copyOf('churn', { 'label_encoder_gender.pkl': null, 'onehot_encoder_geo.pkl': null });
      writeFileSync(join(path, 'ordinal_encoder_gender.pkl'), savedFile(file));
      assert.deepEqual(assumed(await inferred(path))['inputs.x.columns']?.[0], columnsAre, file);
    }
  });

  it('are none where two encoders have the same column', async () => {
    const path = copyOf('churn');
    writeFileSync(join(path, 'ordinal_encoder.pkl'), savedFile('ordinal.pkl'));
    const [value] = assumed(await inferred(path))['inputs.x.columns']!;
    assert.deepEqual(
      (value as { categories?: unknown }[]).map(({ categories }) => categories !== undefined),
      [...[false, false, false, false], true],
    );
  });

  it('come from a dict of encoders, too', async () => {
    const path = copyOf('houses', {});
    writeFileSync(join(path, 'encoders.pkl'), savedFile('encoders.pkl'));
    writeFileSync(join(path, 'columns.json'), JSON.stringify(['area', 'income', 'score']));
    const [value, certainty] = assumed(await inferred(path))['inputs.x.columns']!;
    assert.equal(certainty, 'guess');
    assert.deepEqual(value, [
      { name: 'area' },
      { name: 'income', categories: ['high', 'low', 'middle'] },
      { name: 'score', categories: ['a', 'b'] },
    ]);
  });

  it('are none of an encoder that is called otherwise, or where two are called so', async () => {
    const path = copyOf('churn');
    writeFileSync(join(path, 'le_gender.pkl'), savedFile('genders.pkl'));
    assert.equal(assumed(await inferred(path))['inputs.x.columns'], undefined);
    const other = copyOf('churn');
    renameSync(join(other, 'label_encoder_gender.pkl'), join(other, 'label_encoder_sex.pkl'));
    assert.equal(assumed(await inferred(other))['inputs.x.columns'], undefined);
  });

  it('are what a card says of a column beside a transformer, and what is spelled out', async () => {
    const path = copyOf('churn');
    const { inputs } = spellOut(await inferred(path), join(path, 'model.h5')) as unknown as {
      inputs: { x: { transform: string; columns: unknown } };
    };
    assert.deepEqual([inputs.x.transform, inputs.x.columns], ['scaler.pkl', columns]);
    const card = await inferred(path, cardWith(columns));
    assert.deepEqual((card.kinds.inputs.x!.spec as { columns: unknown[] }).columns[1], {
      name: 'Gender',
      categories: ['Female', 'Male', 0, 1],
    });
    const refused = (own: unknown[], message: RegExp) => assert.rejects(inferred(path, cardWith(own)), message);
    const gender = (categories: unknown[]) =>
      columns.map((one) => (one.name === 'Gender' ? { ...one, categories } : one));
    await refused(gender(['1', '0']), /categories of "Gender" have "0" twice, if the numbers of their places count/);
    await refused(gender(['a', 'a']), /categories of "Gender" have "a" twice/);
    await refused(
      columns.map((one) => ({ ...one, scale: 2 })),
      /scale can't stand beside "transform"/,
    );
  });
});

describe('an encoder of several columns', () => {
  const clothes = (file: string) => {
    const path = copyOf('flowers', { 'scaler.pkl': null });
    writeFileSync(join(path, 'encoder.pkl'), savedFile(file));
    return path;
  };
  const columnsOf = (card: Awaited<ReturnType<typeof inferred>>) =>
    (card.kinds.inputs.x!.spec as { columns: { name: string; categories?: unknown }[] }).columns.map(
      ({ name, categories }) => [name, categories],
    );

  it('makes the numbers of a row: each column has its own categories and name', async () => {
    const sizes = ['L', 'M', 'S'];
    const colors = ['blue', 'red'];
    for (const [file, said] of [
      [
        'one-hot.pkl',
        [
          ['size', sizes],
          ['color', colors],
        ],
      ],
      [
        'one-hot-array.pkl',
        [
          ['x0', sizes],
          ['x1', colors],
        ],
      ],
      [
        'ordinal-three.pkl',
        [
          ['size', sizes],
          ['color', colors],
          ['age', ['new', 'old']],
        ],
      ],
    ] as const) {
      const card = await inferred(clothes(file));
      assert.deepEqual(assumed(card)['inputs.x.transform'], ['encoder.pkl', 'likely'], file);
      assert.deepEqual(columnsOf(card), said, file);
      assert.deepEqual(warnings(card), []);
    }
  });

  it('is not what is done to rows beside a scaler of as many numbers', async () => {
    const path = clothes('ordinal-three.pkl');
    writeFileSync(join(path, 'scaler.pkl'), readFileSync(join(folders, 'flowers', 'scaler.pkl')));
    assert.deepEqual(assumed(await inferred(path))['inputs.x.transform'], ['scaler.pkl', 'likely']);
  });
});
