/** Tables that a fitted object of scikit-learn prepares: what it gives for the rows that were recorded, and cards that can't be so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fittedInverse, invert } from '../../src/datapoints/fitted-inverse.js';
import type { KindCard } from '../../src/datapoints/kind.js';
import { number } from '../../src/datapoints/kinds/number.js';
import { table } from '../../src/datapoints/kinds/table.js';
import { kindsOf } from '../../src/datapoints/kinds.js';
import type { TableSpec } from '../../src/datapoints/tables/table-spec.js';
import { Dtype, NumpyArray } from '../../src/pickle/arrays.js';
import { readFitted } from '../../src/pickle/fitted.js';
import { readPickle } from '../../src/pickle/read-pickle.js';
import { Instance, type Reading } from '../../src/pickle/values.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';
import { bytesOfCase, type PickleCase, pickleCases } from '../helpers/pickles.js';

const [, cases] = [...pickleCases].find(([version]) => version.startsWith('scikit-learn-1.9'))!;
const caseOf = (name: string): PickleCase => cases.find((one) => one.name === name)!;
const fileOf = (name: string) => ({ file: 'object.pkl', content: readFitted(readPickle(bytesOfCase(caseOf(name)))) });
const input = (row: (number | null)[], type: TensorType = 'float64'): TensorInfo => ({
  name: 'x',
  type,
  shape: [null, ...row],
});
const place = (key: string) => `inputs.x.${key}`;
const claim = (of: TensorInfo, pickle: string, keys: KindCard = {}): TableSpec =>
  table.claim(
    of,
    { signature: { inputs: [of], outputs: [] }, hints: null },
    { transform: fileOf(pickle), ...keys },
    place,
  )!.spec as TableSpec;

/** What the model gets for rows. */
function read(of: TensorInfo, spec: TableSpec, rows: readonly unknown[]) {
  const reader = table.reader(of, spec, rows.length);
  rows.forEach((row, index) => {
    reader.write(row, `[${index}]`);
  });
  const column = reader.finish();
  return 'ragged' in column
    ? column.ragged.rows.map(({ shape, data }) => ({ shape, data: Array.from(data, Number) }))
    : 'tensor' in column && {
        type: column.tensor.type,
        shape: column.tensor.shape,
        data: Array.from(column.tensor.data, Number),
      };
}

