/**
 * Every fixture that real Keras made gives Keras's own answer when it is read, compiled and run, or is refused by name. Where
 * the compiler says that rows don't depend on each other, each row alone gives the same.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { batchSizeOf, concatRows, rowsOf, sliceRows } from '../../src/inference/batch.js';
import { InferenceSession, Tensor } from '../../src/inference/onnxruntime.js';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { Tensor as PlainTensor, Tensors, TensorType } from '../../src/tensor.js';
import { as, decode, difference, type FixtureCase, families, unpackFamily } from '../helpers/fixtures.js';

/** Runs a fixture's model: on its inputs, and where rows are said to be apart on each row of them alone. */
async function predict(fixture: FixtureCase): Promise<{ outputs: PlainTensor[]; rowByRow?: PlainTensor[] }> {
  const model = compile(await readKerasModel(fixture.model, { weights: fixture.weights }));
  const session = await InferenceSession.create(model.bytes.toBuffer(), {
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
  });
  const inputs = model.inputs.map((input, index): [string, PlainTensor] => {
    const recorded = fixture.inputs.find(({ name }) => name === input.name) ?? fixture.inputs[index]!;
    return [input.name, as(decode(recorded), input.type)];
  });
  const run = async (tensors: Tensors): Promise<Tensors> => {
    const results = await session.run(
      mapValues(tensors, ({ type, data, shape }) => new Tensor(type, data as never, shape)),
    );
    return mapValues(results, ({ type, data, dims }) => ({
      type: type as TensorType,
      data: data as PlainTensor['data'],
      shape: [...dims],
    }));
  };
  const given = Object.fromEntries(inputs);
  const results = await run(given);
  for (const { name, shape } of model.outputs) {
    const actual = results[name]!.shape;
    assert.equal(actual.length, shape.length, `${name}: rank as declared`);
    shape.forEach((size, axis) => {
      if (size !== null) assert.equal(actual[axis], size, `${name}: axis ${axis} as declared`);
    });
  }
  const rows = rowsOf(given) ?? 0;
  const alone: Tensors[] = [];
  for (let row = 0; batchSizeOf(model) === null && row < rows; row++)
    alone.push(await run(mapValues(given, (tensor) => sliceRows(tensor, row, row + 1))));
  await session.release();
  return {
    outputs: model.outputs.map(({ name }) => results[name]!),
    rowByRow:
      alone.length > 0 ? model.outputs.map(({ name }) => concatRows(alone.map((one) => one[name]!))) : undefined,
  };
}

const mapValues = <A, B>(values: Readonly<Record<string, A>>, body: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, body(value)]));

for (const family of process.env.FIXTURES?.split(',') ?? families) {
  describe(`fixtures: ${family}`, () => {
    const { folder, cases } = unpackFamily(family);
    after(() => rmSync(folder, { recursive: true }));
    for (const fixture of cases) {
      it(`${fixture.name} (${fixture.keras})`, async () => {
        if (fixture.refused) {
          const refused = fixture.refused;
          await assert.rejects(predict(fixture), (error: Error) => {
            for (const { name, class_name } of refused) {
              assert.ok(error.message.includes(name), `"${error.message}" names ${name}`);
              assert.ok(error.message.includes(class_name), `"${error.message}" names ${class_name}`);
            }
            return true;
          });
          return;
        }
        const { outputs, rowByRow } = await predict(fixture);
        assert.equal(outputs.length, fixture.outputs.length, 'number of outputs');
        fixture.outputs.forEach((recorded, index) => {
          const expected = decode(recorded);
          for (const [output, how] of [
            [outputs[index]!, ''],
            [rowByRow?.[index], ' row by row'],
          ] as const) {
            const apart = output ? difference(output, expected) : 0;
            const shapes = `${output?.shape} for ${expected.shape}`;
            assert.ok(apart <= fixture.tolerance, `output ${index} is off by ${apart} of its scale${how} (${shapes})`);
          }
        });
      });
    }
  });
}
