/** What CSV is before its rows: a header that names inputs and columns, and limits. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelKinds } from '../../src/datapoints/kinds.js';
import { csvRows, csvTooLarge, readCsv } from '../../src/protocols/predict/csv.js';
import { type ModelInput, tensorsOf } from '../../src/serving/model-input.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { imageOf } from '../helpers/kinds.js';

const float = (name: string, ...row: (number | null)[]): TensorInfo => ({
  name,
  type: 'float32',
  shape: [null, ...row],
});
const tensor = { kind: 'tensor', spec: null };

/** Inputs with what they are. */
interface Model {
  inputs: TensorInfo[];
  kinds: ModelKinds['inputs'];
}
const numbers: Model = { inputs: [float('x', 2)], kinds: { x: tensor } };
const two: Model = { inputs: [float('x', 1), float('z', 2)], kinds: { x: tensor, z: tensor } };
const person: Model = {
  inputs: [float('x', 2)],
  kinds: { x: { kind: 'table', spec: { columns: [{ name: 'age' }, { name: 'income' }], ignored: ['id'] } } },
};
/** A table whose columns have other readers than numbers. */
const words: Model = {
  inputs: [float('x', 2)],
  kinds: {
    x: {
      kind: 'table',
      spec: { columns: [{ name: 'age' }, { name: 'sex', categories: ['f', 'm'] }] },
    },
  },
};
const beside: Model = { inputs: [...person.inputs, float('n', 1)], kinds: { ...person.kinds, n: tensor } };

const read = (text: string, { inputs, kinds }: Model, limits = {}) => {
  const signature = { inputs, outputs: [float('y', 1)] };
  const body = [Buffer.from(text)];
  const { batches, rows } = readCsv({ body, signature, kinds, batchRows: 100, maxRows: 1000, ...limits });
  const columns = batches.map((batch) =>
    Object.fromEntries(
      Object.entries(tensorsOf(batch as ModelInput)).map(([name, { data }]) => [name, Array.from(data, Number)]),
    ),
  );
  return { rows, batches: columns };
};
const batchOf = (text: string, model: Model) => read(text, model).batches[0];

describe('the header of CSV', () => {
  const taken: [name: string, text: string, model: Model, input: object][] = [
    ['names columns in any order', 'income,age\n1,2\n3,4\n', person, { x: [2, 1, 4, 3] }],
    ['names what is ignored', 'id,income,age\nten,1,2\n', person, { x: [2, 1] }],
    ['names inputs, whose values are JSON', 'x,z\n1,"[2,3]"\n4,"[5, 6]"\n', two, { x: [1, 4], z: [2, 3, 5, 6] }],
    ['may have spaces around names', ' age , income\n1,2\n', person, { x: [1, 2] }],
    ['may name a table as a whole', 'x\n"[1,2]"\n"{""age"": 3, ""income"": 4}"\n', person, { x: [1, 2, 3, 4] }],
    ['names columns and inputs', 'age,n,income\n1,9,2\n', beside, { x: [1, 2], n: [9] }],
    ['may have a column that is not of numbers alone', 'age,sex\n1,m\n2,f\n', words, { x: [1, 1, 2, 0] }],
    ['may be the name of the only input', 'x\n"[1,2]"\n', numbers, { x: [1, 2] }],
  ];
  for (const [name, text, model, input] of taken) it(name, () => assert.deepEqual(batchOf(text, model), input));

  const refused: Record<string, [text: string, model: Model, message: string, code?: string]> = {
    'nothing at all': [
      '',
      person,
      'The CSV is empty. Its first line has the names of the columns: "age", "income", "x".',
      'body_invalid',
    ],
    'no rows': ['age,income\n', person, 'The CSV has no rows, only a header.', 'body_invalid'],
    'a semicolon between columns': [
      'age;income\n1;2\n',
      person,
      'Line 1: the columns are separated by ";". Separate them by commas.',
    ],
    'tabs between columns': [
      'age\tincome\n1\t2\n',
      person,
      'Line 1: the columns are separated by "\\t". Separate them by commas.',
    ],
    'bars between columns': [
      'age|income\n1|2\n',
      person,
      'Line 1: the columns are separated by "|". Separate them by commas.',
    ],
    'values in the place of names': [
      '1,2\n3,4\n',
      person,
      'Line 1: that should be the names of the columns, and "1" is none. There are "age", "income", "x".',
    ],
    'a long text in the place of names': [
      `${'n'.repeat(50)}\n1\n`,
      person,
      `Line 1: that should be the names of the columns, and "${'n'.repeat(40)}" is none. There are "age", "income", "x".`,
    ],
    'a column without a name': [
      ',age,income\n0,1,2\n',
      person,
      'Line 1: a column has no name. Leave it out (pandas writes one without index=False).',
    ],
    'a name that isn’t known': ['agee,income\n1,2\n', person, 'Line 1: "agee" is no known column. Did you mean "age"?'],
    'a column that is there twice': ['age,income,age\n1,2,3\n', person, 'Line 1: there are two columns "age".'],
    'an input that is lacking': ['x\n1\n', two, 'Line 1: there is no column "z". There are "x", "z".'],
    'a table that is lacking': [
      'n\n1\n',
      beside,
      'Line 1: there is no column "x". There are "age", "income", "x", "n".',
    ],
    'a table as a whole and by its columns': [
      'x,age\n"[1,2]",1\n',
      person,
      'Line 1: "x" is given as a whole and by its columns.',
    ],
    images: [
      'x\nabc\n',
      { inputs: [float('x', 1, 2, 1)], kinds: { x: imageOf([1, 2]) } },
      'CSV can’t hold images, and "x" is one. Send a form, or JSON.',
      'body_invalid',
    ],
  };
  for (const [name, [text, model, message, code = 'instances_invalid']] of Object.entries(refused))
    it(`is refused for ${name}`, () => assert.throws(() => read(text, model), { message, code }));

  it('lists no more than twenty names', () => {
    const columns = Array.from({ length: 30 }, (_, index) => ({ name: `c${index}` }));
    const wide: Model = { inputs: [float('x', 30)], kinds: { x: { kind: 'table', spec: { columns } } } };
    const listed = columns.slice(0, 20).map(({ name }) => JSON.stringify(name));
    assert.throws(() => read('', wide), { message: new RegExp(`: ${listed.join(', ')}, ….$`) });
  });
});

