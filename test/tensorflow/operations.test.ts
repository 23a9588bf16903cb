/** Models of TensorFlow's operations, as real TensorFlow and its converter wrote them, served like any other. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type LoadOptions, loadServedModel } from '../../src/catalog/served-model.js';
import { ModelFileError } from '../../src/keras/index.js';
import type { Tensors } from '../../src/support/tensor.js';
import { readSavedSignature } from '../../src/tensorflow/saved-model-file.js';
import { as, decode, difference, type FixtureCase, unpack } from '../helpers/fixtures.js';
import { withoutNative } from '../helpers/tensorflow.js';

type OperationsCase = FixtureCase & { signature?: string };

const archive = (name: string) => new URL(`../fixtures/tensorflow/${name}.zip`, import.meta.url);
const saved = unpack(archive('saved-models'), 'saved-models');
const unrestored = unpack(archive('unrestored'), 'unrestored');
const graphs = unpack(archive('graph-models'), 'graph-models');
after(() => {
  for (const { folder } of [saved, unrestored, graphs]) rmSync(folder, { recursive: true });
});

const caseOf = ({ cases }: typeof saved, name: string): OperationsCase => cases.find((one) => one.name === name)!;
const options: LoadOptions = { processes: 1, cacheFolder: null };

/** Serves a case's model and compares its answers with those that were recorded. */
async function checkAnswers(fixture: OperationsCase, more: LoadOptions = {}): Promise<void> {
  const model = await loadServedModel(fixture.model, { ...options, signature: fixture.signature, ...more });
  try {
    const given: Tensors = {};
    model.inputs.forEach((input, index) => {
      const recorded = fixture.inputs.find(({ name }) => name === input.name) ?? fixture.inputs[index]!;
      given[input.name] = as(decode(recorded), input.type);
    });
    const { outputs } = await model.predict(given);
    assert.equal(Object.keys(outputs).length, fixture.outputs.length);
    fixture.outputs.forEach((recorded) => {
      const name = recorded.name in outputs ? recorded.name : model.outputs[0]!.name;
      assert.ok(difference(outputs[name]!, decode(recorded)) <= 1e-5, `${name}: ${outputs[name]!.data}`);
    });
  } finally {
    await model.close();
  }
}

