/** What a program that installs keras-serve finds under its name: the built library, in a process of its own. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { as, decode, difference, unpackFamily } from '../helpers/fixtures.js';
import { run } from '../helpers/run.js';

const unpacked = ['models', 'refused'].map(unpackFamily);
after(() => {
  for (const { folder } of unpacked) rmSync(folder, { recursive: true });
});
const fixture = (name: string) => unpacked.flatMap(({ cases }) => cases).find((one) => one.name === name)!;

/** Runs a program that imports the library; what it gives to `print` comes back. */
async function program(body: string): Promise<unknown> {
  const code = `
    import { InferenceError, InstancesError, jsonOf, loadModel, ModelFileError, tensorsOf } from 'keras-serve';
    const print = (value) => console.log(JSON.stringify(value));
    const failure = (promise) => promise.then(() => 'none', (error) => [error.name, error.code, error.message]);
    ${body}
  `;
  const { code: ended, stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', code]);
  assert.equal(ended, 0, stderr);
  return JSON.parse(stdout);
}

describe('loadModel', () => {
  it('says what a model takes and gives, predicts what Keras does, and lets the program end', async () => {
    const { model, inputs, outputs, tolerance } = fixture('functional_several_inputs');
    const tensors = inputs.map((recorded) => ({ name: recorded.name, ...as(decode(recorded), 'float32') }));
    const json = JSON.stringify(
      tensors.map(({ data, ...rest }) => ({ ...rest, data: Array.from(data as Float32Array) })),
    );
    const answer = (await program(`
      const model = await loadModel(${JSON.stringify(model)}, { cacheFolder: null, processes: 1 });
      const tensors = ${json}.map((one, index) => {
        const { name, type } = model.inputs.find(({ name }) => name === one.name) ?? model.inputs[index];
        return [name, { type, shape: one.shape, data: { int32: Int32Array, float32: Float32Array }[type].from(one.data) }];
      });
      const { outputs, timings } = await model.predict(Object.fromEntries(tensors));
      print({
        inputs: model.inputs, outputs: model.outputs, timings,
        tensors: model.outputs.map(({ name }) => ({ ...outputs[name], data: [...outputs[name].data] })),
      });
      await model.close();
    `)) as {
      inputs: { shape: unknown[] }[];
      outputs: unknown[];
      timings: Record<string, number>;
      tensors: { type: 'float32'; shape: number[]; data: number[] }[];
    };
    assert.equal(answer.inputs.length, inputs.length);
    for (const { shape } of answer.inputs) assert.equal(shape[0], null);
    assert.ok(answer.timings.inference! >= 0);
    assert.equal(answer.tensors.length, outputs.length);
    for (const [index, { data, ...rest }] of answer.tensors.entries())
      assert.ok(difference({ ...rest, data: Float32Array.from(data) }, decode(outputs[index]!)) <= tolerance);
  });

  it('asks a model as /predict does: about an image file, values by name, and lists of them', async () => {
    const cat = JSON.stringify(join(packageRoot, 'examples', 'cat.jpg'));
    const answers = (await program(`
      import { readFileSync } from 'node:fs';
      const model = await loadModel(${JSON.stringify(bundledModel)}, { processes: 1 });
      const photo = readFileSync(${cat});
      const one = await model.ask(photo, { topK: 1 });
      const two = await model.ask([photo, photo], { topK: 1 });
      const text = await model.ask({ image: photo.toString('base64') }, { topK: 1 });
      const wrong = await failure(model.ask({ imag: '' }));
      const many = await failure(model.ask(photo, { topK: 1001 }));
      print({ one, two, text, wrong, many });
      await model.close();
    `)) as Record<string, unknown>;
    const [best] = answers.one as { label: string; probability: number }[];
    assert.equal(best!.label, 'Egyptian_cat');
    assert.deepEqual(answers.text, answers.one);
    assert.deepEqual(
      (answers.two as (typeof best)[][]).map(([first]) => first!.label),
      ['Egyptian_cat', 'Egyptian_cat'],
    );
    assert.match(String(answers.wrong), /instances_invalid/);
    assert.match(String(answers.many), /query_invalid/);
  });

  it('takes and gives JSON by tensorsOf and jsonOf', async () => {
    const answer = await program(`
      const model = await loadModel(${JSON.stringify(fixture('sequential').model)}, { cacheFolder: null, processes: 1 });
      const { outputs } = await model.predict(tensorsOf({ instances: [[1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0]] }, model));
      print([jsonOf(outputs, model), await failure((async () => tensorsOf([['a']], model))())]);
      await model.close();
    `);
    const [rows, failure] = answer as [number[][], string[]];
    assert.deepEqual([rows.length, rows[0]!.length], [2, 3]);
    assert.deepEqual(failure.slice(0, 2), ['InstancesError', 'instances_invalid']);
  });

  it('fails with an error that has a code and says what to do', async () => {
    const [missing, refused, unbuilt, invalid, array, closed] = (await program(`
      const model = await loadModel(${JSON.stringify(fixture('sequential').model)}, { cacheFolder: null, processes: 1 });
      const name = model.inputs[0].name;
      const wrong = { type: 'float32', shape: [1, 5], data: new Float32Array(5) };
      const right = { type: 'float32', shape: [1, 6], data: new Float32Array(6) };
      const failures = [
        await failure(loadModel('missing.keras')),
        await failure(loadModel(${JSON.stringify(fixture('keras_keras_all_at_once').model)}, { cacheFolder: null })),
        await failure(loadModel(${JSON.stringify(fixture('keras_keras_unbuilt').model)}, { cacheFolder: null })),
        await failure(model.predict({ [name]: wrong })),
        await failure(model.predict({ [name]: { ...right, data: new Int32Array(6) } })),
      ];
      await model.close();
      print([...failures, await failure(model.predict({ [name]: right }))]);
    `)) as [string, string, string][];
    assert.deepEqual(missing!.slice(0, 2), ['ModelFileError', 'model_not_found']);
    assert.deepEqual(refused!.slice(0, 2), ['ModelFileError', 'model_unsupported_layers']);
    for (const { name } of fixture('keras_keras_all_at_once').refused!) assert.ok(refused![2].includes(name));
    assert.deepEqual(unbuilt!.slice(0, 2), ['ModelFileError', 'model_not_built']);
    assert.deepEqual(invalid!.slice(0, 2), ['InferenceError', 'inputs_invalid']);
    assert.match(invalid![2], /should have the shape \(any, 6\), but has \(1, 5\)/);
    assert.deepEqual(array!.slice(0, 2), ['InferenceError', 'inputs_invalid']);
    assert.match(array![2], /its data should be of Float32Array/);
    assert.deepEqual(closed!.slice(0, 2), ['InferenceError', 'server_closing']);
  });
});
