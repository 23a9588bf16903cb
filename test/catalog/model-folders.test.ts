import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { ModelFolders } from '../../src/catalog/model-folders.js';
import { asModelName } from '../../src/support/model-name.js';
import { card, folderWith, found } from '../helpers/found-models.js';

describe('the models in a folder', () => {
  const cases: Record<string, { files: string[]; models: string[] }> = {
    'one model file is one model, named by its file': { files: ['pets.keras'], models: ['pets: pets.keras'] },
    'weights are no model': { files: ['pets.keras', 'a.weights.h5'], models: ['pets: pets.keras'] },
    'model.json is one model with its weights': {
      files: ['pets/model.json', 'pets/model.h5', 'pets/group1-shard1of1.bin', 'x.keras', 'y.keras'],
      models: ['pets: pets/model.json', 'x: x.keras', 'y: y.keras'],
    },
    'folders beside the only model file are no models': {
      files: ['pets.keras', 'checkpoints/last.keras', '1/model.keras'],
      models: ['pets: pets.keras'],
    },
    'unless they have a card or versions': {
      files: ['pets.keras', 'checkpoints/last.keras', 'houses/model.h5', 'houses/serve.json', 'dogs/2/model.h5'],
      models: ['dogs 2: dogs/2/model.h5', 'houses: houses/model.h5', 'pets: pets.keras'],
    },
    'several files are several models, as are folders with one': {
      files: ['b.keras', 'a.onnx', 'Pets/model.keras', 'horses/best.h5', 'empty/readme.txt', 'notes.txt'],
      models: ['a: a.onnx', 'b: b.keras', 'horses: horses/best.h5', 'Pets: Pets/model.keras'],
    },
    'an unpacked archive and a SavedModel are models by their folders': {
      files: ['a/config.json', 'a/model.weights.h5', 'b/saved_model.pb', 'b/variables/variables.index'],
      models: ['a: a', 'b: b'],
    },
    'numbered folders are versions, the newest first': {
      files: ['pets/1/model.keras', 'pets/12/model.keras', 'pets/3/best.h5', 'pets/4/readme.txt', 'pets/x/m.keras'],
      models: ['pets 12: pets/12/model.keras', 'pets 3: pets/3/best.h5', 'pets 1: pets/1/model.keras'],
    },
    'beside models with names, numbered folders are models': {
      files: ['pets/model.keras', '7/model.keras'],
      models: ['7: 7/model.keras', 'pets: pets/model.keras'],
    },
    'what is hidden is left alone': { files: ['.old.keras', '.git/x.keras', 'a.keras'], models: ['a: a.keras'] },
    'names become what addresses can have': {
      files: ['Größe & Gewicht.keras', '%2e%2e.keras', 'über/model.keras', '模型/model.keras', '-x.keras'],
      models: [
        '2e-2e: %2e%2e.keras',
        'Größe-Gewicht: Größe & Gewicht.keras',
        'über: über/model.keras',
        'x: -x.keras',
        '模型: 模型/model.keras',
      ],
    },
    'names in any script are themselves': {
      files: ['猫.keras', '狗.keras', 'हिन्दी.keras', '١٢.keras'],
      models: ['हिन्दी: हिन्दी.keras', '١٢: ١٢.keras', '狗: 狗.keras', '猫: 猫.keras'],
    },
    'of one name in two formats the newer is served': {
      files: ['model.h5', 'model.keras', 'a/pets.hdf5', 'a/pets.onnx', 'a/pets.H5', 'a/serve.json'],
      models: ['a: a/pets.H5', 'FOLDER: model.keras'],
    },
    'capital endings are endings': { files: ['A.KERAS', 'b.H5'], models: ['A: A.KERAS', 'b: b.H5'] },
    'a folder that is a model is called as its file would be': {
      files: [
        'x.keras/config.json',
        'x.keras/model.weights.h5',
        'kaggle/model.keras/config.json',
        'kaggle/model.keras/model.weights.h5',
      ],
      models: ['kaggle: kaggle/model.keras', 'x: x.keras'],
    },
    'the only model may lie three folders down': {
      files: ['a/b/pets/model.keras', 'a/readme.txt', 'c/notes.txt'],
      models: ['pets: a/b/pets/model.keras'],
    },
    'and so may that of a folder beside other models': {
      files: ['a.keras', 'b.keras', 'pets/out/best.keras', 'two/x/a.keras', 'two/y/b.keras', 'deep/1/2/3/a.keras'],
      models: ['a: a.keras', 'b: b.keras', 'pets: pets/out/best.keras'],
    },
    'but not in other people’s folders': {
      files: [
        'a/model.keras',
        'node_modules/x/y/model.json',
        'venv/pyvenv.cfg',
        'venv/lib/keras/vgg.h5',
        'a/../conda/conda-meta/history',
        'conda/share/x.keras',
        'b/.cache/model.keras',
      ],
      models: ['a: a/model.keras'],
    },
  };
  for (const [name, { files, models }] of Object.entries(cases)) {
    it(name, async (t) => {
      const folder = folderWith(t, Object.fromEntries(files.map((file) => [file, ''])));
      const own = asModelName(basename(folder));
      const expected = models.map((model) => model.replace('FOLDER', own));
      assert.deepEqual((await found(folder)).sort(), expected.sort());
    });
  }

  it('a folder of numbered folders alone is one model, named by its folder', async (t) => {
    const folder = folderWith(t, { '1/model.keras': '', '2/model.keras': '', 'readme.txt': '' });
    const name = asModelName(basename(folder));
    assert.deepEqual(await found(folder), [`${name} 2: 2/model.keras`, `${name} 1: 1/model.keras`]);
  });

  it('serves the newest ten versions and says so', async (t) => {
    const versions = Array.from({ length: 12 }, (_, index) => [`pets/${index}/model.keras`, '']);
    const { models, notices } = await new ModelFolders([folderWith(t, Object.fromEntries(versions))]).scan();
    assert.deepEqual(
      models[0]!.versions.map(({ version }) => version),
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2],
    );
    assert.match(notices.join(), /the newest 10 are served/);
  });

  it('takes names from cards: of the folder, or of the folder with the versions', async (t) => {
    const folder = folderWith(t, {
      'a/model.keras': '',
      'a/serve.json': card('pets'),
      'b/1/model.keras': '',
      'b/serve.json': card('houses'),
      'c/1/model.keras': '',
      'c/2/model.keras': '',
      'c/1/serve.json': card('old'),
      'c/2/serve.json': card('new'),
      'd/model.keras': '',
      'd/serve.json': JSON.stringify({ name: '../../etc' }),
      'e/model.keras': '',
      'e/serve.json': '{',
    });
    const { models } = await new ModelFolders([folder]).scan();
    assert.deepEqual(
      models.map(({ name }) => name),
      ['d', 'e', 'houses', 'new', 'pets'],
    );
    assert.equal(models[2]!.versions[0]!.cardFolder, join(folder, 'b'));
  });

  it('leaves out a folder with several model files, and says so; with a card it is for the loader to refuse', async (t) => {
    const folder = folderWith(t, {
      'a/1.keras': '',
      'a/2.keras': '',
      'b/x.keras': '',
      'b/y.h5': '',
      'b/serve.json': '',
    });
    const { models, notices } = await new ModelFolders([folder]).scan();
    assert.deepEqual(
      models.map(({ path }) => path),
      [join(folder, 'b')],
    );
    assert.match(notices.join(), /a" has several model files/);
  });

  it('takes several paths, each once', async (t) => {
    const folder = folderWith(t, { 'a.keras': '', 'more/b.keras': '', 'more/c.keras': '' });
    const file = join(folder, 'a.keras');
    const { models } = await new ModelFolders([
      file,
      join(folder, 'more'),
      join(folder, 'more', '..', 'a.keras'),
    ]).scan();
    assert.deepEqual(
      models.map(({ name }) => name),
      ['a', 'b', 'c'],
    );
  });

  it('follows symbolic links, which may lead in circles', async (t) => {
    const folder = folderWith(t, { 'real/model.keras': '', 'models/a.keras': '', 'models/b.keras': '' });
    symlinkSync(join(folder, 'real'), join(folder, 'models', 'pets'));
    symlinkSync(join(folder, 'models'), join(folder, 'models', 'self'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'models', 'nowhere'));
    const { models } = await new ModelFolders([join(folder, 'models')]).scan();
    assert.deepEqual(
      models.map(({ name }) => name),
      ['a', 'b', 'pets'],
    );
  });

  const refused: Record<string, { files: Record<string, string>; message: RegExp }> = {
    'two models of one name': {
      files: { 'pets.keras': '', 'pets/model.keras': '', 'a.keras': '' },
      message: /two models called pets: \S+\/pets\.keras and \S+\/pets\/model\.keras/,
    },
    'two models under one card with a name': {
      files: { 'a.keras': '', 'b.keras': '', 'serve.json': card('pets') },
      message: /called pets: \S+\/a\.keras and \S+\/b\.keras/,
    },
    'two folders of one version': {
      files: { 'pets/1/model.keras': '', 'pets/01/model.keras': '' },
      message: /two versions 1 of a model: \S+\/pets\/0?1\/model\.keras and/,
    },
    'a folder without models': {
      files: { 'readme.txt': '', 'a/b/c/d/model.keras': '' },
      message: /has no model file/,
    },
    'a folder with several models further down': {
      files: { 'a/b/x.keras': '', 'a/b/y.keras': '' },
      message: /has no model file\. Further down there are a\/b\/x\.keras, a\/b\/y\.keras\./,
    },
    'a folder of weights alone, and says so': {
      files: { 'pets.weights.h5': '', 'old.tflite': '', 'Serve.json': '' },
      message:
        /has no model file\. Passed over: Serve\.json \(.+\), old\.tflite \(a TensorFlow Lite model\), pets\.weights\.h5 \(weights without their model\)\./,
    },
    'a folder with far too much in it': {
      files: Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`${index}.txt`, ''])),
      message: /more than 10000 entries/,
    },
    'more models than anybody has': {
      files: Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`${index}.keras`, ''])),
      message: /more than 500 models/,
    },
  };
  for (const [name, { files, message }] of Object.entries(refused)) {
    it(`refuses ${name}`, async (t) => {
      await assert.rejects(found(folderWith(t, files)), message);
    });
  }

  it('refuses a path that is not there', async () => {
    await assert.rejects(new ModelFolders(['/nowhere/at/all']).scan(), { code: 'model_not_found' });
  });
});