describe('the rows of CSV', () => {
  const refused: Record<string, [text: string, model: Model, message: string | RegExp]> = {
    'a value that is no JSON': ['x,z\n1,"[2,3]"\n4,"[5,"\n', two, /^Line 3: z is not valid JSON: /],
    'a value of the wrong shape': ['x,z\n1,"[2,3]"\n4,5\n', two, /^Line 3: z should be an array of 2 numbers/],
    'a value of a column': ['age,income\n1,2\n3,much\n', person, 'Line 3: income should be a number, but is "much".'],
    'an absent value': ['age,income\n1,2\n,4\n', person, 'Line 3: age is missing.'],
    'a number past what the model’s are': ['age,income\n1,2\n3,1e39\n', person, /^Line 3: income should be a number/],
    'a column that is lacking': ['age\n1\n2\n', person, 'Line 2: income is missing.'],
    'a category that isn’t known': ['age,sex\n1,f\n2,x\n', words, /^Line 3: sex should be one of/],
  };
  for (const [name, [text, model, message]] of Object.entries(refused))
    it(`are refused with their line for ${name}`, () =>
      assert.throws(() => read(text, model), { message, code: 'instances_invalid' }));

  it('are no more than there may be', () => {
    const text = 'age,income\n1,2\n3,4\n5,6\n';
    const limits = { batchRows: Number.POSITIVE_INFINITY };
    assert.equal(read(text, person, { ...limits, maxRows: 3 }).rows, 3);
    for (const batchRows of [1, Number.POSITIVE_INFINITY])
      assert.throws(() => read(text, person, { batchRows, maxRows: 2 }), {
        code: 'content_too_large',
        message: 'There are more than 2 rows, the most that one request can have.',
      });
    assert.throws(() => read(text, person, { ...limits, maxRows: 1 }), { message: /more than 1 row,/ });
  });

  it('come in batches, all at once where rows depend on each other', () => {
    const text = 'age,income\n1,2\n3,4\n5,6\n';
    assert.deepEqual(read(text, person, { batchRows: 2 }).batches, [{ x: [1, 2, 3, 4] }, { x: [5, 6] }]);
    const model = { inputs: person.inputs, outputs: [float('y', 1)] };
    assert.deepEqual(csvRows(model, 50), { batchRows: 50, maxRows: Number.POSITIVE_INFINITY });
    assert.deepEqual(csvRows(model, 10 ** 6), { batchRows: 2 ** 14, maxRows: Number.POSITIVE_INFINITY });
    assert.deepEqual(csvRows({ ...model, batchDependent: true }, 50), {
      batchRows: Number.POSITIVE_INFINITY,
      maxRows: 50,
    });
  });

  it('are a batch of one where a row is larger than any batch', () => {
    const large: Model = { inputs: [float('x', 2 ** 11, 2 ** 12)], kinds: { x: tensor } };
    assert.throws(() => read('x\n1\n2\n', large), { message: /^Line 2: / });
    // Numbers that the model gets for a row, not those that stand in the CSV.
    const half = { ...person, inputs: [float('x', 2), float('n', 2 ** 21)], kinds: { ...person.kinds, n: tensor } };
    assert.throws(() => read('age,income,n\n1,2,3\n', half), { message: /^Line 2: n should be/ });
  });

  it('are as large as they may be', () => {
    assert.equal(csvTooLarge(2 ** 20), 'The CSV is larger than 1 MB, the most that this server takes.');
  });
});
