import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { jsonOf } from '../../src/datapoints/instances.js';
import { writePredictions } from '../../src/protocols/predict/reply.js';
import { type Tensor, type TensorInfo, type TensorType, tensorArrays } from '../../src/support/tensor.js';
import { tensorsOnly } from '../helpers/kinds.js';
import { runs } from '../helpers/runs.js';

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

type Predictions = Parameters<typeof writePredictions>[0];
const tensors = (infos: readonly TensorInfo[]): Predictions['kinds'] =>
  tensorsOnly({ inputs: [], outputs: [...infos] }).outputs;
const write = (given: Partial<Predictions> & Pick<Predictions, 'outputs' | 'infos'>) =>
  Buffer.concat(writePredictions({ topK: 5, maxSize: 2 ** 30, kinds: tensors(given.infos), ...given })).toString();

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
      runs(3),
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
    const infos: TensorInfo[] = [{ name: 'y', type: 'float32', shape: [null, 100_000] }];
    const pieces = writePredictions({ outputs: { y }, infos, kinds: tensors(infos), topK: 5, maxSize: 2 ** 30 });
    assert.ok(pieces.length > 1);
    assert.deepEqual(JSON.parse(Buffer.concat(pieces).toString()).predictions.flat(), [...data]);
  });

  it('ends where it would be larger than it may be', () => {
    const y: Tensor = { type: 'float32', shape: [4, 100_000], data: new Float32Array(400_000).fill(0.123) };
    const infos: TensorInfo[] = [{ name: 'y', type: 'float32', shape: [null, 100_000] }];
    const given = { outputs: { y }, infos };
    const { length } = write(given);
    assert.equal(write({ ...given, maxSize: length }).length, length);
    for (const maxSize of [1, length / 2, length - 1])
      assert.throws(() => write({ ...given, maxSize }), { code: 'content_too_large' });
    const names = ['ß☃', '猫'];
    const spelt = {
      outputs: Object.fromEntries(names.map((name) => [name, { ...y, shape: [1, 1], data: y.data.subarray(0, 1) }])),
      infos: names.map((name): TensorInfo => ({ name, type: 'float32', shape: [null, 1] })),
    };
    const bytes = Buffer.byteLength(write(spelt));
    assert.equal(Buffer.byteLength(write({ ...spelt, maxSize: bytes })), bytes);
    assert.throws(() => write({ ...spelt, maxSize: bytes - 1 }), { code: 'content_too_large' });
  });

  it('writes whole outputs where they have no rows in common', () => {
    const float = (shape: number[]): Tensor => ({ type: 'float32', shape, data: new Float32Array(shape[0] ?? 1) });
    const cases: [y: number[], z: number[], told: (number | null)[][], predictions: unknown][] = [
      [[2], [], [[null], []], { y: [0, 0], z: 0 }],
      [[2], [1], [[null], [1]], { y: [0, 0], z: [0] }],
      // What the signature says is in common may not be.
      [[2], [1], [[null], [null]], { y: [0, 0], z: [0] }],
      [[1], [1], [[null], [null]], [{ y: 0, z: 0 }]],
    ];
    for (const [y, z, told, expected] of cases) {
      const outputs = { y: float(y), z: float(z) };
      const infos = ['y', 'z'].map((name, index): TensorInfo => ({ name, type: 'float32', shape: told[index]! }));
      assert.deepEqual(JSON.parse(write({ outputs, infos })).predictions, expected);
    }
  });

  it('writes the labels of each row, or of the one there is', () => {
    const y: Tensor = { type: 'float32', shape: [2, 3], data: Float32Array.of(0.25, 0.5, 0.25, Number.NaN, 0, 1) };
    const predictions = {
      outputs: { y },
      infos: [{ name: 'y', type: 'float32' as const, shape: [null, 3] }],
      kinds: { y: { kind: 'classes', spec: { labels: ['a', ['n1', 'b']], count: 3, isNamed: true } } },
      topK: 3,
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
