import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { ModelFileError, readKerasModel } from '../../src/keras/index.js';
import type { Tensor } from '../../src/support/tensor.js';
import { buildLayersModel } from '../../src/tensorflow/layers-model.js';
import { planLayers } from '../../src/tensorflow/layers-plan.js';
import { prepareLayersModel } from '../../src/tensorflow/prepare-layers.js';
import { runTensors } from '../../src/tensorflow/runnable.js';
import type { TensorFlow } from '../../src/tensorflow/runtime.js';
import type { LayersModelFile } from '../../src/tensorflow/stored-model.js';
import { as, decode, difference, type FixtureCase, families, unpackFamily } from '../helpers/fixtures.js';

/** Builds and runs a fixture's model in TensorFlow.js. */
async function predict(tensorflow: TensorFlow, fixture: FixtureCase): Promise<Tensor[]> {
  const keras = await readKerasModel(fixture.model, { weights: fixture.weights });
  const { model, weights } = await prepareLayersModel(tensorflow, keras, planLayers(keras));
  const runnable = buildLayersModel(tensorflow, model as LayersModelFile, weights);
  const { inputs, outputs } = model.signature;
  const given = inputs.map((input, index): [string, Tensor] => {
    const recorded = fixture.inputs.find(({ name }) => name === input.name) ?? fixture.inputs[index]!;
    return [input.name, as(decode(recorded), input.type)];
  });
  try {
    const results = await runTensors(tensorflow, runnable, model.signature, Object.fromEntries(given));
    return outputs.map(({ name }) => results[name]!);
  } finally {
    runnable.dispose();
  }
}

/** Whether a model is refused by name, rather than wrong. */
const isRefusal = (error: unknown): boolean =>
  (error instanceof ModelFileError && error.code === 'model_unsupported_layers') ||
  // Numbers that no int32 holds are refused when they come.
  (error instanceof RangeError && /beyond int32/.test(error.message));

/** Fixtures that a backend answers otherwise than Keras, as docs/tensorflow.md says: its kernels lose NaN in a maximum. */
const known: Record<string, readonly string[]> = { WebAssembly: ['special_pooling'] };

/**
 * Runs every fixture that TensorFlow.js can express, and says how many these are. What ONNX Runtime makes of the same fixtures
 * is compared with the same answers of Keras in test/onnx/fixtures.test.ts.
 * @param least how many there are at least
 */
export function testLayers(tensorflow: TensorFlow, least: number): void {
  const wanted = process.env.FIXTURES?.split(',') ?? families;
  const counts = { run: 0, refused: 0 };
  describe(`Keras files as layers of TensorFlow.js: ${tensorflow.name}`, () => {
    for (const family of wanted) {
      it(family, async (test: TestContext) => {
        const { folder, cases } = unpackFamily(family);
        test.after(() => rmSync(folder, { recursive: true }));
        const wrong: string[] = [];
        let run = 0;
        const others = known[tensorflow.name] ?? [];
        const expressible = cases.filter(({ name, refused }) => !refused && !others.includes(name));
        for (const fixture of expressible) {
          try {
            const outputs = await predict(tensorflow, fixture);
            run++;
            const apart = fixture.outputs.map((recorded, index) => difference(outputs[index]!, decode(recorded)));
            if (!apart.every((one) => one <= fixture.tolerance)) wrong.push(`${fixture.name} is off by ${apart}`);
          } catch (error) {
            if (!isRefusal(error)) wrong.push(`${fixture.name}: ${error}`);
          }
        }
        counts.run += run;
        counts.refused += expressible.length - run;
        test.diagnostic(`${family}: ${run} of ${expressible.length} run on ${tensorflow.name}`);
        assert.deepEqual(wrong, []);
      });
    }
    it('most fixtures of built-in layers are among them', (test: TestContext) => {
      test.diagnostic(`${counts.run} fixtures run on ${tensorflow.name}, ${counts.refused} are refused by name`);
      if (!process.env.FIXTURES) assert.ok(counts.run >= least, `${counts.run} of at least ${least}`);
    });
  });
}
