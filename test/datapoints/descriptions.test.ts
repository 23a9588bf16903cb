import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Described, describeInputs, mostNamed, noImages } from '../../src/datapoints/describe-inputs.js';
import { exampleRequest } from '../../src/datapoints/example-request.js';
import type { ModelKinds } from '../../src/datapoints/kinds.js';
import { countOf, elementSchema, nested, replyElement, rowSchema } from '../../src/datapoints/tensor-schema.js';
import { type TensorInfo, type TensorType, tensorArrays } from '../../src/support/tensor.js';
import { tensorsOnly } from '../helpers/kinds.js';

const info = (name: string, shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({
  name,
  type,
  shape,
});
const y = [info('y', [null])];
const model = (inputs: TensorInfo[], kinds: ModelKinds['inputs'] = {}, outputs = y): Described => {
  const tensors = tensorsOnly({ inputs, outputs });
  return { inputs, outputs, kinds: { ...tensors, inputs: { ...tensors.inputs, ...kinds } } };
};
const table = { kind: 'table', spec: { columns: [{ name: 'age', offset: 40 }, { name: 'sex' }] } };
const image = { kind: 'image', spec: { size: [2, 2] } };

describe('what to send to a model', () => {
  const instances = 'Send JSON: {"instances": [...]}, where each instance is';
  const cases: Record<string, [described: Described, text: string]> = {
    'of one input': [model([info('x', [null, 6])]), `${instances} an array of 6 numbers.`],
    'of one number': [
      model([info('x', [null, 1, 1])]),
      `${instances} an array of 1 array of 1 number, or the number alone.`,
    ],
    'of one element': [model([info('x', [null])]), `${instances} a number that float32 can hold.`],
    'of any size': [model([info('x', [null, null, 2])]), `${instances} an array of arrays of 2 numbers.`],
    'of booleans': [model([info('x', [null, 2, 3], 'bool')]), `${instances} an array of 2 arrays of 3 booleans.`],
    'of a double': [model([info('x', [null], 'float64')]), `${instances} a number.`],
    'of a boolean': [model([info('x', [null], 'bool')]), `${instances} true or false.`],
    'of a byte': [model([info('x', [null], 'uint8')]), `${instances} a whole number from 0 to 255.`],
    'of an image': [
      model([info('x', [null, 2, 2, 1])], { x: image }),
      `${instances} {"b64": "<base64 of an image file>"}, the base64 alone, or an array of 2 arrays of 2 arrays of 1 number.`,
    ],
    'of a table': [
      model([info('x', [null, 2])], { x: table }),
      `${instances} an object with a number for "age", "sex".`,
    ],
    'of several inputs': [
      model([info('x', [null, 2]), info('a b', [null], 'bool')]),
      `${instances} an object with "x": an array of 2 numbers; "a b": true or false.`,
    ],
    'without rows': [
      model([info('x', [null, 2]), info('scale', [])]),
      // What an input without axes takes is an element.
      'Send JSON with a value for every input: {"x": an array of 2 numbers; "scale": a number that float32 can hold}.',
    ],
  };
  for (const [name, [described, text]] of Object.entries(cases))
    it(`is said ${name}`, () => {
      assert.equal(describeInputs(described), text);
      const takesOne = Object.values(described.kinds.inputs).some(({ kind }) => kind === 'image');
      const what = takesOne ? 'an image beside others, not alone' : 'no images';
      assert.equal(noImages(described), `This model takes ${what}. ${text}`);
    });

  it('names a hundred inputs at most', () => {
    const inputs = Array.from({ length: mostNamed + 1 }, (_, index) => info(`i${index}`, [null], 'bool'));
    assert.match(describeInputs(model(inputs.slice(1))), /"i100": true or false\.$/);
    assert.match(describeInputs(model(inputs)), /"i99": true or false; …\.$/);
  });
});

describe('the example of a model', () => {
  const cases: Record<string, [described: Described, example: unknown]> = {
    'has a value of each type': [
      model([info('f', [null]), info('i', [null, 1], 'int8'), info('b', [null, 2], 'bool')]),
      { instances: [{ f: 0.5, i: [1], b: [true, true] }] },
    ],
    'is the value alone of one input': [model([info('x', [null, 2])]), { instances: [[0.5, 0.5]] }],
    'is of a table': [model([info('x', [null, 2])], { x: table }), { instances: [{ age: 40, sex: 0.5 }] }],
    'has sixteen along an axis of any size': [
      model([info('x', [null, null], 'int32')]),
      { instances: [Array(16).fill(1)] },
    ],
    'has fewer where sixteen are too many': [
      model([info('x', [null, null, 1000], 'int32')]),
      { instances: [Array(8).fill(Array(1000).fill(1))] },
    ],
    'has one where two are too many': [
      model([info('x', [null, null, 10_000], 'int32')]),
      { instances: [[Array(10_000).fill(1)]] },
    ],
    'is undefined where one is too many': [model([info('x', [null, null, 10_001])]), undefined],
    'is undefined where inputs together are too many': [
      model([info('a', [null, 5001]), info('b', [null, 5000])]),
      undefined,
    ],
    'has whole inputs where they have no rows in common': [
      model([info('x', [null, 2], 'int8'), info('scale', [])]),
      { x: Array(16).fill([1, 1]), scale: 0.5 },
    ],
    'has one row where others can be added': [model([info('x', [3, 1])], {}, [info('y', [3])]), { instances: [[0.5]] }],
    'has all rows where they run together': [model([info('x', [3, 1])]), { instances: [[0.5], [0.5], [0.5]] }],
    'has one row where any number runs together': [
      model([info('x', [null, 1])], {}, [info('y', [3])]),
      { instances: [[0.5]] },
    ],
  };
  for (const [name, [described, example]] of Object.entries(cases))
    it(name, () => assert.deepEqual(exampleRequest(described), example));

  it('is an image file for a model that takes images', () => {
    const { image: text } = exampleRequest(model([info('x', [null, 2, 2, 1])], { x: image })) as { image: string };
    assert.match(Buffer.from(text, 'base64').toString('latin1'), /^\x89PNG/);
  });
});

describe('the schema of', () => {
  it('an element is what its type takes', () => {
    const whole = (minimum: number, maximum: number, format?: string) => ({
      type: 'integer',
      ...(format && { format }),
      minimum,
      maximum,
    });
    const [least, most] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    const float = (2 - 2 ** -24 - 2 ** -52) * 2 ** 127;
    const expected: Record<TensorType, object> = {
      float32: { type: 'number', format: 'float', minimum: -float, maximum: float },
      float64: { type: 'number', format: 'double', minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE },
      int8: whole(-128, 127),
      uint8: whole(0, 255),
      int16: whole(-32768, 32767),
      uint16: whole(0, 65535),
      int32: whole(-2147483648, 2147483647, 'int32'),
      uint32: whole(0, 4294967295),
      int64: whole(least, most, 'int64'),
      uint64: whole(0, most),
      bool: { anyOf: [{ type: 'boolean' }, whole(0, 1)] },
      string: {
        anyOf: [{ type: 'string' }, { type: 'object', required: ['b64'], properties: { b64: { type: 'string' } } }],
      },
    };
    for (const type of Object.keys(tensorArrays) as TensorType[])
      assert.deepEqual(JSON.parse(JSON.stringify(elementSchema(type))), expected[type], type);
    assert.deepEqual(JSON.parse(JSON.stringify(elementSchema('complex64' as TensorType))), { not: {} });
  });

  it('an element of a reply is null for NaN, and any integer', () => {
    const schemas: [type: TensorType, schema: object][] = [
      ['float32', { type: ['number', 'null'], format: 'float' }],
      ['float64', { type: ['number', 'null'], format: 'double' }],
      ['int64', { type: 'integer' }],
      ['uint8', { type: 'integer' }],
      ['bool', { type: 'boolean' }],
    ];
    for (const [type, schema] of schemas)
      assert.deepEqual(JSON.parse(JSON.stringify(replyElement(type))), schema, type);
  });

  it('arrays tells their sizes where these are few enough to be read', () => {
    const items = { type: 'boolean' };
    const array = (of: object, size?: number, least = size) => ({
      type: 'array',
      items: of,
      ...(least && { minItems: least }),
      ...(size && { maxItems: size }),
    });
    const cases: [sizes: (number | null)[], schema: object, tellSizes?: boolean][] = [
      [[], items],
      [[2, 3], array(array(items, 3), 2)],
      [[null, 3], array(array(items, 3), undefined, 1)],
      [[10_000], array(items, 10_000)],
      [[10_001], array(items)],
      [[10_001], array(items, 10_001), true],
      [[625, null], array(array(items, undefined, 1), 625)],
      [[626, null], array(array(items, undefined, 1))],
      [[2], array(items), false],
    ];
    for (const [sizes, schema, tellSizes] of cases)
      assert.deepEqual(JSON.parse(JSON.stringify(nested(sizes, replyElement('bool'), tellSizes))), schema, `${sizes}`);
    assert.deepEqual([countOf([2, null]), countOf([2, null], 3), countOf([])], [32, 6, 1]);
  });

  it('a row takes a number alone for an array of one', () => {
    const forms = (shape: (number | null)[]) =>
      (rowSchema(info('x', shape, 'int8')) as { anyOf?: { type: string }[] }).anyOf?.map(({ type }) => type);
    assert.deepEqual(forms([null, 1]), ['integer', 'array']);
    assert.deepEqual(forms([null, 1, 1]), ['integer', 'array']);
    for (const shape of [[null], [null, 2], [null, 1, 2], [null, null]]) assert.equal(forms(shape), undefined);
  });
});
