import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Compile } from 'typebox/compile';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import type { Facts, KindCard } from '../../src/datapoints/kind.js';
import { table } from '../../src/datapoints/kinds/table.js';
import { largestFloat32 } from '../../src/datapoints/number-types.js';
import type { TableSpec } from '../../src/datapoints/tables/table-spec.js';
import { CardError } from '../../src/support/card-error.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

const info = (shape: (number | null)[] = [null, 3], type: TensorType = 'float32'): TensorInfo => ({
  name: 'x',
  type,
  shape,
});
const columns = [{ name: 'age', offset: 40, scale: 10 }, { name: 'income', scale: 1000 }, { name: 'is member' }];
const many = Array.from({ length: 21 }, (_, index) => ({ name: `c${index}` }));
const one = info([null, 1]);
const facts: Facts = { signature: { inputs: [], outputs: [] }, hints: null };
const claim = (card: KindCard | undefined, input = info()) =>
  table.claim(input, facts, card, (key) => `inputs.x.${key}`);

describe('a table', () => {
  it('is what the card calls so, or gives columns, and nothing else', () => {
    const claimed = { spec: { columns }, certainty: 'certain' };
    for (const card of [{ columns }, { kind: 'table', columns }]) assert.deepEqual(claim(card), claimed);
    assert.deepEqual(claim({ columns }, info([null, 3], 'float64')), claimed);
    for (const card of [undefined, {}, { kind: 'tensor' }]) assert.equal(claim(card), undefined);
  });

  const cards: Record<string, [card: KindCard, message: RegExp, input?: TensorInfo]> = {
    'no columns': [{ kind: 'table' }, /inputs\.x\.kind is table, which needs "columns" or "transform"\.$/],
    'scaled integers': [
      { columns },
      /inputs\.x\.columns: "age" can't be scaled, as the model takes whole numbers of the type int32\.$/,
      info([null, 3], 'int32'),
    ],
    'four axes': [{ columns }, /not the shape \(batch, columns\) or \(batch, time, columns\)/, info([null, 3, 1, 3])],
    'no axis': [{ columns }, /inputs\.x\.kind can't be table/, info([])],
    'columns of any number': [{ columns }, /inputs\.x\.kind can't be table/, info([null, null])],
    'one axis': [{ columns }, /has 3 columns where the model takes 1\.$/, info([null])],
    'a category twice': [{ columns: [{ name: 'a', categories: [1, '1'] }] }, /"a" has the category "1" twice/, one],
    'a scale of categories': [
      { columns: [{ name: 'a', categories: ['b'], scale: 1 }] },
      /scale of "a" can't stand beside "categories"/,
      one,
    ],
    'an encoding of numbers': [
      { columns: [{ name: 'a', encoding: 'ordinal' }] },
      /encoding of "a" needs "categories"/,
      one,
    ],
    'drop_first of ordinals': [
      { columns: [{ name: 'a', categories: ['b', 'c'], drop_first: true }] },
      /drop_first of "a" needs "encoding": "one-hot"/,
      one,
    ],
    'drop_first of one category': [
      { columns: [{ name: 'a', categories: ['b'], encoding: 'one-hot', drop_first: true }] },
      /drop_first of "a" needs two categories/,
      one,
    ],
    'more categories than the type has numbers': [
      { columns: [{ name: 'a', categories: Array.from({ length: 257 }, (_, index) => index) }] },
      /"a" has more categories than uint8 can tell apart/,
      info([null, 1], 'uint8'),
    ],
    'missing that is no category': [
      { columns: [{ name: 'a', categories: ['b'], missing: 'c' }] },
      /missing of "a" must be one of its categories/,
      one,
    ],
    'missing that is no number': [
      { columns: [{ name: 'a', missing: 'c' }] },
      /missing of "a" must be a number that the column takes/,
      one,
    ],
    'missing that has no logarithm': [
      { columns: [{ name: 'a', missing: 0, transform: 'log' }] },
      /missing of "a" must be a number that the column takes/,
      one,
    ],
    'one-hot numbers that are too few': [
      { columns: [{ name: 'a', categories: ['b', 'c'], encoding: 'one-hot' }] },
      /has 1 column, which are 2 numbers, where the model takes 1\.$/,
      one,
    ],
    'a column that is ignored': [
      { columns: [{ name: 'a' }], ignored: ['a'] },
      /inputs\.x\.ignored has "a", which is a column/,
      one,
    ],
    'padding of rows': [{ columns: [{ name: 'a' }], padding: 'pre' }, /inputs\.x\.padding means nothing here/, one],
    'padding of any number of steps': [
      { columns: [{ name: 'a' }], truncating: 'pre' },
      /inputs\.x\.truncating means nothing here: the input takes lists of any length/,
      info([null, null, 1]),
    ],
    'a padding value that is none of the type': [
      { columns: [{ name: 'a' }], value: 0.5 },
      /inputs\.x\.value must be a number that int8 can hold/,
      info([null, 2, 1], 'int8'),
    ],
    'a column too few': [{ columns: columns.slice(2) }, /inputs\.x\.columns has 1 column where the model takes 3\.$/],
    'a name twice': [
      { columns: [columns[0], columns[1], { name: 'income' }] },
      /inputs\.x\.columns has two columns called "income"\.$/,
    ],
    'a scale of 0': [
      { columns: [columns[0], { name: 'income', scale: 0 }, columns[2]] },
      /inputs\.x\.columns: the scale of "income" must not be 0\.$/,
    ],
  };
  for (const [name, [card, message, input]] of Object.entries(cards))
    it(`is refused for ${name}`, () => {
      assert.throws(
        () => claim(card, input),
        (error: Error) => error instanceof CardError && message.test(error.message),
      );
    });

  const read = (values: unknown[], spec: TableSpec = { columns }, type: TensorType = 'float32') => {
    const reader = table.reader(info([null, spec.columns.length], type), spec, values.length);
    reader.writeAll(values, 'rows');
    const column = reader.finish();
    assert.ok('tensor' in column);
    return column.tensor;
  };

  it('is read by column name, whatever the order of the keys, or in the order of the columns', () => {
    const expected = { type: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 1, -4, 0, -0.5) };
    const [ada, bob] = [{ 'is member': true, income: 2000, age: 50 }, [0, 0, -0.5]];
    assert.deepEqual(read([ada, bob]), expected);
    assert.deepEqual(read([[50, 2000, 1], { age: 0, income: 0, 'is member': -0.5 }]), expected);
    assert.deepEqual(read([[50, 2000, false]], undefined, 'float64'), {
      type: 'float64',
      shape: [1, 3],
      data: Float64Array.of(1, 2, 0),
    });
  });

  it('of one column is read from bare values too', () => {
    const spec = { columns: [{ name: 'age', offset: 1 }] };
    assert.deepEqual(read([3, [3], { age: 3 }], spec).data, Float32Array.of(2, 2, 2));
  });

  it('takes what float32 can hold', () => {
    assert.deepEqual(
      [...read([[largestFloat32, -largestFloat32, 0]], { columns: many.slice(0, 3) }).data],
      [largestFloat32, -largestFloat32, 0].map(Math.fround),
    );
  });

  const ada = { age: 50, income: 2000, 'is member': true };
  const rows: Record<string, [row: unknown, place: string, message: string, columns?: TableSpec['columns']]> = {
    'a column that is near one': [
      { ...ada, agee: 1 },
      'rows[1].agee',
      'rows[1].agee is no column. Did you mean "age"?',
    ],
    'an unknown column': [
      { ...ada, height: 1 },
      'rows[1].height',
      'rows[1].height is no column. Columns are "age", "income", "is member".',
    ],
    'an unknown column of many': [
      { height: 1 },
      'rows[1].height',
      `rows[1].height is no column. Columns are ${many
        .slice(0, 20)
        .map(({ name }) => `"${name}"`)
        .join(', ')}, ….`,
      many,
    ],
    'a column left out': [{ age: 1, income: 1 }, 'rows[1]["is member"]', 'rows[1]["is member"] is missing.'],
    'a null': [{ ...ada, income: null }, 'rows[1].income', 'rows[1].income is missing.'],
    'a text': [{ ...ada, income: '1' }, 'rows[1].income', 'rows[1].income should be a number, but is "1".'],
    'a number past float32': [[1, 1, 4e38], 'rows[1][2]', 'rows[1][2] should be a number, but is 4e+38.'],
    'not a number': [[1, Number.NaN, 1], 'rows[1][1]', 'rows[1][1] should be a number, but is NaN.'],
    'a list that is too short': [
      [1, 2],
      'rows[1]',
      'rows[1] should be an object by column name, or an array of 3 numbers, but is an array of 2 elements.',
    ],
    'a bare value for several columns': [
      1,
      'rows[1]',
      'rows[1] should be an object by column name, or an array of 3 numbers, but is 1.',
    ],
    'a list that is too long for one column': [
      [1, 2],
      'rows[1]',
      'rows[1] should be an object by column name, or an array of 1 number, but is an array of 2 elements.',
      [{ name: 'age' }],
    ],
    'a bare text for one column': ['1', 'rows[1]', 'rows[1] should be a number, but is "1".', [{ name: 'age' }]],
  };
  for (const [name, [row, place, message, own = columns]] of Object.entries(rows))
    it(`refuses ${name}`, () => {
      const good = own.map(() => 0);
      assert.throws(
        () => read([good, row], { columns: own }),
        (error: Error) => {
          assert.ok(error instanceof InstancesError);
          assert.deepEqual([error.place, error.message], [place, message]);
          return true;
        },
      );
    });

  it('is described by its columns, with an example that it takes', () => {
    const { schema, byColumn, example, text } = table.describe(info(), { columns });
    assert.equal(text, 'an object with a number for "age", "income", "is member"');
    assert.deepEqual(example(1), { age: 40, income: 0.5, 'is member': 0.5 });
    assert.deepEqual(table.columns?.({ columns }), ['age', 'income', 'is member']);
    const [any, bare] = [Compile(schema), Compile(byColumn!)];
    const taken: [value: unknown, any: boolean, byColumn: boolean][] = [
      [example(1), true, true],
      [[1, 2, 3], true, false],
      [[1, 2], false, false],
      [[1, 2, 3, 4], false, false],
      [{ age: 1, income: 1 }, false, false],
      [{ age: 1, income: 1, 'is member': 1, other: 1 }, false, false],
    ];
    for (const [value, ...expected] of taken)
      assert.deepEqual([any.Check(value), bare.Check(value)], expected, JSON.stringify(value));
  });

  it('of many columns names twenty of them', () => {
    const text = (count: number) => table.describe(info(), { columns: many.slice(0, count) }).text;
    assert.match(text(20), /"c18", "c19"$/);
    assert.match(text(21), /"c18", "c19", …$/);
  });

  it('has columns in the card with a name each, and perhaps an offset and a scale', () => {
    const check = Compile(table.card.columns!);
    const cases: [columns: unknown, taken: boolean][] = [
      [columns, true],
      [[{ name: 'a'.repeat(200) }], true],
      [[{ name: 'a'.repeat(201) }], false],
      [[{ name: '' }], false],
      [[], false],
      [[{ scale: 1 }], false],
      [[{ name: 'a', scale: '1' }], false],
      [[{ name: 'a', offset: '1' }], false],
      [[{ name: 'a', unit: 'm' }], false],
      [Array(10_000).fill({ name: 'a' }), true],
      [Array(10_001).fill({ name: 'a' }), false],
    ];
    for (const [given, taken] of cases) assert.equal(check.Check(given), taken, JSON.stringify(given).slice(0, 80));
  });
});
