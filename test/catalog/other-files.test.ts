/** Files of other programs in folders of models: beside a model they harm nothing, and in the place of one they are named. */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, it } from 'node:test';
import { fingerprintOf } from '../../src/catalog/fingerprint.js';
import { ModelFolders } from '../../src/catalog/model-folders.js';
import { modelFiles } from '../../src/keras/index.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { temporaryFolder } from '../keras/files.js';

const family = unpackFamily('odd-containers');
after(() => rmSync(family.folder, { recursive: true }));
const folder = temporaryFolder();
const fileOf = (name: string) => family.cases.find((one) => one.name === name)!.model;
const others = family.cases.filter(({ layer }) => layer === 'other formats').map(({ model }) => model);

it('a model is served beside files of every other kind', async () => {
  const path = join(folder, 'mixed');
  mkdirSync(path);
  for (const file of others) copyFileSync(file, join(path, basename(file)));
  copyFileSync(fileOf('keras_zip64'), join(path, 'pets.keras'));
  cpSync(fileOf('keras_unpacked_with_assets'), join(path, 'words'), { recursive: true });
  writeFileSync(join(path, 'words', 'serve.json'), '{}');
  mkdirSync(join(path, 'a.mlpackage', 'Data'), { recursive: true });
  writeFileSync(join(path, 'a.mlpackage', 'Manifest.json'), '{}');
  const { models, notices } = await new ModelFolders([path]).scan();
  assert.deepEqual(
    models.map(({ name }) => name),
    ['pets', 'words'],
  );
  assert.match(notices.join(), /frozen\.pb \(a TensorFlow graph\)/);
  assert.match(notices.join(), /a\.mlpackage \(a Core ML model\)/);
  assert.doesNotMatch(notices.join(), /joblib|np[yz]/, 'what may be of use beside a model');
});

it('a folder of nothing else says what they are, and what to save', async () => {
  const names = ['model.tflite', 'model.joblib', 'weights.npz', 'around.zip', 'frozen.pb'];
  const path = join(folder, 'without');
  mkdirSync(path);
  for (const file of others) if (names.includes(basename(file))) copyFileSync(file, join(path, basename(file)));
  await assert.rejects(new ModelFolders([path]).scan(), (error: Error) => {
    for (const name of names) assert.ok(error.message.includes(`${name} (`), `${error.message} names ${name}`);
    assert.match(error.message, /Save the Keras model with model\.save\('model\.keras'\)/);
    return true;
  });
});

it('the vocabularies in an unpacked archive are files of the model', async () => {
  const path = join(folder, 'unpacked');
  cpSync(fileOf('keras_unpacked_with_assets'), path, { recursive: true });
  const files = await modelFiles(path);
  const vocabulary = files.find((file) => basename(file) === 'vocabulary.txt')!;
  assert.match(readFileSync(vocabulary, 'utf8'), /naïve/);
  const before = await fingerprintOf(path);
  writeFileSync(vocabulary, 'dog\ncat\nnaïve\n');
  assert.notEqual(await fingerprintOf(path), before);
});
