/** Weights in shards: each shard gives what the index says is in it, and one that can't is named. */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fingerprintOf } from '../../src/catalog/fingerprint.js';
import { ModelFolders } from '../../src/catalog/model-folders.js';
import { modelFiles, readKerasModel } from '../../src/keras/index.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { temporaryFolder, writeHdf5 } from './files.js';

const family = unpackFamily('odd-containers');
after(() => rmSync(family.folder, { recursive: true }));
const folder = temporaryFolder();
let copies = 0;

/** A copy of a case's files, to be changed. */
function copyOf(name: string) {
  const to = join(folder, `${copies++}`);
  cpSync(join(family.folder, name), to, { recursive: true });
  const file = (one: string) => join(to, one);
  return {
    folder: to,
    file,
    model: file('model.json'),
    shard: (index: number) => file(`model_0000${index}.weights.h5`),
  };
}

const names = ['model_00000.weights.h5', 'model_00001.weights.h5', 'model_00002.weights.h5'];

describe('weights in shards', () => {
  it('are the shards, beside the architecture, and files of the model', async () => {
    const { model, file } = copyOf('sharded_within_layers');
    const { graph } = await readKerasModel(model);
    assert.deepEqual(
      graph.calls.map(({ layer }) => [...layer.weights.values()].map(({ shape }) => shape)),
      [
        [[3, 4], [4]],
        [[4, 2], [2]],
      ],
    );
    const files = [model, file('model.weights.json'), ...names.map(file)];
    assert.deepEqual(await modelFiles(model), files);
    const weights = file('model.weights.json');
    assert.deepEqual(await modelFiles(model, { weights }), [...files, ...files.slice(1)]);
  });

  it('make another model of it where one of them has changed', async () => {
    const { model, shard } = copyOf('sharded_within_layers');
    const before = await fingerprintOf(model);
    assert.equal(await fingerprintOf(model), before);
    writeFileSync(shard(2), Buffer.concat([readFileSync(shard(2)), Buffer.from('x')]));
    assert.notEqual(await fingerprintOf(model), before);
  });

  it('lie in a folder that is served as one model, and are no models of their own', async () => {
    const { folder: path, model } = copyOf('sharded_within_layers');
    const { models, notices } = await new ModelFolders([path]).scan();
    assert.deepEqual([models.map((one) => one.versions[0]!.path), notices], [[model], []]);
    rmSync(model);
    await assert.rejects(new ModelFolders([path]).scan(), {
      code: 'model_not_found',
      message: /model_00000\.weights\.h5 \(a shard of weights without their model\).* Save the Keras model/,
    });
  });

  type Copy = ReturnType<typeof copyOf>;
  const refused: [what: string, change: (copy: Copy) => unknown, code: string, message: RegExp][] = [
    [
      'of which one is missing',
      ({ shard }) => rmSync(shard(1)),
      'model_not_found',
      /shard "model_00001\.weights\.h5" of the weights is missing\. .*beside "model\.weights\.json"/,
    ],
    [
      'of which one is a pointer',
      ({ shard }) => writeFileSync(shard(1), 'version https://git-lfs.github.com/spec/v1\n'),
      'model_format_unknown',
      /shard "model_00001\.weights\.h5" .*git lfs pull/,
    ],
    [
      'of which one is cut off',
      ({ shard }) => writeFileSync(shard(1), readFileSync(shard(1)).subarray(0, 700)),
      'model_damaged',
      /shard "model_00001\.weights\.h5"/,
    ],
    [
      'of which one is another model’s',
      ({ shard }) => copyFileSync(join(family.folder, 'sharded_by_layer', names[2]!), shard(2)),
      'model_damaged',
      /shard "model_00002\.weights\.h5" has no "\/layers\/dense_1\/vars", which is in it by "model\.weights\.json".*Copy/,
    ],
    [
      'of which one was saved with more in it',
      async ({ shard }) => {
        await writeHdf5(shard(2), (file) => {
          const vars = file.create_group('layers').create_group('dense_1').create_group('vars');
          vars.create_dataset({ name: '0', data: new Float32Array(8), shape: [4, 2] });
          vars.create_dataset({ name: '1', data: new Float32Array(2) });
        });
      },
      'model_damaged',
      /shard "model_00002\.weights\.h5" has "\/layers\/dense_1\/vars\/0", which is elsewhere by/,
    ],
    [
      'of which one is elsewhere',
      ({ file }) => writeFileSync(file('model.weights.json'), JSON.stringify({ weight_map: { '/vars': '../x.h5' } })),
      'model_format_unsupported',
      /"\.\.\/x\.h5", which is not beside it/,
    ],
    [
      'of somebody else’s',
      ({ file }) =>
        writeFileSync(file('model.weights.json'), JSON.stringify({ weight_map: { a: 'model-1.safetensors' } })),
      'model_format_unsupported',
      /not of Keras.*model\.save/,
    ],
  ];
  for (const [what, change, code, message] of refused) {
    it(`${what} are refused`, async () => {
      const copy = copyOf('sharded_within_layers');
      await change(copy);
      await assert.rejects(readKerasModel(copy.model), { name: 'ModelFileError', code, message });
    });
  }

  it('beside the same in one file are refused, until it is said which count', async () => {
    const { model, file } = copyOf('sharded_within_layers');
    const [weights, whole] = [file('model.weights.json'), file('model.weights.h5')];
    await writeHdf5(whole, (made) => void made.create_group('layers'));
    await assert.rejects(readKerasModel(model), {
      code: 'model_weights_missing',
      message: /model\.weights\.h5 and model\.weights\.json.*--weights/,
    });
    assert.ok((await modelFiles(model)).includes(whole));
    assert.equal((await readKerasModel(model, { weights })).graph.calls[0]!.layer.weights.size, 2);
  });

  it('given one by one are refused, with what names them all', async () => {
    for (const index of [0, 2]) {
      const { model, shard } = copyOf('sharded_within_layers');
      await assert.rejects(readKerasModel(model, { weights: shard(index) }), {
        name: 'ModelFileError',
        message: /one of several shards: give "model\.weights\.json"/,
      });
    }
  });

  it('give no more than the index says is in them', async () => {
    const { model, file } = copyOf('sharded_within_layers');
    const index = JSON.parse(readFileSync(file('model.weights.json'), 'utf8'));
    delete index.weight_map['/layers/dense_1/vars'];
    writeFileSync(file('model.weights.json'), JSON.stringify(index));
    await assert.rejects(readKerasModel(model), { code: 'model_weights_missing', message: /"second"/ });
  });

  it('without their architecture are refused', async () => {
    const { file } = copyOf('sharded_within_layers');
    for (const name of ['model.weights.json', names[0]!])
      await assert.rejects(readKerasModel(file(name)), { message: /weights without the architecture.*model\.save/ });
  });
});
