import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { jsonOf } from '../../src/catalog/instances.js';
import { writePredictions } from '../../src/catalog/reply-text.js';
import { type Tensor, type TensorInfo, type TensorType, tensorArrays } from '../../src/tensor.js';

const types = Object.keys(tensorArrays) as TensorType[];

/** Tensors with the same number of rows, as outputs with odd names. */
const arbitraryOutputs = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.uniqueArray(fc.oneof(fc.string(), fc.constantFrom('a"b', 'ß☃', '__proto__x')), { minLength: 1, maxLength: 3 }),
    fc.infiniteStream(fc.record({ type: fc.constantFrom(...types), rest: fc.array(fc.nat(3), { maxLength: 3 }) })),
    fc.infiniteStream(fc.oneof(fc.double(), fc.float(), fc.integer())),
  )
  .map(([rows, names, kinds, values]) =>
    names
      .filter((name) => name !== '__proto__')
      .map((name): [string, Tensor] => {
        const { type, rest } = kinds.next().value as { type: TensorType; rest: number[] };
        const shape = [rows, ...rest];
        const data = new tensorArrays[type](shape.reduce((a, b) => a * b, 1));
        for (let index = 0; index < data.length; index++) {
          const value = values.next().value;
          if (data instanceof BigInt64Array || data instanceof BigUint64Array)
            data[index] = BigInt(Math.trunc(Math.abs(Number.isFinite(value) ? value % 2 ** 53 : 1)));
          else data[index] = type === 'bool' ? Number(value > 0) : value;
        }
        return [name, { type, shape, data }];
      }),
  )
  .filter((outputs) => outputs.length > 0);

const infosOf = (outputs: [string, Tensor][]): TensorInfo[] =>
  outputs.map(([name, { type, shape }]) => ({ name, type, shape: [null, ...shape.slice(1)] }));

const write = (predictions: Parameters<typeof writePredictions>[0]) =>
  Buffer.concat(writePredictions(predictions)).toString();

describe('writePredictions', () => {
  it('writes as JSON what jsonOf gives', () => {
    fc.assert(
      fc.property(arbitraryOutputs, (list) => {
        const infos = infosOf(list);
        const outputs = Object.fromEntries(list);
        const expected = JSON.parse(
          JSON.stringify({ predictions: jsonOf(outputs, { outputs: infos }), success: true }),
        );
        assert.deepEqual(JSON.parse(write({ outputs, infos })), expected);
      }),
      { numRuns: 300 },
    );
  });

  it('writes integers with all their digits', () => {
    const y: Tensor = { type: 'int64', shape: [2], data: BigInt64Array.of(2n ** 63n - 1n, -(2n ** 53n) - 1n) };
    assert.equal(
      write({ outputs: { y }, infos: [{ name: 'y', type: 'int64', shape: [null] }] }),
      '{"predictions":[9223372036854775807,-9007199254740993],"success":true}',
    );
  });

  it('writes large outputs in pieces', () => {
    const data = Float32Array.from({ length: 400_000 }, (_, index) => index / 7);
    const y: Tensor = { type: 'float32', shape: [4, 100_000], data };
    const pieces = writePredictions({
      outputs: { y },
      infos: [{ name: 'y', type: 'float32', shape: [null, 100_000] }],
    });
    assert.ok(pieces.length > 1);
    assert.deepEqual(JSON.parse(Buffer.concat(pieces).toString()).predictions.flat(), [...data]);
  });

  it('writes the labels of each row, or of the one there is', () => {
    const y: Tensor = { type: 'float32', shape: [2, 3], data: Float32Array.of(0.25, 0.5, 0.25, Number.NaN, 0, 1) };
    const predictions = {
      outputs: { y },
      infos: [{ name: 'y', type: 'float32' as const, shape: [null, 3] }],
      classes: { labels: ['a', ['n1', 'b'] as const], topK: 3 },
    };
    const [first, second] = JSON.parse(write(predictions)).predictions;
    assert.deepEqual(first, [
      { label: 'b', probability: 0.5 },
      { label: 'a', probability: 0.25 },
      { label: '2', probability: 0.25 },
    ]);
    assert.deepEqual(second, [
      { label: '2', probability: 1 },
      { label: 'b', probability: 0 },
      { label: 'a', probability: null },
    ]);
    const outputs = { y: { ...y, shape: [1, 3], data: y.data.subarray(0, 3) } };
    assert.deepEqual(JSON.parse(write({ ...predictions, outputs, single: true })).predictions, first);
  });
});
