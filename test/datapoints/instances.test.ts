import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InstancesError, jsonOf, tensorsOf } from '../../src/datapoints/instances.js';
import {
  type Signature,
  type Tensor,
  type TensorInfo,
  type TensorType,
  tensorArrays,
} from '../../src/support/tensor.js';

const info = (name: string, shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({
  name,
  shape,
  type,
});
const takes = (...inputs: TensorInfo[]): Signature => ({ inputs, outputs: [info('y', [inputs[0]!.shape[0] ?? null])] });
const one = (shape: (number | null)[], type?: TensorType) => takes(info('x', shape, type));
const numbers = ({ data }: Tensor) => Array.from(data as ArrayLike<number | bigint>);

function refusal(json: unknown, signature: Signature): { place: string; message: string } {
  try {
    tensorsOf(json, signature);
  } catch (error) {
    assert.ok(error instanceof InstancesError, String(error));
    assert.ok(error.message.length < 500, error.message);
    return error;
  }
  throw new assert.AssertionError({ message: `${JSON.stringify(json)} was taken` });
}

describe('tensorsOf', () => {
  it('takes instances, and the list alone', () => {
    const rows = [
      [1, 2],
      [3, 4],
    ];
    for (const json of [{ instances: rows }, rows, { x: rows }, rows.map((x) => ({ x }))]) {
      const { x } = tensorsOf(json, one([null, 2]));
      assert.deepEqual(x, { type: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
    }
  });

  it('takes several inputs by name, row by row and whole', () => {
    const signature = takes(info('age', [null, 1], 'int32'), info('pixels', [null, 2, 2]));
    const rows = {
      instances: [
        {
          age: 3,
          pixels: [
            [1, 2],
            [3, 4],
          ],
        },
        {
          pixels: [
            [5, 6],
            [7, 8],
          ],
          age: [4],
        },
      ],
    };
    const whole = {
      age: [3, [4]],
      pixels: [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
    };
    for (const json of [rows, whole]) {
      const { age, pixels } = tensorsOf(json, signature);
      assert.deepEqual(age, { type: 'int32', shape: [2, 1], data: Int32Array.of(3, 4) });
      assert.deepEqual(pixels, { type: 'float32', shape: [2, 2, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
    }
  });

  it('takes scalars where a row has one element', () => {
    assert.deepEqual(tensorsOf([1, 2], one([null])).x!.shape, [2]);
    assert.deepEqual(tensorsOf([1, [2]], one([null, 1])).x!.shape, [2, 1]);
    assert.deepEqual(tensorsOf([1, [[2]]], one([null, 1, 1])).x!.shape, [2, 1, 1]);
    assert.equal(refusal([1], one([null, 2])).place, '[0]');
    assert.equal(refusal([[1]], one([null])).place, '[0]');
    assert.equal(refusal([1], one([null, null])).place, '[0]');
  });

  it('takes the size of an axis of any size from the first row, and holds the others to it', () => {
    assert.deepEqual(tensorsOf([[[1, 2]], [[3, 4]]], one([null, null, null])).x!.shape, [2, 1, 2]);
    const { place, message } = refusal({ instances: [[1, 2], [3]] }, one([null, null]));
    assert.equal(place, 'instances[1]');
    assert.equal(
      message,
      'instances[1] should be an array of 2 numbers, like those before it, but is an array of 1 element.',
    );
    assert.equal(refusal([[]], one([null, null])).place, '[0]');
  });

  it('takes a tensor without axes by its name', () => {
    const signature: Signature = { inputs: [info('x', [null, 2]), info('scale', [])], outputs: [info('y', [null])] };
    assert.deepEqual(tensorsOf({ x: [[1, 2]], scale: 3 }, signature).scale, {
      type: 'float32',
      shape: [],
      data: Float32Array.of(3),
    });
    assert.match(refusal([{ x: [1, 2], scale: 3 }], signature).message, /"scale" has no rows/);
    assert.equal(refusal({ x: [[1, 2]], scale: [3] }, signature).place, 'scale');
  });

  it('takes an input that is called instances', () => {
    assert.deepEqual(tensorsOf({ instances: [1, 2] }, takes(info('instances', [null]))).instances!.shape, [2]);
  });

  it('says that a fixed number of rows is needed where rows can not be run apart', () => {
    const signature: Signature = { inputs: [info('x', [2, 1])], outputs: [info('y', [5])] };
    assert.equal(refusal([1, 2, 3], signature).message, 'the array should have 2 rows, but has 3.');
    assert.deepEqual(tensorsOf([1, 2, 3], one([2, 1])).x!.shape, [3, 1]);
  });

  const refused: [name: string, json: unknown, signature: Signature, place: string, message: RegExp][] = [
    ['null', null, one([null, 2]), '', /should be an array or an object, but there is null/],
    ['a number', 3, one([null, 2]), '', /but there is 3/],
    ['no rows', [], one([null, 2]), '', /one element or more, but is empty/],
    ['no instances', { instances: [] }, one([null, 2]), 'instances', /instances should have one element or more/],
    ['instances of another kind', { instances: 'a' }, one([null, 2]), 'instances', /should be an array, but is "a"/],
    ['a key beside instances', { instances: [[1, 2]], n: 1 }, one([null, 2]), 'n', /not known beside instances/],
    [
      'a row that is too short',
      [[1, 2], [1]],
      one([null, 2]),
      '[1]',
      /an array of 2 numbers, but is an array of 1 element/,
    ],
    ['a row that is too long', [[1, 2, 3]], one([null, 2]), '[0]', /but is an array of 3 elements/],
    ['one row without its list', [1, 2], one([null, 2]), '[0]', /an array of 2 numbers, but is 1/],
    ['an axis too many', [[[1], [2]]], one([null, 2]), '[0][0]', /a number .*but is an array of 1 element/],
    ['a string', [[1, '2']], one([null, 2]), '[0][1]', /but is "2"/],
    ['a null', [[1, null]], one([null, 2]), '[0][1]', /but is null/],
    ['a boolean', [[true, 1]], one([null, 2]), '[0][0]', /but is true/],
    ['an object', [[{}, 1]], one([null, 2]), '[0][0]', /but is an object/],
    ['infinity', JSON.parse('[[1e999, 1]]'), one([null, 2]), '[0][0]', /but is Infinity/],
    ['more than a float32', [[1e39, 1]], one([null, 2]), '[0][0]', /float32 can hold, but is 1e\+39/],
    ['NaN', [[Number.NaN, 1]], one([null, 2]), '[0][0]', /but is NaN/],
    ['a fraction', [[1, 1.5]], one([null, 2], 'int32'), '[0][1]', /a whole number from -2147483648 to 2147483647/],
    ['a negative', [[1, -1]], one([null, 2], 'uint8'), '[0][1]', /from 0 to 255, but is -1/],
    ['a number past the type', [[1, 256]], one([null, 2], 'uint8'), '[0][1]', /from 0 to 255, but is 256/],
    ['a number past 2⁵³', [[2 ** 53]], one([null, 1], 'int64'), '[0][0]', /to 9007199254740991/],
    ['two as a boolean', [[2]], one([null, 1], 'bool'), '[0][0]', /should be true or false, but is 2/],
    ['a long string', [['a'.repeat(1e6)]], one([null, 1]), '[0][0]', /but is "a{40}…"/],
    ['the first of two wrongs', [[[1, 'a'], [1]]], one([null, 2, 2]), '[0][0][1]', /but is "a"/],
    ['an unknown input', [{ x: [1, 2], z: 1 }], one([null, 2]), '[0].z', /is no input. The inputs are "x"/],
    ['a missing input', [{ a: 1 }], takes(info('a', [null]), info('b', [null])), '[0].b', /\[0\]\.b is missing/],
    ['a row of another form', [{ x: 1 }, 2], one([null]), '[1]', /an object with the inputs "x", but is 2/],
    [
      'lists for several inputs',
      [[1], [2]],
      takes(info('a', [null]), info('b', [null])),
      '[0]',
      /an object with the inputs/,
    ],
    ['inherited names', [{}], takes(info('constructor', [null])), '[0].constructor', /missing/],
    ['an odd name', [{ 'a b': 'c' }], takes(info('a b', [null])), '[0]["a b"]', /but is "c"/],
    [
      'columns of other lengths',
      { a: [1, 2], b: [1] },
      takes(info('a', [null]), info('b', [null])),
      'b',
      /as many rows as a, which has 2, but has 1/,
    ],
    [
      'a column that is no list',
      { a: 1, b: [1] },
      takes(info('a', [null]), info('b', [null])),
      'a',
      /a should be an array of numbers, but is 1/,
    ],
    [
      'what JSON has no form for',
      [['a']],
      { inputs: [info('x', [null, 1], 'complex64' as TensorType)], outputs: [] },
      '',
      /takes complex64, which JSON can't give/,
    ],
    [
      'a number for a string',
      [['a'], [1]],
      { inputs: [info('x', [null, 1], 'string')], outputs: [] },
      '[1][0]',
      /\[1\]\[0\] should be a string, but is 1/,
    ],
  ];
  for (const [name, json, signature, place, message] of refused) {
    it(`refuses ${name}`, () => {
      const refusal_ = refusal(json, signature);
      assert.equal(refusal_.place, place);
      assert.match(refusal_.message, message);
    });
  }

  it('takes the ends of every type', () => {
    const ends: [TensorType, number, number][] = [
      ['float32', -3.4028235e38, 3.4028235e38],
      ['float64', -Number.MAX_VALUE, Number.MAX_VALUE],
      ['int8', -128, 127],
      ['uint8', 0, 255],
      ['int16', -32768, 32767],
      ['uint16', 0, 65535],
      ['int32', -(2 ** 31), 2 ** 31 - 1],
      ['uint32', 0, 2 ** 32 - 1],
      ['int64', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
      ['uint64', 0, Number.MAX_SAFE_INTEGER],
    ];
    for (const [type, least, most] of ends) {
      const { x } = tensorsOf([least, most], one([null], type));
      assert.deepEqual(numbers(x!).map(Number), type === 'float32' ? [least, most].map(Math.fround) : [least, most]);
    }
    assert.deepEqual(numbers(tensorsOf([true, false, 1, 0], one([null], 'bool')).x!), [1, 0, 1, 0]);
  });

  it('makes no room for what the first row promises and the others lack', () => {
    const before = process.memoryUsage().arrayBuffers;
    const json = [Array.from({ length: 1e6 }, () => 0), ...Array.from({ length: 1e5 }, () => 0)];
    assert.equal(refusal(json, one([null, null])).place, '[1]');
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 2 ** 20);
  });

  it('takes a deep array for what it is', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    assert.equal(refusal(deep, one([null, 1])).place, '[0][0]');
  });
});

const types: TensorType[] = ['float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'bool'];
const arbitraryTensor = fc
  .tuple(
    fc.constantFrom(...types),
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
    fc.infiniteStream(fc.nat(127)),
  )
  .map(([type, shape, stream]): Tensor => {
    const data = new tensorArrays[type](shape.reduce((a, b) => a * b, 1));
    for (let index = 0; index < data.length; index++) {
      const value = stream.next().value;
      data[index] = type === 'bool' ? value % 2 : type.startsWith('float') ? value / 7 : value;
    }
    return { type, shape, data };
  });

describe('tensorsOf and jsonOf', () => {
  it('give back any tensor, whichever of its axes the signature leaves open', () => {
    fc.assert(
      fc.property(arbitraryTensor, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (tensor, open) => {
        const shape = tensor.shape.map((size, axis) => (axis === 0 || open[axis] ? null : size));
        const signature = one(shape, tensor.type);
        const json = JSON.parse(JSON.stringify(jsonOf({ x: tensor }, { outputs: signature.inputs })));
        assert.deepEqual(tensorsOf({ instances: json }, signature).x, tensor);
      }),
    );
  });

  it('end in tensors or an InstancesError, whatever the JSON', () => {
    const signature = takes(info('x', [null, null, 2]), info('n', [null], 'int64'));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue({ maxDepth: 6 }),
          fc.array(fc.dictionary(fc.constantFrom('x', 'n', '__proto__'), fc.jsonValue())),
        ),
        (json) => {
          try {
            for (const { name } of signature.inputs) assert.ok(Object.hasOwn(tensorsOf(json, signature), name));
          } catch (error) {
            assert.ok(error instanceof InstancesError, String(error));
          }
        },
      ),
    );
  });
});

describe('jsonOf', () => {
  const float = (shape: number[], ...data: number[]): Tensor => ({
    type: 'float32',
    shape,
    data: Float32Array.from(data),
  });

  it('gives a nested array for every row', () => {
    const y = float([2, 2], 0.5, 1, 1.5, 2);
    assert.deepEqual(jsonOf({ y }, { outputs: [info('y', [null, 2])] }), [
      [0.5, 1],
      [1.5, 2],
    ]);
  });

  it('gives an object for every row of several outputs', () => {
    const outputs = {
      label: { ...float([2]), type: 'int64', data: BigInt64Array.of(7n, 8n) } as Tensor,
      ok: { type: 'bool', shape: [2, 1], data: Uint8Array.of(1, 0) } as Tensor,
    };
    assert.deepEqual(jsonOf(outputs, { outputs: [info('label', [null]), info('ok', [null, 1])] }), [
      { label: 7, ok: [true] },
      { label: 8, ok: [false] },
    ]);
  });

  it('gives whole outputs where they have no rows in common', () => {
    const outputs = { a: float([2], 1, 2), b: float([], 3) };
    assert.deepEqual(jsonOf(outputs, { outputs: [info('a', [null]), info('b', [])] }), { a: [1, 2], b: 3 });
  });

  it('gives null for what JSON lacks', () => {
    const y = float([3], Number.NaN, Number.POSITIVE_INFINITY, -1);
    assert.deepEqual(jsonOf({ y }, { outputs: [info('y', [null])] }), [null, null, -1]);
  });
});
