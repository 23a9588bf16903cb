/** The TensorFlow engine behind the interface of engines: what it leaves behind, what it prepares, how it is loaded. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { buildApp } from '../../src/app.js';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { prepareKerasModel } from '../../src/inference/prepare-tensorflow.js';
import { tensorflowEngine } from '../../src/inference/tensorflow-engine.js';
import { readKerasModel } from '../../src/keras/index.js';
import { type Preparation, prepareTensor } from '../../src/support/preparation.js';
import type { Tensor, TensorInfo, Tensors } from '../../src/support/tensor.js';
import { restoreRemovedFunctions } from '../../src/tensorflow/runtime.js';
import { as, decode, difference, type FixtureCase, unpackFamily } from '../helpers/fixtures.js';
import { preparationModel } from '../helpers/preparation-model.js';
import { tensorflow } from '../helpers/tensorflow.js';

const { InferenceSession, Tensor: OrtTensor } = await import('../../src/inference/onnxruntime.js');
const { folder: fixtures, cases } = unpackFamily('containers');
const folder = mkdtempSync(join(tmpdir(), 'keras-serve-tensorflow-'));
after(() => {
  for (const path of [fixtures, folder]) rmSync(path, { recursive: true });
});

/** A fixture's model in the engine, with its inputs. */
async function loaded(fixture: FixtureCase, threads = 1, preparation?: Preparation) {
  const path = join(folder, 'model');
  const keras = await readKerasModel(fixture.model, { weights: fixture.weights });
  const { signature } = await prepareKerasModel(keras, path);
  const prepare = preparation && { [signature.inputs[0]!.name]: preparation };
  const session = await tensorflowEngine.load({ engine: 'tensorflow', path, threads, optimized: true, prepare });
  const given = signature.inputs.map((input, index): [string, Tensor] => {
    const recorded = fixture.inputs.find(({ name }) => name === input.name) ?? fixture.inputs[index]!;
    return [input.name, as(decode(recorded), input.type)];
  });
  return { session, given: Object.fromEntries(given) as Tensors };
}

const fixture = cases.find(({ name }) => name === 'keras_keras_image')!;

describe(`the TensorFlow engine: ${tensorflow.name}`, () => {
  it('leaves no tensor behind: 5,000 predictions, and a model that is closed', async () => {
    const before = tensorflow.core.memory().numTensors;
    const { session, given } = await loaded(fixture);
    const first = await session.run(given, []);
    const [name] = Object.keys(first);
    assert.ok(difference(first[name!]!, decode(fixture.outputs[0]!)) <= fixture.tolerance);
    const { numTensors, numDataBuffers } = tensorflow.core.memory();
    for (let count = 0; count < 5000; count++) await session.run(given, []);
    assert.equal(tensorflow.core.memory().numTensors, numTensors);
    assert.equal(tensorflow.core.memory().numDataBuffers, numDataBuffers);
    await session.close();
    assert.equal(tensorflow.core.memory().numTensors, before);
  });

  it('leaves no tensor behind when a run fails', async () => {
    const { session, given } = await loaded(fixture);
    const { numTensors } = tensorflow.core.memory();
    const [name, tensor] = Object.entries(given)[0]!;
    const wrong = { ...tensor, shape: [1, tensor.data.length] };
    await assert.rejects(session.run({ ...given, [name]: { ...wrong, shape: [...wrong.shape, 1] } }, []));
    assert.equal(tensorflow.core.memory().numTensors, numTensors);
    await session.close();
  });

  it('says what computes, and on WebAssembly how to get the native library', async () => {
    const { session } = await loaded(fixture);
    if (tensorflow.node) assert.match(session.notice!.message, /native library, TensorFlow \d/);
    else assert.match(`${session.notice!.message}; ${session.notice!.advice}`, /WebAssembly.*tfjs-node/);
    await session.close();
  });

  it('restores the function that Node.js has not had since version 23', () => {
    const util: { isNullOrUndefined?(value: unknown): boolean } = {};
    restoreRemovedFunctions(util);
    assert.deepEqual(
      [null, undefined, 0, ''].map((value) => util.isNullOrUndefined!(value)),
      [true, true, false, false],
    );
    const own = () => false;
    const older = { isNullOrUndefined: own };
    restoreRemovedFunctions(older);
    assert.equal(older.isNullOrUndefined, own);
  });
});