describe('a table with a fitted transformer', () => {
  const given: Record<string, [pickle: string, width: number, columns: string[], type?: TensorType]> = {
    'numbers that have no names': ['StandardScaler', 3, ['x0', 'x1', 'x2']],
    'numbers by the names that it was fitted on': ['StandardScaler of a frame', 3, ['age', 'income', 'größe']],
    'columns of which it uses some': ['ColumnTransformer', 5, ['age', 'income', 'city']],
    'words that it fills in': ['Pipeline of words', 2, ['city']],
    'a category for what is absent': ['OneHotEncoder None', 3, ['x0']],
    'categories as whole numbers': ['OrdinalEncoder', 2, ['x0', 'x1'], 'int64'],
    'categories in more columns': ['OneHotEncoder', 6, ['x0', 'x1']],
  };
  for (const [name, [pickle, width, columns, type]] of Object.entries(given))
    it(`gives what scikit-learn gives for ${name}`, () => {
      const { inputs, answers, columns: all = columns } = caseOf(pickle);
      const of = input([width], type);
      const spec = claim(of, pickle);
      assert.deepEqual(table.columns!(spec), columns);
      const expected = { type: of.type, shape: [inputs!.length, width], data: (answers as number[][]).flat() };
      const lists = inputs!.map((row) => columns.map((column) => row[all.indexOf(column)]));
      assert.deepEqual(read(of, spec, lists), expected);
      const objects = inputs!.map((row) => Object.fromEntries(all.map((column, index) => [column, row[index]])));
      assert.deepEqual(read(of, spec, objects), expected);
      const reader = table.reader(of, spec, lists.length);
      reader.writeAll({ length: lists.length, at: (index: number) => lists[index] } as never, 'instances');
      const column = reader.finish();
      assert.deepEqual('tensor' in column && Array.from(column.tensor.data, Number), expected.data);
    });

  it('knows what its columns may be', () => {
    const columnsOf = (pickle: string, width: number, keys: KindCard = {}) =>
      claim(input([width]), pickle, keys).columns;
    assert.deepEqual(columnsOf('StandardScaler', 3, { columns: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }), [
      { name: 'a' },
      { name: 'b' },
      { name: 'c' },
    ]);
    assert.deepEqual(columnsOf('OneHotEncoder None', 3), [{ name: 'x0', categories: ['a', 'b'], absent: true }]);
    assert.deepEqual(columnsOf('OrdinalEncoder', 2), [
      { name: 'x0', categories: ['blue', 'green', 'red'] },
      { name: 'x1', categories: [1, 2, 3] },
    ]);
    const [age, income, city] = columnsOf('ColumnTransformer', 5);
    assert.deepEqual(
      [age!.name, typeof (age as { missing?: unknown }).missing, income],
      ['age', 'number', { name: 'income', missing: 29 }],
    );
    assert.deepEqual(city, { name: 'city', categories: ['Bonn', 'Köln', 'Ulm'], others: true });
    assert.deepEqual(columnsOf('Pipeline of words', 2), [
      { name: 'city', categories: ['Köln', 'Ulm'], missing: 'Ulm' },
    ]);
  });

  it('passes over what it has no use for', () => {
    const spec = claim(input([5]), 'ColumnTransformer', { ignored: ['name', 'id'] });
    assert.deepEqual(table.ignored!(spec), ['id', 'name']);
    assert.deepEqual(table.spell!(spec), { transform: 'object.pkl', ignored: ['name'] });
    const plain = claim(input([5]), 'ColumnTransformer');
    assert.deepEqual([table.ignored!(plain), table.spell!(plain)], [['id'], { transform: 'object.pkl' }]);
    const names = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
    assert.deepEqual(table.spell!(claim(input([3]), 'StandardScaler', { columns: names })), {
      transform: 'object.pkl',
      columns: names,
    });
  });

  it('fills up what is missing of a series with the model’s own numbers', () => {
    const { inputs, answers } = caseOf('StandardScaler');
    const [first, second] = answers as number[][];
    const steps = input([3, 3]);
    const spec = claim(steps, 'StandardScaler', { padding: 'pre', value: -7 });
    const filling = [-7, -7, -7];
    assert.deepEqual(read(steps, spec, [inputs!.slice(0, 2), inputs!.slice(0, 1)]), {
      type: 'float64',
      shape: [2, 3, 3],
      data: [...filling, ...first!, ...second!, ...filling, ...filling, ...first!],
    });
    assert.deepEqual(table.spell!(spec), { transform: 'object.pkl', padding: 'pre', value: -7 });
    const open = input([null, 3]);
    assert.deepEqual(read(open, claim(open, 'StandardScaler'), [inputs!.slice(0, 2), inputs!.slice(0, 1)]), [
      { shape: [2, 3], data: [...first!, ...second!] },
      { shape: [1, 3], data: first },
    ]);
    const wrong = [[...inputs!.slice(0, 1), [1, 'x', 3]]];
    assert.throws(() => read(steps, spec, wrong), { message: '[0][1][1] should be a number, but is "x".' });
  });

  it('says which value it can’t prepare', () => {
    const power = claim(input([2]), 'PowerTransformer box-cox');
    const refused: [rows: unknown[], message: string][] = [
      [
        [
          [1, 1],
          [2, -1],
        ],
        '[1].x1 should be a number over 0, but is -1.',
      ],
      [[[1, 1], { x0: 0, x1: 1 }], '[1].x0 should be a number over 0, but is 0.'],
    ];
    for (const [rows, message] of refused)
      assert.throws(() => read(input([2]), power, rows), { code: 'instances_invalid', message });
    const open = input([null, 2]);
    assert.throws(
      () =>
        read(open, claim(open, 'PowerTransformer box-cox'), [
          [[1, 1]],
          [
            [1, 1],
            [1, -1],
          ],
        ]),
      {
        message: '[1][1].x1 should be a number over 0, but is -1.',
      },
    );
    const encoder = claim(input([2]), 'OrdinalEncoder');
    assert.throws(() => read(input([2]), encoder, [['rot', 1]]), { message: /^\[0\]\[0\] should be one of "blue"/ });
  });

  it('makes only what the model’s numbers can be', () => {
    const bytes = input([3], 'uint8');
    const spec = claim(bytes, 'StandardScaler');
    assert.throws(() => read(bytes, spec, [[0.7, 12, 7]]), {
      message: /^\[0\] can't be prepared: it gives the model -0\.61/,
    });
    const single = input([3], 'float32');
    assert.throws(
      () =>
        read(single, claim(single, 'StandardScaler'), [
          [1, 2, 3],
          [1e300, 1, 1],
        ]),
      {
        message: /^\[1\] can't be prepared: it gives the model \d/,
      },
    );
    const codes = input([2], 'uint8');
    assert.deepEqual(read(codes, claim(codes, 'OrdinalEncoder'), [['red', 3]]), {
      type: 'uint8',
      shape: [1, 2],
      data: [2, 2],
    });
  });

  const refused: Record<string, [of: TensorInfo, pickle: string, keys: KindCard, message: string]> = {
    strings: [
      input([1], 'string'),
      'OneHotEncoder None',
      {},
      'inputs.x.transform names object.pkl, which is a OneHotEncoder and makes numbers, where the model takes strings.',
    ],
    'another number of numbers': [
      input([4]),
      'StandardScaler',
      {},
      'inputs.x.transform names object.pkl, which is a StandardScaler and makes 3 numbers of a row where the model takes 4.',
    ],
    'columns that say what it says': [
      input([3]),
      'StandardScaler',
      { columns: [{ name: 'a', offset: 1 }] },
      'inputs.x.columns: offset can\'t stand beside "transform", which says it.',
    ],
    'another number of columns': [
      input([3]),
      'StandardScaler',
      { columns: [{ name: 'a' }] },
      'inputs.x.transform names object.pkl, which is a StandardScaler and takes 3 columns, but inputs.x.columns has 1.',
    ],
    'a name for two columns': [
      input([3]),
      'StandardScaler',
      { columns: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] },
      'inputs.x.columns has two columns called "a".',
    ],
    'a column that is ignored': [
      input([3]),
      'StandardScaler',
      { ignored: ['x1'] },
      'inputs.x.ignored has "x1", which is a column.',
    ],
    'texts that it leaves': [
      input([2]),
      'SimpleImputer words',
      {},
      'inputs.x.transform names object.pkl, which is a SimpleImputer and leaves texts in "x0".',
    ],
  };
  for (const [name, [of, pickle, keys, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => {
      assert.throws(() => claim(of, pickle, keys), { code: 'card_invalid', message: `serve.json: ${message}` });
    });
});

describe('a number with a fitted inverse', () => {
  const output: TensorInfo = { name: 'y', type: 'float32', shape: [null, 3] };
  const ofNumbers = (pickle: string, keys: KindCard = {}) =>
    kindsOf(
      { signature: { inputs: [], outputs: [output] }, hints: null },
      { outputs: { y: { transform: fileOf(pickle), ...keys } } },
    ).kinds.outputs.y!;

  it('is in the units of what the model was trained on', () => {
    const { kind, spec } = ofNumbers('StandardScaler', { unit: 'mm' });
    assert.equal(kind, 'number');
    assert.deepEqual(number.spell!(spec as never), { unit: 'mm', transform: 'object.pkl' });
    const { inputs, answers } = caseOf('StandardScaler');
    const row = { type: 'float64' as const, shape: [3], data: Float64Array.from(answers![0] as number[]) };
    const { values, unit } = JSON.parse([...number.write(row as never, spec as never, {})].join(''));
    assert.equal(unit, 'mm');
    for (const [index, value] of values.entries())
      assert.ok(Math.abs(value - (inputs![0]![index] as number)) < 1e-9, String(value));
  });

  const refused: Record<string, [pickle: string, keys: KindCard, message: string]> = {
    'an inverse that there is not': [
      'OneHotEncoder',
      {},
      'outputs.y.transform names object.pkl, which is a OneHotEncoder and has no inverse that is known here.',
    ],
    'an inverse of another width': [
      'PowerTransformer',
      {},
      'outputs.y.transform names object.pkl, which is a PowerTransformer and is for 2 columns where the model gives 3 numbers.',
    ],
    'a scale beside it': [
      'StandardScaler',
      { scale: 2 },
      'outputs.y.scale can\'t stand beside "transform", which says it.',
    ],
    'an offset beside it': [
      'StandardScaler',
      { offset: 2 },
      'outputs.y.offset can\'t stand beside "transform", which says it.',
    ],
  };
  for (const [name, [pickle, keys, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => {
      assert.throws(() => ofNumbers(pickle, keys), { code: 'card_invalid', message: `serve.json: ${message}` });
    });

  it('of one column brings back each of several numbers', () => {
    const scaler = new Instance('MinMaxScaler');
    const unlimited = { charge: () => undefined } as unknown as Reading;
    const array = (value: number) =>
      new NumpyArray().fill([1], new Dtype('f8'), false, new Uint8Array(Float64Array.of(value).buffer), unlimited);
    scaler.attributes.set('scale_', array(0.5)).set('min_', array(-1));
    const inverse = fittedInverse({ file: 'y.pkl', content: readFitted(scaler) }, 3, 'transform');
    assert.deepEqual(invert(inverse, [-1, 0, 1]), [0, 2, 4]);
  });
});
