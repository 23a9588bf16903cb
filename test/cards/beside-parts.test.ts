/** Several objects in one pickle beside a model, and names that NumPy saved. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { spellOut } from '../../src/cards/inferred-card.js';
import { fingerprintOf } from '../../src/catalog/fingerprint.js';
import { filePart } from '../../src/support/file-part.js';
import { savedFile } from '../helpers/saved-files.js';
import { assumed, copyOf, inferred, linesOf, warnings } from '../helpers/side-cards.js';

const flowers = ['setosa', 'versicolor', 'virginica'];
/** The model of flowers, with nothing beside it but these. */
function flowersWith(...files: string[]): string {
  const path = copyOf('flowers', { 'scaler.pkl': null, 'label_encoder.pkl': null });
  for (const file of files) writeFileSync(join(path, file), savedFile(file));
  return path;
}

describe('names of classes that NumPy saved', () => {
  it('are labels by the name of their file', async () => {
    for (const array of ['unicode', 'objects', 'dict']) {
      const path = flowersWith();
      writeFileSync(join(path, 'classes.npy'), savedFile(`${array}.npy`));
      assert.deepEqual(assumed(await inferred(path))['outputs.y.labels'], [flowers, 'likely'], array);
    }
    const path = flowersWith();
    writeFileSync(join(path, 'label_encoder_classes.npy'), savedFile('encoder.npy'));
    assert.deepEqual(assumed(await inferred(path))['outputs.y.labels'], [flowers, 'likely']);
  });

  it('are nothing else', async () => {
    const path = flowersWith();
    writeFileSync(join(path, 'y_train_labels.npy'), savedFile('unicode.npy'));
    writeFileSync(join(path, 'labels.npy'), savedFile('numbers.npy'));
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['outputs.y.labels'], [null, 'guess']);
    assert.deepEqual(warnings(card), []);
    writeFileSync(join(path, 'labels.npy'), savedFile('records.npy'));
    assert.deepEqual(warnings(await inferred(path)), [
      "warn labels.npy has a header that isn't understood: it is not used",
    ]);
  });

  it('are followed', async () => {
    const path = flowersWith();
    const before = await fingerprintOf(join(path, 'model.h5'));
    writeFileSync(join(path, 'classes.npy'), savedFile('unicode.npy'));
    assert.notEqual(await fingerprintOf(join(path, 'model.h5')), before);
  });
});

describe('a dict of several objects in one pickle', () => {
  it('is each of them under its own name', async () => {
    const path = flowersWith('artifacts.pkl');
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['inputs.x.transform'], ['artifacts.pkl#scaler', 'likely']);
    assert.deepEqual(assumed(card)['inputs.x.columns'], [['age', 'income', 'score'], 'likely']);
    assert.deepEqual(assumed(card)['outputs.y.labels'], [flowers, 'likely']);
    assert.deepEqual(warnings(card), []);
    assert.ok(linesOf(card).some((line) => line.includes('the 3 of artifacts.pkl#label_encoder')));
  });

  it('may have dicts in it', async () => {
    const card = await inferred(flowersWith('nested.pkl'));
    assert.deepEqual(assumed(card)['inputs.x.transform'], ['nested.pkl#preprocessing/scaler', 'likely']);
    assert.deepEqual(assumed(card)['outputs.y.labels'], [flowers, 'likely']);
  });

  it('may have a threshold, and the classes of the answer', async () => {
    const path = copyOf('churn', { 'scaler.pkl': null });
    writeFileSync(join(path, 'binary.pkl'), savedFile('binary.pkl'));
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['outputs.y.labels'], [['stays', 'churns'], 'likely']);
    assert.deepEqual(assumed(card)['outputs.y.threshold'], [0.4, 'likely']);
    assert.ok(
      warnings(card).some((line) => line.startsWith('warn binary.pkl#scaler holds a StandardScaler of 3 columns')),
    );
  });

  it('has no labels where its encoders are of columns', async () => {
    const card = await inferred(flowersWith('encoders.pkl'));
    assert.deepEqual(assumed(card)['outputs.y.labels'], [null, 'guess']);
    assert.ok(warnings(card).some((line) => line.includes('encoders.pkl#income holds a LabelEncoder of 3 classes')));
  });

  it('is what a card can name a part of, which is what is spelled out', async () => {
    const path = flowersWith('artifacts.pkl');
    const card = await inferred(path);
    const spelled = spellOut(card, join(path, 'model.h5')) as { inputs: { x: { transform: string } } };
    assert.equal(spelled.inputs.x.transform, 'artifacts.pkl#scaler');
    const given = { inputs: { x: { transform: 'artifacts.pkl#scaler' } } } as unknown as ModelCard;
    const own = await inferred(path, given);
    assert.equal(own.kinds.inputs.x!.kind, 'table');
    assert.deepEqual(assumed(own)['outputs.y.labels'], [flowers, 'likely']);
    const wrong = { inputs: { x: { transform: 'artifacts.pkl#sclaer' } } } as unknown as ModelCard;
    await assert.rejects(
      inferred(path, wrong),
      /names artifacts\.pkl#sclaer, which has nothing that is called "sclaer"/,
    );
    rmSync(join(path, 'artifacts.pkl'));
    await assert.rejects(inferred(path, given), /names artifacts\.pkl#scaler, which isn't there/);
  });

  it('has a name that no other file has', () => {
    assert.deepEqual(filePart('a.pkl#b/c'), { file: 'a.pkl', part: 'b/c' });
    for (const file of ['a.pkl', 'a#b.pkl', 'a.pkl#', '#b']) assert.deepEqual(filePart(file), { file });
  });
});
