/** Models whose card names a fitted transformer of scikit-learn: rows as people have them become the numbers that it makes. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { table } from '../../src/datapoints/kinds/table.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { cast } from '../../src/onnx/operators/index.js';
import { readFitted } from '../../src/pickle/fitted.js';
import { readPickle } from '../../src/pickle/read-pickle.js';
import type { TensorType } from '../../src/support/tensor.js';
import { temporaryFolder } from '../helpers/folder.js';
import { formOf } from '../helpers/form.js';
import { bytesOfCase, type PickleCase, pickleCases } from '../helpers/pickles.js';
import '../helpers/checked-replies.js';

const [, cases] = [...pickleCases].find(([version]) => version.startsWith('scikit-learn-1.9'))!;
const caseOf = (name: string): PickleCase => cases.find((one) => one.name === name)!;

const folder = temporaryFolder('fitted');

/** A model that gives back what it is given. */
function write(
  name: string,
  shape: (number | null)[],
  pickle: string,
  keys: object = {},
  type: TensorType = 'float64',
  output: object = { kind: 'tensor' },
) {
  mkdirSync(join(folder, name));
  const graph = new GraphBuilder();
  graph.output('y', cast(graph.input('x', type, shape), type === 'float64' ? 'float32' : type));
  writeFileSync(join(folder, name, 'model.onnx'), encodeOnnx(graph).toBuffer());
  writeFileSync(join(folder, name, 'object.pkl'), bytesOfCase(caseOf(pickle)));
  const card = { inputs: { x: { transform: 'object.pkl', ...keys } }, outputs: { y: output } };
  writeFileSync(join(folder, name, 'serve.json'), JSON.stringify(card));
}

const single = (rows: unknown): number[][] => (rows as number[][]).map((row) => [...Float32Array.from(row)]);

