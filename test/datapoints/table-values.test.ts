import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseCard } from '../../src/cards/card.js';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import type { Facts, KindCard } from '../../src/datapoints/kind.js';
import { table } from '../../src/datapoints/kinds/table.js';
import { kindsOf } from '../../src/datapoints/kinds.js';
import { readDatapoints } from '../../src/datapoints/read-datapoints.js';
import { parseJson } from '../../src/json/parse.js';
import { packageRoot } from '../../src/support/package.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

const info = (shape: (number | null)[], type: TensorType = 'float32', name = 'x'): TensorInfo => ({
  name,
  type,
  shape,
});
const facts: Facts = { signature: { inputs: [], outputs: [] }, hints: null };
const specOf = (input: TensorInfo, card: KindCard) => table.claim(input, facts, card, (key) => `inputs.x.${key}`)!.spec;

/** The tensor of datapoints, as they come out of JSON. */
function read(values: unknown[], card: KindCard, input: TensorInfo) {
  const reader = table.reader(input, specOf(input, card), values.length);
  reader.writeAll(parseJson(Buffer.from(JSON.stringify(values))) as never, 'rows');
  const column = reader.finish();
  assert.ok('tensor' in column);
  return { shape: column.tensor.shape, data: Array.from(column.tensor.data, Number), type: column.tensor.data };
}

const refusal = (values: unknown[], card: KindCard, input: TensorInfo) => {
  try {
    read(values, card, input);
  } catch (error) {
    assert.ok(error instanceof InstancesError, String(error));
    return error.message;
  }
  return 'nothing is wrong';
};

describe('the values of a table', () => {
  const sexes = { name: 'sex', categories: ['female', 'male'] };
  const cities = { name: 'city', categories: ['Bonn', 'Köln', 'Ulm'], encoding: 'one-hot' };

  it('are the places of categories, or numbers for each of them', () => {
    const columns = [sexes, cities, { name: 'age', offset: 40, scale: 10 }];
    const rows = [{ sex: 'male', city: 'Ulm', age: 50 }, ['female', 'Bonn', 30]];
    assert.deepEqual(read(rows, { columns }, info([null, 5])).data, [1, 0, 0, 1, 1, 0, 1, 0, 0, -1]);
    const dropped = [{ ...cities, drop_first: true }];
    assert.deepEqual(
      read(['Bonn', ['Köln'], { city: 'Ulm' }], { columns: dropped }, info([null, 2])).data,
      [0, 0, 1, 0, 0, 1],
    );
  });

  it('are categories by their texts, of true and false by those of Python and as numbers too', () => {
    const codes = (categories: unknown[], values: unknown[]) =>
      read(values, { columns: [{ name: 'a', categories }] }, info([null, 1], 'int32')).data;
    assert.deepEqual(codes([3, '1', 2.5], [1, '1', '3', 3, 2.5, '2.5']), [1, 1, 0, 0, 2, 2]);
    assert.deepEqual(codes([0, 1], [true, false, '1']), [1, 0, 1]);
    assert.deepEqual(codes(['True', 'False', 0, 1], [true, false]), [0, 1]);
    assert.deepEqual(codes([false, true], [true, 'true', false]), [1, 1, 0]);
  });

  it('that are absent count as the card says, before they are prepared', () => {
    const columns = [
      { name: 'age', missing: 30, offset: 10, scale: 2 },
      { ...sexes, missing: 'male' },
      { ...cities, missing: 'Köln' },
    ];
    const rows = [{}, { age: null, sex: null, city: null }, [null, null, null]];
    const expected = [10, 1, 0, 1, 0];
    assert.deepEqual(read(rows, { columns }, info([null, 5])).data, [...expected, ...expected, ...expected]);
    assert.deepEqual(read([null], { columns: [columns[0]] }, info([null, 1])).data, [10]);
  });

  it('are transformed before the offset is taken off', () => {
    const data = (transform: string, value: number) =>
      read([value], { columns: [{ name: 'a', transform, offset: 1, scale: 2 }] }, info([null, 1], 'float64')).data[0];
    assert.equal(data('log1p', Math.E - 1), 0);
    assert.equal(data('log', Math.E ** 3), 1);
    assert.equal(data('sqrt', 25), 2);
  });

  it('that have no logarithm or root are refused with what is taken', () => {
    const message = (transform: string, value: number) =>
      refusal([value], { columns: [{ name: 'a', transform }] }, info([null, 1]));
    assert.equal(message('log', 0), 'rows[0] should be a number over 0, of which log is taken, but is 0.');
    assert.equal(message('log1p', -1), 'rows[0] should be a number over -1, of which log1p is taken, but is -1.');
    assert.equal(message('sqrt', -1), 'rows[0] should be a number from 0 on, of which sqrt is taken, but is -1.');
  });

  it('of whole numbers are whole', () => {
    const columns = [{ name: 'a', offset: 1 }];
    for (const type of ['int64', 'uint8', 'int32', 'bool'] as const)
      assert.deepEqual(read([1, 2, true], { columns }, info([null], type)), {
        shape: [3],
        data: [0, 1, 0],
        type: read([1, 2, 1], { columns }, info([null], type)).type,
      });
    assert.equal(
      refusal([1.5], { columns }, info([null], 'uint8')),
      'rows[0] should be a whole number from 1 to 256, but is 1.5.',
    );
    assert.match(refusal([0], { columns }, info([null], 'uint8')), /from 1 to 256, but is 0/);
    assert.deepEqual(read(['male'], { columns: [sexes] }, info([null, 1], 'int64')).data, [1]);
    assert.deepEqual(read(['Ulm'], { columns: [cities] }, info([null, 3], 'int64')).data, [0, 0, 1]);
  });

  it('that are none of the categories are refused with the nearest', () => {
    const message = (value: unknown) => refusal([{ sex: value }], { columns: [sexes] }, info([null, 1]));
    assert.equal(
      message('Femal'),
      'rows[0].sex should be one of "female", "male", but is "Femal". Did you mean "female"?',
    );
    for (const value of [2, true, ['male'], {}])
      assert.match(message(value), /^rows\[0\]\.sex should be one of "female", "male", but is [^?]*\.$/);
    assert.equal(message(null), 'rows[0].sex is missing.');
  });

  it('by names that are ignored are passed over', () => {
    const card = { columns: [{ name: 'age' }], ignored: ['id'] };
    assert.deepEqual(read([{ id: { any: 1 }, age: 3 }], card, info([null, 1])).data, [3]);
    assert.match(refusal([{ idd: 1, age: 3 }], card, info([null, 1])), /rows\[0\]\.idd is no column/);
  });

  it('as the model’s tensor has them are refused with the route that takes them', () => {
    assert.equal(
      refusal([[1, 0, 0]], { columns: [cities] }, info([null, 3])),
      'rows[0] has 3 numbers, as the model’s tensor has, but should be an object by column name, or an array of 1 value, ' +
        'before any preparation. Tensors as the model takes them go to TensorFlow Serving’s route, /v1/models/{name}:predict.',
    );
  });

  it('that would become too many numbers are refused', () => {
    const categories = Array.from({ length: 100_000 }, (_, index) => index);
    const columns = [{ name: 'a', categories, encoding: 'one-hot' }];
    const message = refusal(Array(1000).fill(1), { columns }, info([null, 100_000]));
    assert.equal(message, 'There are 1000 rows: of such, a request can have at most 167.');
  });
});

