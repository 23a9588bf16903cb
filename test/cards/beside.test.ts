/** What belongs to a model among the files beside it, in folders as real Keras and scikit-learn left them. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ModelCard } from '../../schemas/card.js';
import { spellOut } from '../../src/cards/inferred-card.js';
import { findModelFile } from '../../src/catalog/model-path.js';
import type { TableSpec } from '../../src/datapoints/tables/table-spec.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { bytesOfCase, pickleCases } from '../helpers/pickles.js';
import { assumed, copyOf, folders, inFolder, inferred, linesOf, warnings } from '../helpers/side-cards.js';

describe('the transformer of an input', () => {
  it('is a scaler whose numbers the input takes, and the log says by which file', async () => {
    const card = await inFolder('flowers');
    assert.deepEqual(assumed(card)['inputs.x.transform'], ['scaler.pkl', 'likely']);
    assert.deepEqual(warnings(card), []);
    assert.match(
      linesOf(card)[0]!,
      /^info inputs\.x\.transform: "scaler\.pkl", for it lies beside the model and makes the 3 numbers of a row that x takes; to change it, write serve\.json/,
    );
  });

  it('is a ColumnTransformer that makes as many numbers of other columns', async () => {
    const card = await inFolder('preprocessed');
    assert.deepEqual(assumed(card)['inputs.x.transform'], ['preprocessor.pkl', 'likely']);
  });

  it('is none of two that both fit, and the log has the line that settles it', async () => {
    const card = await inFolder('two-scalers');
    assert.deepEqual(assumed(card)['inputs.x.transform'], [null, 'guess']);
    assert.equal(card.kinds.inputs.x!.kind, 'tensor');
    assert.deepEqual(warnings(card), [
      'warn preprocessor.joblib and scaler.pkl both fit, and nothing says which is meant: none is used; set inputs.x.transform to one of them in serve.json',
    ]);
  });

  it('is none where only the name of one of two says so: a guess, which the log names', async () => {
    const card = await inFolder('two-named');
    assert.deepEqual(assumed(card)['inputs.x.transform'], [null, 'guess']);
    assert.equal(card.kinds.inputs.x!.kind, 'tensor');
    const [line, ...others] = warnings(card);
    assert.match(
      line!,
      /^warn inputs\.x\.transform may be "scaler\.pkl", for it lies beside .*a guess, which is not acted on/,
    );
    assert.match(line!, /; set inputs\.x\.transform to "scaler\.pkl" in serve\.json if it is$/);
    assert.deepEqual(others, []);
  });

  it('is the one of two that are the same', async () => {
    const path = copyOf('flowers');
    copyFileSync(join(path, 'scaler.pkl'), join(path, 'standard_scaler.pkl'));
    assert.deepEqual(assumed(await inferred(path))['inputs.x.transform'], ['scaler.pkl', 'likely']);
  });

  it('may be called after the answer where it is of several columns', async () => {
    const path = copyOf('houses', { 'y_scaler.joblib': null });
    renameSync(join(path, 'x_scaler.pkl'), join(path, 'price_scaler.pkl'));
    assert.deepEqual(assumed(await inferred(path))['inputs.x.transform'], ['price_scaler.pkl', 'likely']);
    renameSync(join(path, 'price_scaler.pkl'), join(path, 'target_scaler.pkl'));
    assert.equal(assumed(await inferred(path))['inputs.x.transform'], undefined);
  });

  it('is none of a scaler of one column more, which is named', async () => {
    const card = await inFolder('scaled-together');
    assert.equal(assumed(card)['inputs.x.transform'], undefined);
    assert.deepEqual(warnings(card), [
      'warn scaler.gz holds a StandardScaler of 4 columns, one more than the model takes: it may be for the answer as well: it is not used',
    ]);
  });

  it('is of the model that it is called like, where there are several', async () => {
    for (const name of ['apple', 'pear']) {
      const card = await inFolder(`several/${name}.h5`);
      assert.deepEqual(assumed(card)['inputs.x.transform'], [`${name}_scaler.pkl`, 'likely']);
      assert.deepEqual(
        linesOf(card).filter((line) => /several models/.test(line)),
        [
          "warn several models lie beside scaler.pkl: none that isn't called like its model is used; name what belongs to this one in serve.json",
        ],
      );
    }
  });

  it('is of both files of a model that was saved twice', async () => {
    const path = copyOf('flowers');
    copyFileSync(join(folders, 'binarized', 'model.h5'), join(path, 'model.h5'));
    for (const name of ['model.h5', 'model.keras']) {
      const card = await inferred(join(path, name));
      assert.deepEqual(assumed(card)['inputs.x.transform'], ['scaler.pkl', 'likely']);
      assert.deepEqual(warnings(card), []);
    }
  });

  it('may be the only one for two inputs that are alike: a guess, which the log names for both', async () => {
    const { folder, cases } = unpackFamily('merging');
    const path = copyOf('scaled-together');
    copyFileSync(cases.find(({ name }) => name === 'dot_vectors')!.model, join(path, 'model.keras'));
    rmSync(folder, { recursive: true });
    const card = await inferred(path);
    const inputs = ['input_layer', 'input_layer_1'];
    for (const name of inputs) assert.deepEqual(assumed(card)[`inputs.${name}.transform`], [null, 'guess']);
    const of = (name: string) =>
      `warn inputs.${name}.transform may be "scaler.gz", for it makes the 4 numbers of a row that each of 2 inputs takes: a guess, which is not acted on; set inputs.${name}.transform to "scaler.gz" in serve.json if it is`;
    assert.deepEqual(warnings(card), inputs.map(of));
  });

  it('knows its columns, and a file of the same names is no stranger', async () => {
    const { kinds } = await inFolder('churn');
    const { columns } = kinds.inputs.x!.spec as TableSpec;
    const names = columns.map(({ name }) => name);
    const card = await inferred(copyOf('churn', { 'feature_names.json': JSON.stringify(names) }));
    assert.deepEqual(warnings(card), warnings(await inFolder('churn')));
    const others = await inferred(copyOf('churn', { 'feature_names.json': JSON.stringify(['a', 'b']) }));
    assert.ok(warnings(others).some((line) => /feature_names\.json .* fits nothing of the model/.test(line)));
  });

  it('is what the card says, and no file is offered to an input that it speaks of', async () => {
    const columns = ['a', 'b', 'c'].map((name) => ({ name }));
    const card = await inFolder('flowers', { inputs: { x: { columns } } } as ModelCard);
    assert.equal(assumed(card)['inputs.x.transform'], undefined);
    assert.deepEqual(warnings(card), []);
    assert.equal(
      linesOf(card)[0],
      'info scaler.pkl holds a StandardScaler of 3 columns, which fits nothing that serve.json leaves open: it is not used',
    );
    assert.deepEqual(
      warnings(await inFolder('flowers', { inputs: { x: { transform: 'scaler.pkl' } } } as ModelCard)),
      [],
    );
  });

  it('is written by keras-serve card, and the card then says it', async () => {
    for (const name of ['flowers', 'houses', 'reviews-index', 'chat', 'columns-named']) {
      const found = await inFolder(name);
      const file = await findModelFile(join(folders, name));
      const card = spellOut(found, file);
      const again = await inferred(join(folders, name), card);
      assert.deepEqual(spellOut(again, file), card, name);
      assert.deepEqual(assumed(again), {}, name);
    }
  });

  it('stays a guess beside a card that doesn’t speak of it, until it does', async () => {
    const padded = { inputs: { x: { kind: 'sequence', padding: 'pre', value: 0 } } };
    const open = await inferred(join(folders, 'forecast'), padded as ModelCard);
    assert.deepEqual(assumed(open)['inputs.x.transform'], [null, 'guess']);
    const none = { inputs: { x: { ...padded.inputs.x, transform: null } }, outputs: { y: { transform: null } } };
    const settled = await inferred(join(folders, 'forecast'), none as ModelCard);
    assert.equal(assumed(settled)['inputs.x.transform'], undefined);
    assert.equal(assumed(settled)['outputs.y.transform'], undefined);
    assert.deepEqual(
      warnings(settled).filter((line) => line.includes('transform')),
      [],
    );
  });

  it('is none of a file that is called after something else', async () => {
    const path = copyOf('flowers', { 'scaler.pkl': null });
    copyFileSync(join(folders, 'flowers', 'scaler.pkl'), join(path, 'churn_scaler.pkl'));
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['inputs.x.transform'], [null, 'guess']);
    assert.match(warnings(card)[0]!, /"churn_scaler\.pkl", .* though "churn" in its name is nothing of the model's/);
  });
});

describe('the inverse of an output', () => {
  it('is a scaler of one number whose name says so', async () => {
    const card = assumed(await inFolder('houses'));
    assert.deepEqual(card['inputs.x.transform'], ['x_scaler.pkl', 'likely']);
    assert.deepEqual(card['outputs.y.transform'], ['y_scaler.joblib', 'likely']);
  });

  it('may be that of both ends for one column around a forecast of it: a guess, which the log names', async () => {
    const card = await inFolder('forecast');
    assert.deepEqual(assumed(card)['inputs.x.transform'], [null, 'guess']);
    assert.deepEqual(assumed(card)['outputs.y.transform'], [null, 'guess']);
    assert.deepEqual(
      warnings(card)
        .filter((line) => line.includes('transform'))
        .map((line) => /; set (.*) if it is$/.exec(line)?.[1]),
      ['inputs.x.transform to "scaler.save" in serve.json', 'outputs.y.transform to "scaler.save" in serve.json'],
    );
  });

  it('is another than that of the input where both lie there', async () => {
    const card = assumed(await inFolder('forecast-apart'));
    assert.deepEqual(card['inputs.x.transform'], ['scaler_X.pkl', 'likely']);
    assert.deepEqual(card['outputs.y.transform'], ['scaler_y.pkl', 'likely']);
  });
});

describe('the tokenizer of an input of ids', () => {
  it('is one whose ids the Embedding knows', async () => {
    for (const [name, file] of [
      ['reviews', 'tokenizer.pickle'],
      ['reviews-json', 'tokenizer.json'],
      ['reviews-index', 'word_index.pkl'],
    ] as const)
      assert.deepEqual(assumed(await inFolder(name))['inputs.x.tokenizer'], [file, 'likely'], name);
  });

  it('is none that can’t be one, and the log says why', async () => {
    const path = copyOf('reviews-index', { 'word_index.pkl': null, 'word_index.json': '{"a": 1, "b": 1, "c": 2}' });
    assert.ok(
      warnings(await inferred(path)).some((line) =>
        /^warn word_index\.json can't be used: inputs\.\w+\.tokenizer .*two words/.test(line),
      ),
    );
  });

  it('is none that knows more', async () => {
    const card = await inFolder('reviews-larger');
    assert.equal(card.kinds.inputs.x!.kind, 'sequence');
    assert.deepEqual(warnings(card), [
      'warn tokenizer.pickle holds a Tokenizer of 30 words, which fits nothing of the model: it is not used',
    ]);
  });

  it('is none of two', async () => {
    const card = await inFolder('reviews-two');
    assert.equal(card.kinds.inputs.x!.kind, 'sequence');
    assert.match(
      warnings(card)[0]!,
      /tokenizer\.pickle and tokenizer_old\.pickle both fit.*set inputs\.x\.tokenizer to one of them/,
    );
  });

  it('begins its ids as the file does, and its <START> is said to be missing', async () => {
    const index = { '<PAD>': 0, '<START>': 1, '<UNK>': 2, the: 4, film: 5, plot: 6, loved: 7 };
    const path = copyOf('reviews', { 'tokenizer.pickle': null, 'word_index.json': JSON.stringify(index) });
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['inputs.x.tokenizer'], ['word_index.json', 'guess']);
    assert.match(linesOf(card)[0]!, /no <START> is put before a text \(a guess\)/);
  });

  it('is a list of as many words as a bag has numbers, beside as many classes', async () => {
    const card = await inFolder('chat');
    assert.deepEqual(assumed(card)['inputs.x.tokenizer'], ['words.pkl', 'guess']);
    assert.deepEqual(warnings(card), []);
    const path = copyOf('chat', { 'classes.pkl': null });
    assert.equal(assumed(await inferred(path))['inputs.x.tokenizer'], undefined);
  });
});

describe('files that can’t be used', () => {
  it('are named, each in a line, and the model is served without them', async () => {
    const card = await inFolder('unreadable');
    assert.deepEqual(assumed(card), { 'outputs.y.kind': ['number', 'likely'] });
    const lines = warnings(card);
    assert.equal(lines.length, 3);
    for (const [index, pattern] of [
      /^warn broken\.pkl ends in the middle of a pickle: it is not used$/,
      /^warn forest\.pkl names sklearn\.ensemble\._forest\.RandomForestRegressor .*nothing of it was run: it is not used$/,
      /^warn packed\.pkl can't be unpacked: it ends too soon: it is not used$/,
    ].entries())
      assert.match(lines[index]!, pattern);
  });

  it('leave it a guess that numbers are taken as they are, where one is called like what prepares them', async () => {
    const scaler = readFileSync(join(folders, 'houses', 'x_scaler.pkl'));
    for (const damaged of [scaler.subarray(0, -20), 'no pickle', Buffer.from('cnowhere\nQuantileScaler\n.')]) {
      const card = await inferred(copyOf('houses', { 'x_scaler.pkl': damaged }));
      assert.deepEqual(assumed(card)['inputs.x.transform'], [null, 'guess']);
      assert.deepEqual(assumed(card)['outputs.y.transform'], ['y_scaler.joblib', 'likely']);
      assert.equal(warnings(card).length, 1);
      assert.match(warnings(card)[0]!, /^warn x_scaler\.pkl .*: it is not used$/);
      assert.ok(linesOf(card).some((line) => /x_scaler\.pkl may be it, and .* \(a guess\)/.test(line)));
    }
    const inverse = assumed(await inferred(copyOf('houses', { 'y_scaler.joblib': 'no pickle' })));
    assert.deepEqual(inverse['inputs.x.transform'], ['x_scaler.pkl', 'likely']);
    assert.deepEqual(inverse['outputs.y.transform'], [null, 'guess']);
  });

  it('say nothing of numbers where a card does, or another file prepares them', async () => {
    const path = copyOf('flowers', { 'old_scaler.pkl': 'no pickle' });
    assert.deepEqual(assumed(await inferred(path))['inputs.x.transform'], ['scaler.pkl', 'likely']);
    const none = await inferred(copyOf('houses', { 'x_scaler.pkl': 'no pickle' }), {
      inputs: { x: { transform: null } },
    } as unknown as ModelCard);
    assert.equal(assumed(none)['inputs.x.transform'], undefined);
  });

  it('are those that are too large, alone or together, and folders', async () => {
    const path = copyOf('columns', { 'large.pkl': Buffer.alloc(5 * 2 ** 20 + 1) });
    mkdirSync(join(path, 'folder.pkl'));
    const lines = warnings(await inferred(path));
    assert.deepEqual(lines, [
      'warn folder.pkl is a folder, no file: it is not used',
      'warn large.pkl is larger than 5 MB: it is not used',
    ]);
    const many = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.pkl`, Buffer.alloc(4 * 2 ** 20)]));
    const together = warnings(await inferred(copyOf('columns', many)));
    assert.match(
      together[2]!,
      /^warn c\.pkl makes more than 10 MB with the other files beside the model: it is not used$/,
    );
  });

  it('are at most 50', async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index + 100}.pkl`, 'no pickle']));
    const lines = warnings(await inferred(copyOf('columns', many)));
    assert.equal(lines.length, 51);
    assert.ok(
      lines.includes(
        // The list of columns is one of the 61, and the last.
        'warn more than 50 files lie beside the model that may be of use: 150.pkl, 151.pkl, 152.pkl, 153.pkl, 154.pkl and 6 more are not read; name what belongs to the model in serve.json',
      ),
      lines.join('\n'),
    );
  });

  it('never keep a model from being served, whatever is in them', async () => {
    const files = ['scaler.pkl', 'tokenizer.json', 'words.pkl', 'columns.json', 'metadata.json', 'data.csv', 'x.gz'];
    const pickle = fc.array(fc.constantFrom(...pickles), { minLength: 1, maxLength: 2 }).map((some) => mixed(some));
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      pickle,
      fc.json().map(Buffer.from),
      fc.string().map(Buffer.from),
    );
    const [table, texts] = [copyOf('columns'), copyOf('reviews', { 'tokenizer.pickle': null })];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(table, texts), fc.constantFrom(...files), content, async (path, file, bytes) => {
        writeFileSync(join(path, file), bytes);
        await inferred(path);
      }),
      { numRuns: 150 },
    );
  });
});

/** What real Python pickled, and two halves of such. */
const pickles = [...pickleCases.values()].flatMap((cases) => cases.map(bytesOfCase));
const mixed = ([one, other = one]: readonly Buffer[]): Buffer =>
  Buffer.concat([one!.subarray(0, Math.ceil(one!.length / 2)), other!.subarray(Math.ceil(other!.length / 2))]);