const refuses = (code: ModelFileError['code'], message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ModelFileError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

const copyOf = async (folder: string, name: string): Promise<string> => {
  await cp(folder, join(saved.folder, name), { recursive: true });
  return join(saved.folder, name);
};

describe('a SavedModel', () => {
  it('that Keras 3 exported gives its answers', { skip: withoutNative }, () => checkAnswers(caseOf(saved, 'exported')));

  for (const name of ['several', 'integers'])
    it(`with several signatures serves one of them: ${name}`, { skip: withoutNative }, () =>
      checkAnswers(caseOf(saved, name)),
    );

  it('says what its signatures take and give', async () => {
    const { inputs, outputs } = await readSavedSignature(caseOf(saved, 'integers').model, 'integers');
    assert.deepEqual(inputs, [
      { name: 'big', type: 'int64', shape: [null, 2] },
      { name: 'flag', type: 'bool', shape: [null, 2] },
      { name: 'small', type: 'uint8', shape: [null, 2] },
    ]);
    assert.deepEqual(
      outputs.map(({ name, type }) => [name, type]),
      [
        ['chosen', 'int32'],
        ['total', 'int64'],
      ],
    );
  });

  const refusals: [name: string, signature: string | undefined, code: ModelFileError['code'], message: RegExp][] = [
    ['several', undefined, 'model_signature_unknown', /"integers", "project".*--signature/],
    ['several', 'other', 'model_signature_unknown', /no signature "other".*"project"/],
    ['writing', undefined, 'model_format_unsupported', /"WriteFile".*files/],
    ['text', undefined, 'model_format_unsupported', /"text".*string.*casts/],
  ];
  for (const [name, signature, code, message] of refusals)
    it(`is refused by name: ${name}, ${signature ?? 'any signature'}`, async () => {
      const { model } = caseOf(saved, name);
      await assert.rejects(loadServedModel(model, { ...options, signature }), refuses(code, message));
      assert.ok(!existsSync('/tmp/keras-serve-was-here'));
    });

  it('without a shard of its variables says which is missing', async () => {
    const folder = await copyOf(caseOf(saved, 'exported').model, 'no-shard');
    rmSync(join(folder, 'variables', 'variables.data-00000-of-00001'));
    await assert.rejects(
      loadServedModel(folder, options),
      refuses('model_weights_missing', /variables\.data-00000-of-00001/),
    );
  });

  it('with a shard that is cut off is damaged', { skip: withoutNative }, async () => {
    const folder = await copyOf(caseOf(saved, 'exported').model, 'short-shard');
    truncateSync(join(folder, 'variables', 'variables.data-00000-of-00001'), 100);
    await assert.rejects(loadServedModel(folder, options), refuses('model_damaged', /SavedModel/));
  });

  it('whose signature has no variables is refused, not served', { skip: withoutNative }, () =>
    assert.rejects(
      loadServedModel(caseOf(unrestored, 'unrestored').model, options),
      refuses('model_weights_missing', /tf\.saved_model\.save\(\).*model\.export\(folder\)/),
    ),
  );

  it('that is cut off is damaged', async () => {
    const folder = await copyOf(caseOf(saved, 'exported').model, 'cut');
    truncateSync(join(folder, 'saved_model.pb'), 20_000);
    await assert.rejects(loadServedModel(folder, options), refuses('model_damaged', /Export it again/));
  });

  it('without the native library says how to get it', async () => {
    process.env.KERAS_SERVE_TENSORFLOW_BACKEND = 'wasm';
    try {
      await assert.rejects(
        loadServedModel(caseOf(saved, 'exported').model, options),
        refuses('model_engine_missing', /native library.*tfjs-node.*model\.keras/s),
      );
    } finally {
      delete process.env.KERAS_SERVE_TENSORFLOW_BACKEND;
    }
  });

  it('is refused to ONNX Runtime with what to do', () =>
    assert.rejects(
      loadServedModel(caseOf(saved, 'exported').model, { ...options, engine: 'onnx' }),
      refuses('model_format_unsupported', /--engine tensorflow/),
    ));
});

describe('a graph model of TensorFlow.js', () => {
  const { model: path } = caseOf(graphs, 'image');
  const changed = async (name: string, change: (folder: string) => void): Promise<string> => {
    const folder = await copyOf(dirname(path), name);
    change(folder);
    return join(folder, 'model.json');
  };
  const rewrite = (folder: string, change: (text: string) => string) => {
    const file = join(folder, 'model.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };

  for (const name of ['image', 'loop']) {
    it(`gives the answers of what it was converted from: ${name}`, () => checkAnswers(caseOf(graphs, name)));
    it(`gives them on WebAssembly: ${name}`, async () => {
      process.env.KERAS_SERVE_TENSORFLOW_BACKEND = 'wasm';
      try {
        await checkAnswers(caseOf(graphs, name));
      } finally {
        delete process.env.KERAS_SERVE_TENSORFLOW_BACKEND;
      }
    });
  }

  it('without a shard says which is missing', async () => {
    const file = await changed('graph-no-shard', (folder) => rmSync(join(folder, 'group1-shard2of2.bin')));
    await assert.rejects(loadServedModel(file, options), refuses('model_weights_missing', /group1-shard2of2\.bin/));
  });

  it('with a shard of the wrong size says how many bytes there should be', async () => {
    const file = await changed('graph-short', (folder) => truncateSync(join(folder, 'group1-shard2of2.bin'), 100));
    await assert.rejects(loadServedModel(file, options), refuses('model_damaged', /hold 612 bytes.* need 672/));
  });

  it('with an operation that TensorFlow.js does not know names it', async () => {
    const file = await changed('graph-unknown', (folder) =>
      rewrite(folder, (text) =>
        text.replace('"op":"Softmax"', '"op":"Xoftmax"').replace('"op": "Softmax"', '"op": "Xoftmax"'),
      ),
    );
    await assert.rejects(loadServedModel(file, options), refuses('model_unsupported_layers', /"Xoftmax"/));
  });

  it('reads no file outside of its folder', async () => {
    const file = await changed('graph-outside', (folder) =>
      rewrite(folder, (text) => text.replace('group1-shard1of2.bin', '../image/model/group1-shard1of2.bin')),
    );
    await assert.rejects(loadServedModel(file, options), refuses('model_format_unsupported', /not beside it/));
  });
});