it('docs/datapoints.md has a card, and two forms of a datapoint for it that are one', () => {
  const text = readFileSync(join(packageRoot, 'docs/datapoints.md'), 'utf8');
  const card = parseCard(/```json\n(.*?)```/s.exec(text)![1]!).inputs!.person!;
  const [object, list] = [/A datapoint is then `(\{.*?\})`/s, /order, `(\[.*?\])`/s].map((form) =>
    JSON.parse(form.exec(text)![1]!),
  );
  const { data } = read([object, list, { ...object, id: 1, age: null }], card, info([null, 6]));
  assert.deepEqual(data.slice(0, 6), data.slice(6, 12));
  assert.deepEqual(data.slice(2, 6), [0, 0, 1, 1]);
});

describe('the values of a table with steps', () => {
  const columns = [
    { name: 'rain', scale: 2 },
    { name: 'wind', categories: ['low', 'high'] },
  ];
  const [first, second] = [{ rain: 2, wind: 'high' }, [4, 'low']];

  it('are rows, the oldest first', () => {
    const open = info([null, null, 2]);
    const { shape, data } = read(
      [
        [first, second],
        [second, second],
      ],
      { columns },
      open,
    );
    assert.deepEqual(
      [shape, data],
      [
        [2, 2, 2],
        [1, 1, 2, 0, 2, 0, 2, 0],
      ],
    );
    const large = [
      { name: 'word', categories: Array.from({ length: 9000 }, (_, index) => index), encoding: 'one-hot' },
    ];
    assert.match(
      refusal([Array.from({ length: 2000 }, () => [1])], { columns: large }, { ...open, shape: [null, null, 9000] }),
      /^rows\[0\] is more than one request can have: its lists are too many numbers\.$/,
    );
    assert.equal(
      refusal([[]], { columns }, open),
      'rows[0] should be an array of rows, but is an array of 0 elements.',
    );
  });

  it('are filled up before or behind, or cut, on an axis of one size', () => {
    const fixed = info([null, 3, 2]);
    const data = (steps: unknown[], card: object = {}) => read([steps], { columns, ...card }, fixed).data;
    assert.deepEqual(data([first], { padding: 'pre' }), [0, 0, 0, 0, 1, 1]);
    assert.equal(
      refusal([[first]], { columns }, fixed),
      'rows[0] should be an array of 3 rows, but is an array of 1 element. Shorter ones are filled up where serve.json says so: {"inputs":{"x":{"padding":"pre"}}}.',
    );
    assert.deepEqual(data([first], { padding: 'post', value: 9 }), [1, 1, 9, 9, 9, 9]);
    assert.deepEqual(data([first, second], { value: -1 }), [-1, -1, 1, 1, 2, 0]);
    const four = [first, first, second, second];
    assert.deepEqual(data(four, { truncating: 'pre' }), [1, 1, 2, 0, 2, 0]);
    assert.deepEqual(data(four, { truncating: 'post' }), [1, 1, 1, 1, 2, 0]);
    assert.equal(
      refusal([four], { columns }, fixed),
      'rows[0] should be an array of 3 rows, but is an array of 4 elements.',
    );
    assert.equal(
      refusal([[first]], { columns, padding: null }, fixed),
      'rows[0] should be an array of 3 rows, but is an array of 1 element.',
    );
    assert.match(
      refusal([[first, { rain: 1 }]], { columns, padding: 'pre' }, fixed),
      /^rows\[0\]\[1\]\.wind is missing\.$/,
    );
  });

  it('of one column may be bare', () => {
    const { data } = read([[1, [2], { a: 3 }]], { columns: [{ name: 'a' }] }, info([null, 3, 1]));
    assert.deepEqual(data, [1, 2, 3]);
  });

  it('are one datapoint by their form', () => {
    const isOne = (value: unknown, columns: object[]) => {
      const input = info([null, null, columns.length]);
      return table.isOne(value, input, specOf(input, { columns }));
    };
    const two = [{ name: 'a' }, { name: 'b' }];
    for (const value of [[[1, 2]], [{ a: 1, b: 2 }], [], 1, {}]) assert.equal(isOne(value, two), true);
    for (const value of [[[[1, 2]]], [[{ a: 1, b: 2 }]]]) assert.equal(isOne(value, two), false);
    for (const value of [[1, 2], [[1], [2]], [{ a: 1 }]]) assert.equal(isOne(value, [{ name: 'a' }]), true);
    for (const value of [[[1, 2]], [[[1], [2]]]]) assert.equal(isOne(value, [{ name: 'a' }]), false);
  });

  it('have a side on which they are filled up only where a card says that they are', () => {
    const claim = (card: KindCard, shape: (number | null)[]) =>
      table.claim(info(shape), facts, card, (key) => key)!.assumptions;
    assert.equal(claim({ columns }, [null, 3, 2]), undefined);
    assert.deepEqual(claim({ columns, value: 7 }, [null, 3, 2]), [
      { key: 'padding', value: 'pre', basis: "that is Keras's own side", certainty: 'guess' },
    ]);
    assert.equal(claim({ columns, padding: 'post' }, [null, 3, 2]), undefined);
    assert.equal(claim({ columns }, [null, null, 2]), undefined);
  });
});

