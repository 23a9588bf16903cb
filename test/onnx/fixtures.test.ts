/** Every fixture that real Keras made gives Keras's own answer when it is read, compiled and run, or is refused by name. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { Tensor as PlainTensor, TensorType } from '../../src/tensor.js';
import { as, decode, difference, type FixtureCase, families, unpackFamily } from '../helpers/fixtures.js';

async function predict(fixture: FixtureCase): Promise<PlainTensor[]> {
  const model = compile(await readKerasModel(fixture.model, { weights: fixture.weights }));
  const session = await InferenceSession.create(model.bytes.toBuffer(), {
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
  });
  const feeds = Object.fromEntries(
    model.inputs.map((input, index) => {
      const recorded = fixture.inputs.find(({ name }) => name === input.name) ?? fixture.inputs[index]!;
      const { type, data, shape } = as(decode(recorded), input.type);
      return [input.name, new Tensor(type, data as never, shape)];
    }),
  );
  const results = await session.run(feeds);
  await session.release();
  return model.outputs.map(({ name, shape }) => {
    const { type, data, dims } = results[name]!;
    assert.equal(dims.length, shape.length, `${name}: rank as declared`);
    shape.forEach((size, axis) => {
      if (size !== null) assert.equal(dims[axis], size, `${name}: axis ${axis} as declared`);
    });
    return { type: type as TensorType, data: data as PlainTensor['data'], shape: [...dims] };
  });
}

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
        const outputs = await predict(fixture);
        assert.equal(outputs.length, fixture.outputs.length, 'number of outputs');
        fixture.outputs.forEach((recorded, index) => {
          const expected = decode(recorded);
          const apart = difference(outputs[index]!, expected);
          const shapes = `${outputs[index]!.shape} for ${expected.shape}`;
          assert.ok(apart <= fixture.tolerance, `output ${index} is off by ${apart} of its scale (${shapes})`);
        });
      });
    }
  });
}
