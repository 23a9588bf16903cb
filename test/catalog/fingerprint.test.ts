/** Which files beside a model make it another one, which a server that watches loads anew. */
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fingerprintOf } from '../../src/catalog/fingerprint.js';
import { temporaryFolder } from '../helpers/folder.js';
import { doublingModel } from '../helpers/onnx-models.js';

/** A folder with a model, and whether a change of a file in it changes the model. */
function start() {
  const folder = temporaryFolder('fingerprint');
  const path = join(folder, 'model.onnx');
  renameSync(doublingModel(), path);
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  const counts = async (file: string) => {
    const before = await fingerprintOf(path);
    write(file, `${Math.random()} ${before.length}`);
    return (await fingerprintOf(path)) !== before;
  };
  return {
    write,
    counts,
    fingerprint: () => fingerprintOf(path),
    remove: (file: string) => rmSync(join(folder, file)),
  };
}

describe('a model is another one', () => {
  it('where its card, its labels, or a file that its card names is another', async () => {
    const { write, counts } = start();
    assert.ok(await counts('labels.txt'));
    assert.ok(!(await counts('words.txt')));
    write('serve.json', '{"models": {"a": {"inputs": {"x": {"tokenizer": "words.txt"}}}}}');
    assert.ok(await counts('words.txt'));
    write('serve.json', '{"outputs": {"y": {"transform": "scaler.object"}}, "description": "notes.txt"}');
    assert.ok(await counts('scaler.object'));
    assert.ok(!(await counts('notes.txt')));
    assert.ok(await counts('serve.json'));
  });

  it('where what lies beside an ONNX model is another: its weights, and what it does with strings', async () => {
    const { counts } = start();
    assert.ok(await counts('model.onnx.data'));
    assert.ok(await counts('model.onnx.strings'));
    assert.ok(!(await counts('other.onnx.data')));
  });

  it('where a pickle, a tokenizer or a table beside it is another', async () => {
    const { counts } = start();
    for (const file of ['scaler.pkl', 'y_scaler.joblib', 'scaler.save', 'tokenizer.json', 'columns.json', 'train.csv'])
      assert.ok(await counts(file), file);
    assert.ok(!(await counts('package.json')));
  });

  it('where another model comes, whose the pickle beside both may be, and where it goes', async () => {
    const { write, counts, fingerprint, remove } = start();
    write('scaler.pkl', 'of the only model');
    const alone = await fingerprint();
    write('other.onnx', '');
    assert.notEqual(await fingerprint(), alone);
    assert.ok(!(await counts('scaler.pkl')), "none's");
    assert.ok(await counts('model_scaler.pkl'), 'called like the model');
    remove('model_scaler.pkl');
    remove('other.onnx');
    assert.ok(await counts('scaler.pkl'));
  });

  it('where source code is another, and what it may use with one of several models', async () => {
    const { write, counts } = start();
    assert.ok(await counts('app.py'));
    write('labels.txt', 'cat');
    assert.ok(await counts('app.py'));
    assert.ok(!(await counts('picture.png')));
    write('other.onnx', '');
    assert.ok(await counts('scaler.pkl'));
  });
});