describe('a table with a fitted transformer', () => {
  let app: FastifyInstance;
  before(async () => {
    write('scaled', [null, 3], 'StandardScaler');
    write('framed', [null, 3], 'StandardScaler of a frame');
    write('named', [null, 3], 'RobustScaler', { columns: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] });
    write('columns', [null, 5], 'ColumnTransformer', { ignored: ['name'] });
    write('filled', [null, 2], 'Pipeline of words');
    write('absent', [null, 3], 'OneHotEncoder None');
    write('ordinal', [null, 2], 'OrdinalEncoder', {}, 'int64');
    write('power', [null, 2], 'PowerTransformer box-cox');
    write('steps', [null, 4, 3], 'StandardScaler of a frame', { padding: 'pre', value: -7 });
    write('open', [null, null, 3], 'StandardScaler of a frame');
    const turned = { transform: 'object.pkl', names: ['a', 'b', 'c'], unit: 'mm' };
    write('inverse', [null, 3], 'StandardScaler', {}, 'float64', turned);
    app = await buildApp({ model: folder, processes: 1, noCache: true });
    await app.ready();
  });
  after(() => app?.close());

  const post = async (model: string, payload: unknown, headers = { 'content-type': 'application/json' }) => {
    const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    const reply = await app.inject({ method: 'POST', url: `/models/${model}/predict`, payload: body, headers });
    const isJson = String(reply.headers['content-type']).includes('json');
    return { status: reply.statusCode, body: isJson ? reply.json() : reply.body };
  };
  const predictionsOf = async (model: string, payload: unknown) => {
    const { status, body } = await post(model, payload);
    assert.equal(status, 200, JSON.stringify(body));
    return body.predictions;
  };
  const messageOf = async (model: string, payload: unknown) => {
    const { status, body } = await post(model, payload);
    assert.equal(status, 400, JSON.stringify(body));
    return body.error.message as string;
  };
  const objectsOf = ({ columns, inputs }: PickleCase) =>
    inputs!.map((row) => Object.fromEntries(columns!.map((name, index) => [name, row[index]])));

  it('gives the model what scikit-learn gives: numbers in the columns’ order, or by scikit-learn’s own names', async () => {
    const { inputs, answers } = caseOf('StandardScaler');
    assert.deepEqual(await predictionsOf('scaled', { instances: inputs }), single(answers));
    const [row] = inputs!;
    assert.deepEqual(await predictionsOf('scaled', { x0: row![0], x1: row![1], x2: row![2] }), single(answers)[0]);
  });

  it('knows the columns that it was fitted on by their names', async () => {
    const one = caseOf('StandardScaler of a frame');
    assert.deepEqual(await predictionsOf('framed', { instances: objectsOf(one) }), single(one.answers));
    assert.match(
      await messageOf('framed', { age: 1, incom: 2, größe: 3 }),
      /incom.*is no column. Did you mean "income"/,
    );
    assert.match(
      await messageOf('framed', { age: 1, income: 'much', größe: 3 }),
      /income should be a number, but is "much"/,
    );
    assert.match(await messageOf('framed', { age: 1, größe: 3 }), /income is missing/);
  });

  it('may have names that the card gives', async () => {
    const { inputs, answers } = caseOf('RobustScaler');
    const rows = inputs!.map(([a, b, c]) => ({ c, b, a }));
    assert.deepEqual(await predictionsOf('named', { instances: rows }), single(answers));
    const reply = await app.inject('/models/named');
    assert.deepEqual(reply.json().inputs[0].card.columns, [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    assert.equal(reply.json().inputs[0].card.transform, 'object.pkl');
  });

  it('fills in what is absent, encodes categories, and passes over what it has no use for', async () => {
    const one = caseOf('ColumnTransformer');
    const answers = single(one.answers);
    const rows = objectsOf(one);
    assert.deepEqual(await predictionsOf('columns', { instances: rows }), answers);
    const { id, ...used } = rows[0]!;
    assert.equal(typeof id, 'number');
    assert.deepEqual(await predictionsOf('columns', { ...used, name: 'Ada' }), answers[0]);
    assert.deepEqual(await predictionsOf('columns', { city: used.city, income: used.income }), [
      0,
      ...answers[0]!.slice(1),
    ]);
    // Its encoder takes any other city for none.
    assert.deepEqual((await predictionsOf('columns', { ...used, city: 'Rom' })).slice(2), [0, 0, 0]);
    assert.match(await messageOf('columns', { age: 1, income: 2 }), /city is missing/);
    const { payload, headers } = await formOf(['age', ''], ['income', '1'], ['city', 'Ulm']);
    assert.deepEqual((await post('columns', payload, headers as never)).body.predictions.slice(2), [0, 0, 1]);
    const csv = await post('columns', 'city,age,income\nUlm,20,1\nBonn,35,10\n', { 'content-type': 'text/csv' });
    assert.equal(csv.status, 200, JSON.stringify(csv.body));
  });

  it('fills in a category, which leaves texts to the encoder behind it', async () => {
    assert.deepEqual(
      await predictionsOf('filled', { instances: [{ city: 'Köln' }, { city: 'Ulm' }, { city: null }, {}] }),
      [
        [1, 0],
        [0, 1],
        [0, 1],
        [0, 1],
      ],
    );
    assert.match(await messageOf('filled', { city: 'Rom' }), /one of "Köln", "Ulm"/);
  });

  it('may have a category for what is absent', async () => {
    const { inputs, answers } = caseOf('OneHotEncoder None');
    assert.ok(inputs!.some(([cell]) => cell === null));
    assert.deepEqual(await predictionsOf('absent', { instances: inputs }), answers);
    assert.deepEqual(await predictionsOf('absent', { instances: [{ x0: 'a' }, {}] }), [answers![0], answers![1]]);
    const csv = await post('absent', 'x0\na\n""\n', { 'content-type': 'text/csv' });
    assert.equal(csv.status, 200, JSON.stringify(csv.body));
    assert.match(await messageOf('absent', { x0: 'c' }), /one of "a", "b"/);
  });

  it('refuses a category that its encoder doesn’t know', async () => {
    assert.deepEqual(
      await predictionsOf('ordinal', {
        instances: [
          ['red', 1],
          ['blue', '3'],
        ],
      }),
      [
        [2, 0],
        [0, 2],
      ],
    );
    assert.match(await messageOf('ordinal', { instances: [['rot', 1]] }), /one of "blue", "green", "red"/);
  });

  it('says where what it makes is no number that the model can take', async () => {
    const message = await messageOf('power', {
      instances: [
        [1, 1],
        [2, -1],
      ],
    });
    assert.match(message, /^instances\[1\]\.x1 should be a number over 0, but is -1\.$/);
  });

  it('prepares each row of a series, and fills up with the model’s own numbers', async () => {
    const one = caseOf('StandardScaler of a frame');
    const rows = objectsOf(one).slice(0, 2);
    const answers = single(one.answers).slice(0, 2);
    const filling = [-7, -7, -7];
    assert.deepEqual(await predictionsOf('steps', { instances: [rows] }), [[filling, filling, ...answers]]);
    assert.deepEqual(await predictionsOf('open', { instances: [rows] }), [answers]);
    const input = { name: 'x', type: 'float32' as const, shape: [null, null, 3] };
    const content = readFitted(readPickle(bytesOfCase(one)));
    const facts = { signature: { inputs: [input], outputs: [] }, hints: null };
    const { spec } = table.claim(input, facts, { transform: { file: 'object.pkl', content } }, (key) => key)!;
    const reader = table.reader(input, spec, 2);
    reader.write(rows, 'a');
    reader.write([rows[1]], 'b');
    const column = reader.finish();
    assert.ok('ragged' in column);
    assert.deepEqual(
      column.ragged.rows.map(({ shape, data }) => [shape, ...data]),
      [
        [[2, 3], ...answers.flat()],
        [[1, 3], ...answers[1]!],
      ],
    );
    assert.match(
      await messageOf('steps', { instances: [[...rows, { ...rows[0], age: 'x' }]] }),
      /^instances\[0\]\[2\]\.age/,
    );
  });

  it('brings the model\u2019s numbers back into the units of the target', async () => {
    const { inputs } = caseOf('StandardScaler');
    const [row] = inputs as number[][];
    const { values, unit } = await predictionsOf('inverse', { instances: [row] }).then(([first]) => first);
    assert.equal(unit, 'mm');
    assert.deepEqual(Object.keys(values), ['a', 'b', 'c']);
    for (const [index, value] of Object.values<number>(values).entries())
      assert.ok(Math.abs(value - row![index]!) <= 1e-6 * Math.abs(row![index]!), `${value} of ${row![index]}`);
    const { outputs } = (await app.inject('/models/inverse')).json();
    assert.deepEqual(outputs[0].card, { names: ['a', 'b', 'c'], unit: 'mm', transform: 'object.pkl' });
  });

  it('is shown with an example that the model answers', async () => {
    const { inputs } = (await app.inject('/models/columns')).json();
    assert.equal(inputs[0].kind, 'table');
    const document = (await app.inject('/openapi.json')).json();
    const text = JSON.stringify(document.paths['/models/columns/predict']);
    assert.ok(text.includes('"city"') && text.includes('"Bonn"'));
  });
});

describe('a card that names a transformer', () => {
  const refused: [name: string, shape: (number | null)[], pickle: string, keys: object, message: RegExp][] = [
    ['wide', [null, 4], 'StandardScaler', {}, /is a StandardScaler and makes? 3 numbers .* takes 4|of 3 columns/],
    [
      'offset',
      [null, 3],
      'StandardScaler',
      { columns: [{ name: 'a', offset: 1 }] },
      /offset can't stand beside "transform"/,
    ],
    ['few', [null, 3], 'StandardScaler', { columns: [{ name: 'a' }] }, /takes 3 columns, but .* has 1/],
    ['dict', [null, 3], 'dict', {}, /object\.pkl, which holds no object of scikit-learn/],
  ];
  for (const [name, shape, pickle, keys, message] of refused)
    it(`is refused: ${name}`, async () => {
      write(name, shape, pickle, keys);
      const app = await buildApp({ model: join(folder, name), processes: 1, noCache: true });
      await assert.rejects(async () => app.ready(), message);
      await app.close();
    });
});
