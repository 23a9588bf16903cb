/** The TensorFlow engine behind the interface of engines: what it leaves behind, what it scales, how it is loaded. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { prepareKerasModel } from '../../src/inference/prepare-tensorflow.js';
import { scalePixels } from '../../src/inference/scale-pixels.js';
import { tensorflowEngine } from '../../src/inference/tensorflow-engine.js';
import { readKerasModel } from '../../src/keras/index.js';
import { imageScalingModel } from '../../src/onnx/image-scaling.js';
import type { Tensor, Tensors } from '../../src/tensor.js';
import { restoreRemovedFunctions } from '../../src/tensorflow/runtime.js';
import { as, decode, difference, type FixtureCase, unpackFamily } from '../helpers/fixtures.js';
import { tensorflow } from '../helpers/tensorflow.js';

const { InferenceSession, Tensor: OrtTensor } = await import('../../src/inference/onnxruntime.js');
const { folder: fixtures, cases } = unpackFamily('containers');
const folder = mkdtempSync(join(tmpdir(), 'keras-serve-tensorflow-'));
after(() => {
  for (const path of [fixtures, folder]) rmSync(path, { recursive: true });
});

/** A fixture's model in the engine, with its inputs. */
async function loaded(fixture: FixtureCase, threads = 1) {
  const path = join(folder, 'model');
  const keras = await readKerasModel(fixture.model, { weights: fixture.weights });
  const { signature } = await prepareKerasModel(keras, path);
  const session = await tensorflowEngine.load({ engine: 'tensorflow', path, threads, optimized: true });
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
    const first = await session.run(given, false);
    const [name] = Object.keys(first);
    assert.ok(difference(first[name!]!, decode(fixture.outputs[0]!)) <= fixture.tolerance);
    const { numTensors, numDataBuffers } = tensorflow.core.memory();
    for (let count = 0; count < 5000; count++) await session.run(given, false);
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
    await assert.rejects(session.run({ ...given, [name]: { ...wrong, shape: [...wrong.shape, 1] } }, false));
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
      it(`are scaled as for ONNX Runtime: reversed ${reverseChannels}, channels first ${channelsFirst}`, async () => {
        const model = imageScalingModel({ mean, std, reverseChannels }, channelsFirst, 'float32');
        const session = await InferenceSession.create(model);
        const { scaled } = await session.run({
          pixels: new OrtTensor('uint8', pixels.data as Uint8Array, pixels.shape),
        });
        await session.release();
        const own = scalePixels(pixels, { mean, std, reverseChannels, channelsFirst }, 'float32');
        const expected: Tensor = { type: 'float32', shape: [...scaled!.dims], data: scaled!.data as Float32Array };
        assert.ok(difference(own, expected) < 1e-6);
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