describe('an input for each column', () => {
  const inputs = [info([null, 1], 'float32', 'age'), info([null], 'int32', 'visits'), info([null, 1], 'int64', 'sex')];
  const signature = { inputs, outputs: [info([null, 1], 'float32', 'y')] };
  const card = { sex: { columns: [{ name: 'sex', categories: ['female', 'male'], missing: 'female' }] } };
  const { kinds, assumptions } = kindsOf({ signature, hints: null }, { inputs: card });
  const plain = (json: unknown) => {
    const { columns, single } = readDatapoints(json, signature, kinds.inputs);
    const tensors = Object.values(columns).map((column) =>
      'tensor' in column ? Array.from(column.tensor.data, Number) : [],
    );
    return [single, ...tensors];
  };

  it('is a table of one column that is called like it', () => {
    assert.deepEqual(kinds.inputs.age, { kind: 'table', spec: { columns: [{ name: 'age' }] } });
    assert.deepEqual(
      assumptions.filter(({ key }) => key === 'inputs.age.kind'),
      [{ key: 'inputs.age.kind', value: 'table', basis: 'it is one number beside other inputs', certainty: 'likely' }],
    );
    const alone = { inputs: inputs.slice(0, 1), outputs: signature.outputs };
    assert.equal(kindsOf({ signature: alone, hints: null }).kinds.inputs.age!.kind, 'tensor');
  });

  it('takes objects by column name, and lists by them', () => {
    assert.deepEqual(plain({ age: 3, visits: 4, sex: 'male' }), [true, [3], [4], [1]]);
    assert.deepEqual(plain([{ age: 3, visits: [4], sex: { sex: 'male' } }]), [false, [3], [4], [1]]);
    const lists = { age: [3, 5], visits: [4, 6], sex: ['male', null] };
    for (const json of [lists, { inputs: lists }]) assert.deepEqual(plain(json), [false, [3, 5], [4, 6], [1, 0]]);
  });

  it('takes what lacks a column where something counts for it', () => {
    assert.deepEqual(plain({ age: 3, visits: 4 }), [true, [3], [4], [0]]);
    assert.deepEqual(plain({ inputs: { age: [3, 5], visits: [4, 6] } }), [false, [3, 5], [4, 6], [0, 0]]);
    assert.throws(() => plain({ age: 3 }), { message: 'visits is missing.' });
    assert.throws(() => plain([{ age: 3, visits: 4, sx: 'male' }]), {
      message: '[0].sx is no input. Did you mean "sex"?',
    });
  });
});