describe('pixels', () => {
  const mean = [123.675, 116.28, 103.53];
  const std = [58.395, 57.12, 57.375];
  const pixels: Tensor = {
    type: 'uint8',
    shape: [2, 3, 2, 3],
    data: Uint8Array.from({ length: 36 }, (_, index) => (index * 37) % 256),
  };
  for (const reverseChannels of [false, true])
    for (const channelsFirst of [false, true])
      it(`are prepared as for ONNX Runtime: reversed ${reverseChannels}, channels first ${channelsFirst}`, async () => {
        const preparation: Preparation = { type: 'uint8', mean, std, reverseChannels, channelsFirst };
        const shape = [null, ...(channelsFirst ? [3, 3, 2] : [3, 2, 3])];
        const input: TensorInfo = { name: 'image', type: 'float32', shape };
        const model = preparationModel(preparation, input);
        const session = await InferenceSession.create(model);
        const { prepared } = await session.run({
          raw: new OrtTensor('uint8', pixels.data as Uint8Array, pixels.shape),
        });
        await session.release();
        const own = prepareTensor(pixels, preparation, input);
        const expected: Tensor = { type: 'float32', shape: [...prepared!.dims], data: prepared!.data as Float32Array };
        assert.deepEqual(own, expected);
      });

  it('get the model’s own shape, which has no channels', async () => {
    const flat = cases.find(({ name }) => name === 'keras_keras_renamed')!;
    const preparation: Preparation = { type: 'uint8', mean: [1], std: [2], rawShape: [2, 2, 1] };
    const { session, given } = await loaded(flat, 1, preparation);
    const [{ name }] = session.inputs as [TensorInfo];
    const raw: Tensor = { type: 'uint8', shape: [2, 2, 2, 1], data: Uint8Array.of(0, 1, 2, 3, 9, 8, 7, 6) };
    const ready: Tensor = {
      type: 'float32',
      shape: [2, 4],
      data: Float32Array.of(-0.5, 0, 0.5, 1, 4, 3.5, 3, 2.5),
    };
    const prepared = await session.run({ ...given, [name]: raw }, [name]);
    assert.deepEqual(prepared, await session.run({ ...given, [name]: ready }, []));
    assert.notDeepEqual(prepared, await session.run(given, []));
    await session.close();
  });
});

describe('a served image model', () => {
  it('gives the same labels on both engines', async () => {
    const pixels = Uint8Array.from({ length: 224 * 224 * 3 }, (_, index) => (index * 7919) % 256);
    const results = [];
    for (const engine of ['onnx', 'tensorflow'] as const) {
      const model = await loadServedModel('models/efficientnet-lite0', { engine, processes: 1, cacheFolder: null });
      results.push((await model.classify(pixels, { topK: 5 })).predictions);
      await model.close();
    }
    const [onnx, other] = results;
    assert.deepEqual(
      other!.map(({ label }) => label),
      onnx!.map(({ label }) => label),
    );
    other!.forEach(({ probability }, index) => {
      assert.ok(Math.abs(probability - onnx![index]!.probability) < 1e-4);
    });
  });
});

it('is what GET /v2/models/{name} names where it runs the model', async (t) => {
  const { model, weights } = fixture;
  const app = await buildApp({ model, weights, engine: 'tensorflow', noCache: true, processes: 1 });
  t.after(() => app.close());
  await app.ready();
  const reply = await app.inject(`/v2/models/${encodeURIComponent(kerasServeOf(app).model.name)}`);
  assert.equal(reply.json().platform, 'tensorflow_savedmodel', reply.body);
});
