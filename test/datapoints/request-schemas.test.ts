/** What the schema of a request says, held against what is read of it: what it forbids is never taken. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ImageInstance, ImageJson } from '../../schemas/predict.js';
import { byId } from '../../schemas/reference.js';
import type { KindCard } from '../../src/datapoints/kind.js';
import { kindsOf } from '../../src/datapoints/kinds.js';
import { modelSchemas } from '../../src/datapoints/model-schemas.js';
import { readDatapoints } from '../../src/datapoints/read-datapoints.js';
import { parseJson } from '../../src/json/parse.js';
import { KnownError } from '../../src/support/errors.js';
import type { Signature, TensorInfo, TensorType } from '../../src/support/tensor.js';
import { runs } from '../helpers/runs.js';

const info = (name: string, shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({
  name,
  shape,
  type,
});
const columns = [{ name: 'age', offset: 40, scale: 10 }, { name: 'x' }];

const models: Record<string, [inputs: TensorInfo[], cards?: Record<string, KindCard>]> = {
  'a tensor': [[info('x', [null, 2])]],
  'a tensor of one number': [[info('x', [null, 1])]],
  'a tensor of any size': [[info('x', [null, null], 'int32')]],
  'tensors without rows in common': [[info('x', [null, 2]), info('y', [])]],
  'inputs that are called as the words of requests': [[info('instances', [null, 2]), info('inputs', [null, 1])]],
  'a fixed number of rows': [[info('x', [2, 2])]],
  'an image': [[info('photo', [null, 2, 1, 3])]],
  'a table': [[info('meta', [null, 2])], { meta: { columns } }],
  'a table with a column of its own name': [[info('x', [null, 2])], { x: { columns } }],
  'an input for each column': [[info('age', [null, 1]), info('income', [null, 1])]],
  'a sequence': [[info('x', [null, 2], 'int32')], { x: { kind: 'sequence' } }],
  'an image and a table': [[info('photo', [null, 2, 1, 3]), info('meta', [null, 2])], { meta: { columns } }],
  'two tables with the same columns': [
    [info('a', [null, 2]), info('b', [null, 2])],
    { a: { columns }, b: { columns } },
  ],
};

describe('the schema of requests', () => {
  for (const [name, [inputs, cards]] of Object.entries(models)) {
    const signature: Signature = { inputs, outputs: [info('y', [inputs[0]!.shape[0]!])] };
    const { kinds } = kindsOf({ signature, hints: null }, { inputs: cards });
    const { request, example } = modelSchemas({ ...signature, kinds });
    const validator = Compile(byId(ImageJson, ImageInstance), request as TSchema);

    it(`forbids nothing that is taken: ${name}`, () => {
      assert.ok(isTaken(example, signature, kinds.inputs), 'the example');
      fc.assert(
        fc.property(requests(inputs), (json) => {
          if (!isTaken(json, signature, kinds.inputs)) return;
          assert.ok(validator.Check(json), JSON.stringify([json, [...validator.Errors(json)][0]]));
        }),
        { ...runs(10), examples: [[example]] },
      );
    });
  }
});

/** Reads JSON as the server does: what is refused is refused by an error of ours. */
function isTaken(json: unknown, signature: Signature, kinds: ReturnType<typeof kindsOf>['kinds']['inputs']): boolean {
  try {
    readDatapoints(parseJson(Buffer.from(JSON.stringify(json))), signature, kinds);
    return true;
  } catch (error) {
    assert.ok(error instanceof KnownError, String((error as Error).stack));
    return false;
  }
}

/** JSON that has something of a request: values of the forms that there are, by names that are known. */
function requests(inputs: readonly TensorInfo[]): fc.Arbitrary<unknown> {
  const scalar = fc.constantFrom<unknown>(0, 1, 0.5, -1, 300, 1e39, true, null, 'aGVsbG8=', 'blue', {
    b64: 'aGVsbG8=',
  });
  const pixels = fc.constantFrom<unknown>([[[0, 1, 2]], [[3, 4, 5]]]);
  const row = fc.oneof(scalar, fc.array(scalar, { minLength: 1, maxLength: 2 }), fc.constantFrom([0, 1], [1]), pixels);
  const keys = fc.constantFrom(
    ...inputs.map(({ name }) => name),
    ...(inputs.length === 1 ? ['image'] : []),
    'age',
    'x',
    'a.x',
    'b.age',
  );
  const byName = (value: fc.Arbitrary<unknown>) => fc.dictionary(keys, value, { minKeys: 1, maxKeys: 4 });
  const exact = (value: fc.Arbitrary<unknown>) =>
    fc.record(Object.fromEntries(inputs.map(({ name }) => [name, value])));
  const columnsOf = (value: fc.Arbitrary<unknown>) => fc.record({ age: value, x: value });
  const value = fc.oneof(row, columnsOf(fc.constantFrom<unknown>(1, true, null, 'a')));
  const datapoint = fc.oneof(value, exact(value), byName(value), columnsOf(scalar), mixed(inputs, value));
  const list = fc.array(datapoint, { minLength: 1, maxLength: 2 });
  const lists = fc.oneof(
    exact(fc.array(value, { minLength: 1, maxLength: 2 })),
    byName(fc.array(value, { minLength: 1, maxLength: 2 })),
  );
  return fc.oneof(
    datapoint,
    list,
    lists,
    list.map((instances) => ({ instances })),
    lists.map((inputs) => ({ inputs })),
  );
}

/** A datapoint with columns in the place of the last input. */
const mixed = (inputs: readonly TensorInfo[], value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.record({
    ...Object.fromEntries(inputs.slice(0, -1).map(({ name }) => [name, value])),
    age: fc.constantFrom(1, 2),
    x: fc.constantFrom(1, true),
  });
