/** How inputs are described to people and programs: in words, as a schema, and by an example. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KindCard } from '../../src/datapoints/kind.js';
import { inputKind, kindsOf } from '../../src/datapoints/kinds.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

const most = 3.4028235677973362e38;
const float = { type: 'number', format: 'float', minimum: -most, maximum: most };
/** A number of a column, for which true and false count as 1 and 0. */
const cell = { ...float, type: ['number', 'boolean'] };
const list = (items: object, minItems: number, maxItems?: number) => ({
  type: 'array',
  items,
  minItems,
  ...(maxItems !== undefined && { maxItems }),
});
const tuple = (...prefixItems: object[]) => ({
  type: 'array',
  prefixItems,
  minItems: prefixItems.length,
  maxItems: prefixItems.length,
});
const row = (properties: Record<string, object>, required = Object.keys(properties)) => ({
  type: 'object',
  ...(required.length > 0 && { required }),
  properties,
  additionalProperties: false,
});
const [a, b] = [{ name: 'a' }, { name: 'b' }];
const two = { anyOf: [row({ a: cell, b: cell }), list(cell, 2, 2)] };
const tokenizer = { word_index: { one: 1, two: 2, three: 3, four: 4, five: 5, six: 6 } };

describe('an input', () => {
  const describedAs = (
    shape: (number | null)[],
    type: TensorType,
    card: KindCard | undefined,
    feeds: string[] = [],
  ) => {
    const input: TensorInfo = { name: 'x', type, shape: [null, ...shape] };
    const signature = { inputs: [input], outputs: [] };
    const { kinds } = kindsOf({ signature, hints: { inputs: [{ feeds }] } }, { inputs: card && { x: card } });
    const { kind, spec } = kinds.inputs.x!;
    const { text, schema, example, byColumn } = inputKind(kind).describe(input, spec);
    return { text, schema: schema as object, example: example(2), byColumn: byColumn as object | undefined };
  };

  type Case = [
    shape: (number | null)[],
    type: TensorType,
    card: KindCard | undefined,
    text: string,
    example: unknown,
    schema: object,
    feeds?: string[],
  ];
  const bytes = { type: ['integer', 'boolean'], minimum: 0, maximum: 255 };
  const withOffset = {
    anyOf: [
      { type: 'integer', minimum: 1, maximum: 256 },
      { type: 'boolean', const: true },
    ],
  };
  const over = {
    anyOf: [
      { type: 'number', format: 'float', exclusiveMinimum: 0, maximum: Number.MAX_VALUE },
      { type: 'boolean', const: true },
    ],
  };
  const categories = { enum: ['x', 1, true, '1', 'true'] };
  const missing = { ...bytes, type: ['integer', 'boolean', 'null'] };
  const counts = { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
  const cases: Record<string, Case> = {
    'a column': [
      [1],
      'float32',
      { columns: [a] },
      'an object with a number for "a"',
      { a: 0.5 },
      { anyOf: [row({ a: cell }), list(cell, 1, 1), cell] },
    ],
    'columns of bytes': [
      [3],
      'uint8',
      { columns: [a, { ...b, offset: 1 }, { name: 'c', missing: 3 }] },
      'an object with a number for "a", "b", "c"',
      { a: 1, b: 1, c: 3 },
      {
        anyOf: [row({ a: bytes, b: withOffset, c: missing }, ['a', 'b']), tuple(bytes, withOffset, missing)],
      },
    ],
    'categories, and numbers that have a logarithm': [
      [2],
      'float32',
      {
        columns: [
          { ...a, categories: ['x', 1, true] },
          { ...b, transform: 'log' },
        ],
      },
      'an object with a value for "a", "b"',
      { a: 'x', b: 0.5 },
      { anyOf: [row({ a: categories, b: over }), tuple(categories, over)] },
    ],
    'what is absent as a category': [
      [1],
      'float32',
      { columns: [{ ...a, categories: ['x', 'y'], missing: 'y' }] },
      'an object with a value for "a"',
      { a: 'x' },
      {
        anyOf: [
          row({ a: { enum: ['x', 'y', null] } }, []),
          list({ enum: ['x', 'y', null] }, 1, 1),
          { enum: ['x', 'y', null] },
        ],
      },
    ],
    'rows over time': [
      [4, 2],
      'float32',
      { columns: [a, b] },
      'an array of 4 rows, the oldest first, each an object with a number for "a", "b"',
      Array(4).fill({ a: 0.5, b: 0.5 }),
      list(two, 4, 4),
    ],
    'rows over any time': [
      [null, 2],
      'float32',
      { columns: [a, b] },
      'an array of rows, the oldest first, each an object with a number for "a", "b"',
      Array(2).fill({ a: 0.5, b: 0.5 }),
      list(two, 1),
    ],
    'rows that are cut and not filled up': [
      [4, 2],
      'float32',
      { columns: [a, b], truncating: 'pre', padding: null },
      'an array of 4 or more rows, the oldest first, each an object with a number for "a", "b"',
      Array(4).fill({ a: 0.5, b: 0.5 }),
      list(two, 4),
    ],
    'texts by name': [
      [2],
      'string',
      { columns: [a, { ...b, missing: 'm' }] },
      'an object with a text for "a", "b"',
      { a: 'a text', b: 'm' },
      {
        anyOf: [
          row({ a: { type: ['string', 'number'] }, b: { type: ['string', 'number', 'null'] } }, ['a']),
          tuple({ type: ['string', 'number'] }, { type: ['string', 'number', 'null'] }),
        ],
      },
    ],
    'a sequence': [
      [5],
      'float32',
      { kind: 'sequence' },
      'an array of 5 numbers',
      Array(5).fill(0.5),
      list(float, 5, 5),
    ],
    'a sequence of ids': [
      [5],
      'float32',
      undefined,
      'an array of up to 5 numbers',
      Array(5).fill(1),
      list(float, 1, 5),
      ['Embedding'],
    ],
    'steps of one number, any number of them': [
      [null, 1],
      'float32',
      { kind: 'sequence' },
      'an array of arrays of 1 number, or numbers alone',
      [[0.5], [0.5]],
      list({ anyOf: [float, list(float, 1, 1)] }, 1),
    ],
    'steps that can’t be short': [
      [3, 2],
      'int32',
      { kind: 'sequence', padding: null },
      'an array of 3 arrays of 2 numbers',
      Array(3).fill([1, 1]),
      list(list(counts, 2, 2), 3, 3),
    ],
    'steps that are cut': [
      [3, 2],
      'int32',
      { kind: 'sequence', padding: null, truncating: 'pre' },
      'an array of 3 or more arrays of 2 numbers',
      Array(3).fill([1, 1]),
      list(list(counts, 2, 2), 3),
    ],
    'a text for a tokenizer': [
      [5],
      'float32',
      { tokenizer },
      'a text, or an array of 5 numbers',
      'one two three four five',
      {
        anyOf: [{ type: 'string' }, list(float, 5, 5)],
        description: 'A text, or the numbers that the model takes, unprepared.',
      },
      ['Embedding'],
    ],
    'a text of letters': [
      [5],
      'float32',
      { tokenizer: { word_index: { '?': 1, a: 2, b: 3 }, char_level: true, oov_token: '?' } },
      'a text, or an array of 5 numbers',
      'ab',
      {
        anyOf: [{ type: 'string' }, list(float, 5, 5)],
        description: 'A text, or the numbers that the model takes, unprepared.',
      },
      ['Embedding'],
    ],
  };
  for (const [name, [shape, type, card, text, example, schema, feeds]] of Object.entries(cases))
    it(`is described for ${name}`, () => {
      const described = describedAs(shape, type, card, feeds);
      assert.deepEqual([described.text, described.example], [text, example]);
      assert.deepEqual(JSON.parse(JSON.stringify(described.schema)), schema);
    });

  it('has columns by name, but for rows over time', () => {
    assert.deepEqual(describedAs([2], 'float32', { columns: [a, b] }).byColumn, row({ a: cell, b: cell }));
    assert.equal(describedAs([4, 2], 'float32', { columns: [a, b] }).byColumn, undefined);
    assert.equal(describedAs([2], 'float32', { kind: 'sequence' }).byColumn, undefined);
  });

  it('is described by twenty of its columns', () => {
    const columns = Array.from({ length: 25 }, (_, index) => ({ name: `c${index}` }));
    const named = (count: number) => columns.slice(0, count).map(({ name }) => `"${name}"`);
    const { text } = describedAs([25], 'float32', { columns });
    assert.equal(text, `an object with a number for ${named(20).join(', ')}, …`);
    const { text: whole } = describedAs([20], 'float32', { columns: columns.slice(0, 20) });
    assert.equal(whole, `an object with a number for ${named(20).join(', ')}`);
  });
});
