/** The losses with which models were compiled: as real Keras writes them, and as nobody would. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import h5wasm from 'h5wasm/node';
import { hintsOf, printable } from '../../src/inference/model-hints.js';
import { type ConfigValue, type KerasModel, readKerasModel, TensorReference } from '../../src/keras/index.js';
import { type Loss, lossesOf } from '../../src/keras/losses.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { dense, input, sequential, temporaryFolder, writeArchive } from './files.js';

const { folder, cases } = unpackFamily('training');
after(() => rmSync(folder, { recursive: true }));
const files = temporaryFolder();

describe('the loss of a model that Keras saved', () => {
  const categorical = (fromLogits: boolean) => ({ name: 'CategoricalCrossentropy', fromLogits });
  const expected: Record<string, (Loss | undefined)[]> = {
    name: [{ name: 'BinaryCrossentropy' }],
    alias: [{ name: 'MeanSquaredError' }],
    function: [{ name: 'MeanSquaredError' }],
    class: [{ name: 'BinaryCrossentropy', fromLogits: true }],
    own_function: [{ name: 'distance' }],
    own_class: [{ name: 'mine>Dice' }],
    of_all: [{ name: 'MeanAbsoluteError' }, { name: 'MeanAbsoluteError' }],
    list: [{ name: 'SparseCategoricalCrossentropy', fromLogits: false }, { name: 'Huber' }],
    list_with_none: [undefined, { name: 'LogCosh' }],
    names: [categorical(false), { name: 'Poisson' }],
    some_names: [undefined, { name: 'MeanAbsolutePercentageError' }],
    keys: [{ name: 'MeanSquaredLogarithmicError' }, categorical(true)],
  };
  for (const { name, model, weights } of cases)
    it(name, async () => {
      const form = name.replace(/_(tf_)?keras_(keras|h5|json)$/, '');
      assert.ok(Object.hasOwn(expected, form), form);
      const read = await readKerasModel(model, { weights });
      assert.deepEqual(lossesOf(read), expected[form]);
      const { outputs } = await hintsOf(read);
      assert.deepEqual(
        outputs?.map(({ loss }) => loss),
        expected[form],
      );
    });
});

/** A model of outputs `a` and `b`, which the layers `left` and `right` make. */
const model = (loss: ConfigValue | undefined): KerasModel => ({
  name: 'model',
  container: 'keras',
  kerasVersion: '3.9.0',
  className: 'Functional',
  graph: {
    inputs: [{ name: 'x', id: 'x:0', shape: [null, 2], dtype: 'float32' }],
    calls: ['left', 'right'].map((name) => ({
      layer: { name, className: 'Dense', module: '', config: {}, weights: new Map(), layers: {} },
      args: [new TensorReference('x:0')],
      kwargs: {},
      output: name,
    })),
    outputs: { b: new TensorReference('right:0'), a: new TensorReference('left:0') },
  },
  loss,
});
const lossOf = (loss: ConfigValue) => lossesOf(model(loss))[0];

