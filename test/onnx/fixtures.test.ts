/**
 * Every fixture that real Keras made gives Keras's own answer when it is read, compiled and run, or is refused by name. Where
 * the compiler says that rows don't depend on each other, each row alone gives the same.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it, type TestContext } from 'node:test';
import { batchSizeOf, concatRows, rowsOf, sliceRows } from '../../src/inference/batch.js';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { Tensor as PlainTensor, Tensors } from '../../src/support/tensor.js';
import { sessionOf } from '../helpers/compiled-session.js';
import { as, decode, difference, type FixtureCase, families, servedType, unpackFamily } from '../helpers/fixtures.js';

/** Runs a fixture's model: on its inputs, and where rows are said to be apart on each row of them alone. */
async function predict(fixture: FixtureCase): Promise<{ outputs: PlainTensor[]; rowByRow?: PlainTensor[] }> {
  const model = compile(await readKerasModel(fixture.model, { weights: fixture.weights }));
  const session = await sessionOf(model);
  const inputs = model.inputs.map((input, index): [string, PlainTensor] => {
    const recorded = fixture.inputs.find(({ name }) => name === input.name) ?? fixture.inputs[index]!;
    return [input.name, as(decode(recorded), input.type)];
  });
  const run = (tensors: Tensors) => session.run(tensors, []);
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
  await session.close();
  return {
    outputs: model.outputs.map(({ name }) => results[name]!),
    rowByRow:
      alone.length > 0 ? model.outputs.map(({ name }) => concatRows(alone.map((one) => one[name]!))) : undefined,
  };
}

const mapValues = <A, B>(values: Readonly<Record<string, A>>, body: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, body(value)]));

/** How many cases were run on each row alone as well. */
let rowByRowCases = 0;

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
        if (rowByRow) rowByRowCases++;
        fixture.outputs.forEach((recorded, index) => {
          const expected = decode(recorded);
          const actual: Record<string, PlainTensor> = { together: outputs[index]! };
          if (rowByRow) actual['row by row'] = rowByRow[index]!;
          for (const [how, output] of Object.entries(actual)) {
            assert.equal(output.type, servedType(expected.type), `type of output ${index} ${how}`);
            const apart = difference(output, expected);
            const shapes = `${output.shape} for ${expected.shape}`;
            assert.ok(apart <= fixture.tolerance, `output ${index} is off by ${apart} of its scale ${how} (${shapes})`);
          }
        });
      });
    }
  });
}

it('most fixtures are run row by row as well', (test: TestContext) => {
  test.diagnostic(`${rowByRowCases} fixtures are run row by row`);
  if (!process.env.FIXTURES) assert.ok(rowByRowCases >= 1980, `only ${rowByRowCases}`);
});