describe('a loss', () => {
  it("has the name of Keras's class, however it was called", () => {
    const names: Record<string, string> = {
      mse: 'MeanSquaredError',
      MSE: 'MeanSquaredError',
      mean_squared_error: 'MeanSquaredError',
      MeanSquaredError: 'MeanSquaredError',
      mae: 'MeanAbsoluteError',
      mape: 'MeanAbsolutePercentageError',
      msle: 'MeanSquaredLogarithmicError',
      huber: 'Huber',
      huber_loss: 'Huber',
      logcosh: 'LogCosh',
      log_cosh: 'LogCosh',
      kld: 'KLDivergence',
      kl_divergence: 'KLDivergence',
      kullback_leibler_divergence: 'KLDivergence',
      bce: 'BinaryCrossentropy',
      binary_focal_crossentropy: 'BinaryFocalCrossentropy',
      sparse_categorical_crossentropy: 'SparseCategoricalCrossentropy',
      cosine_proximity: 'CosineSimilarity',
      squared_hinge: 'SquaredHinge',
      tversky: 'Tversky',
      ctc: 'CTC',
      my_loss: 'my_loss',
      constructor: 'constructor',
      '': '',
      _: '_',
    };
    for (const [name, className] of Object.entries(names)) assert.deepEqual(lossOf(name), { name: className }, name);
  });

  it('may be wrapped', () => {
    const wrapped = { class_name: 'LossFunctionWrapper', config: { fn: 'mse', from_logits: true } };
    assert.deepEqual(lossOf(wrapped), { name: 'MeanSquaredError', fromLogits: true });
    const config = { loss: { class_name: 'BinaryCrossentropy', config: { from_logits: true } } };
    assert.deepEqual(lossOf({ class_name: 'CompileLoss', config }), { name: 'BinaryCrossentropy', fromLogits: true });
    for (const nothing of [{ loss: null }, { loss: wrapped }, null])
      assert.equal(lossOf({ class_name: 'CompileLoss', config: nothing }), undefined);
  });

  it('is by key of the output, or by the layer that makes it', () => {
    const both: ConfigValue[] = [
      { a: 'mse', b: 'mae' },
      { left: 'mse', right: 'mae' },
    ];
    for (const names of both)
      assert.deepEqual(lossesOf(model(names)), [{ name: 'MeanSquaredError' }, { name: 'MeanAbsoluteError' }]);
    assert.deepEqual(lossesOf(model({ b: null, toString: 'mse' })), [undefined, undefined]);
  });

  it('is none where there is none', () => {
    const none: (ConfigValue | undefined)[] = [undefined, null, 1, true, [], [[]], {}, { class_name: 1, config: {} }];
    for (const nothing of none) assert.deepEqual(lossesOf(model(nothing)), [undefined, undefined]);
  });

  it('never makes reading fail, whatever it is, and its hints are short', async () => {
    const named = fc.oneof(
      fc.string(),
      fc.constantFrom('mse', 'CompileLoss', 'LossFunctionWrapper', 'a>b', 'x'.repeat(5000)),
    );
    const { tree } = fc.letrec<{ tree: ConfigValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(named, fc.constant(null), fc.boolean(), fc.double()),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.record({ class_name: named, config: tie('tree'), registered_name: named }, { requiredKeys: ['class_name'] }),
        fc.dictionary(fc.constantFrom('a', 'b', 'left', 'right', 'loss', 'fn', 'from_logits'), tie('tree')),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async (loss) => {
        const { outputs } = await hintsOf(model(loss));
        assert.equal(outputs?.length, 2);
        for (const one of outputs) {
          if (!one.loss) continue;
          assert.deepEqual(
            Object.keys(one.loss).filter((key) => key !== 'name' && key !== 'fromLogits'),
            [],
          );
          assert.equal(one.loss.name, printable(one.loss.name));
        }
      }),
    );
  });
});

describe('a file whose training config is', () => {
  let written = 0;

  /** The losses of an `.h5` file that Keras wrote, with another training config. */
  async function lossesWith(training: unknown, damage?: (bytes: Buffer) => void) {
    const path = join(files, `${written++}.h5`);
    copyFileSync(cases.find(({ name }) => name === 'name_keras_h5')!.model, path);
    await h5wasm.ready;
    const file = new h5wasm.File(path, 'a');
    file.delete_attribute('training_config');
    file.create_attribute('training_config', training as string);
    file.close();
    const bytes = readFileSync(path);
    damage?.(bytes);
    writeFileSync(path, bytes);
    return lossesOf(await readKerasModel(path));
  }

  it('in order is read', async () => {
    assert.deepEqual(await lossesWith('{"loss": "mae", "rate": NaN}'), [{ name: 'MeanAbsoluteError' }]);
  });

  const wrong: Record<string, unknown> = {
    'no text': 7,
    'several texts': ['{"loss": "mse"}', '{"loss": "mse"}'],
    empty: '',
    'no JSON': '{"loss": "mse"',
    'no object': '["loss"]',
    'nested without end': `{"loss": ${'['.repeat(300)}${']'.repeat(300)}}`,
    'far too long': `{"loss": "mse", "comment": "${'x'.repeat(2 ** 20)}"}`,
  };
  for (const [what, training] of Object.entries(wrong))
    it(`${what} is read without`, async () => assert.deepEqual(await lossesWith(training), [undefined]));

  it('where the file is damaged is read without', async () => {
    const text = `{"loss": "mse", "comment": "${'x'.repeat(10_000)}"}`;
    assert.deepEqual(await lossesWith(text), [{ name: 'MeanSquaredError' }]);
    const damage = (bytes: Buffer) => {
      const heap = bytes.lastIndexOf('GCOL', bytes.indexOf('"comment": "xxx'));
      assert.ok(heap > 0);
      bytes.write('????', heap);
    };
    assert.deepEqual(await lossesWith(text, damage), [undefined]);
  });

  it('in an archive is passed over where it is no object', async () => {
    for (const compile_config of [7, 'mse', ['mse'], null, { loss: 7 }]) {
      const config = { ...sequential(input([null, 2]), dense('dense', 3)), compile_config };
      const path = await writeArchive(join(files, `${written++}.keras`), config);
      assert.deepEqual(lossesOf(await readKerasModel(path)), [undefined]);
    }
  });
});
