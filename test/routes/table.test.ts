/** A model whose card says that it takes a table: rows by column name, scaled as it was trained on. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { concat } from '../../src/onnx/operators/index.js';
import { colourModel, doublingModel } from '../helpers/onnx-models.js';
import { validatorOf } from '../helpers/openapi.js';

const columns = [{ name: 'age', offset: 40, scale: 10 }, { name: 'income', scale: 1000 }, { name: 'is member' }];

const folder = mkdtempSync(join(tmpdir(), 'keras-serve-table-'));
after(() => rmSync(folder, { recursive: true }));
copyFileSync(doublingModel(), join(folder, 'doubling.onnx'));
const writeCard = (card: object) => writeFileSync(join(folder, 'serve.json'), JSON.stringify(card));
const serve = () => buildApp({ model: folder, processes: 1, noCache: true });

describe('a table', () => {
  let app: FastifyInstance;
  before(async () => {
    writeCard({ inputs: { x: { kind: 'table', columns } } });
    app = await serve();
    await app.ready();
  });
  after(() => app?.close());

  const predict = async (payload: unknown, url = '/predict') => {
    const reply = await app.inject({
      method: 'POST',
      url,
      payload: JSON.stringify(payload),
      headers: { 'content-type': 'application/json' },
    });
    return { status: reply.statusCode, body: reply.json() };
  };

  const ada = { age: 50, income: 3000, 'is member': true };
  /** What the model, which doubles, gives for her. */
  const expected = [2, 6, 2];

  it('is an object by column name, whose prediction stands alone, in any order of its keys', async () => {
    assert.deepEqual((await predict(ada)).body, { predictions: expected, success: true });
    const turned = Object.fromEntries(Object.entries(ada).reverse());
    assert.deepEqual((await predict(turned)).body.predictions, expected);
  });

  it('is one of several, by column name, by input name, or as a list in the columns’ order', async () => {
    for (const row of [ada, { x: ada }, [50, 3000, 1], { x: [50, 3000, 1] }])
      for (const payload of [{ instances: [row, row] }, [row, row]])
        assert.deepEqual((await predict(payload)).body.predictions, [expected, expected], JSON.stringify(payload));
    assert.deepEqual((await predict({ instances: [[50, 3000, 1], ada] })).body.predictions, [expected, expected]);
    assert.deepEqual((await predict({ x: [ada, ada] })).body.predictions, [expected, expected]);
  });

  it('is refused by the place and name of what is wrong', async () => {
    const refused: [payload: unknown, message: RegExp][] = [
      [{ instances: [ada, { ...ada, agee: 1 }] }, /^instances\[1\]\.agee is no column\. Did you mean "age"\?$/],
      [{ instances: [{ age: 50, income: 1 }] }, /^instances\[0\]\["is member"\] is missing\.$/],
      [{ instances: [{ ...ada, income: null }] }, /^instances\[0\]\.income is missing\.$/],
      [{ instances: [{ ...ada, income: 'much' }] }, /^instances\[0\]\.income should be a number, but is "much"\.$/],
      [{ instances: [[1, 2]] }, /should be an object by column name, or an array of 3 numbers, but is an array of 2/],
      [{ instances: [{ ...ada, x: [1, 2, 3] }] }, /^instances\[0\]\.x is given as a whole and by its columns\.$/],
      [{ age: 50 }, /income is missing/],
      [{ incom: 50 }, /^incom is no input\. Did you mean "income"\?$/],
    ];
    for (const [payload, message] of refused) {
      const { status, body } = await predict(payload);
      assert.equal(status, 400, JSON.stringify(payload));
      assert.match(body.error.message, message);
    }
  });

  it('leaves the routes of the protocols with the model’s own numbers', async () => {
    const { body } = await predict({ instances: [[50, 3000, 1]] }, '/v1/models/doubling:predict');
    assert.deepEqual(body.predictions, [[100, 6000, 2]]);
    assert.equal((await predict({ instances: [ada] }, '/v1/models/doubling:predict')).status, 400);
  });

  it('is what GET /models, the document and its example say', async () => {
    const details = (await app.inject('/models/doubling')).json();
    assert.deepEqual([details.inputs[0].kind, details.outputs[0].kind], ['table', 'tensor']);
    assert.equal((await predict(details.example)).status, 200);
    const document = (await app.inject('/openapi.json')).json();
    const { example, schema } = document.paths['/predict'].post.requestBody.content['application/json'];
    assert.deepEqual(example, details.example);
    const documented = validatorOf(document, schema);
    for (const payload of [example, { ...ada, 'is member': 1 }])
      assert.ok(documented.Check(payload), JSON.stringify(payload));
    assert.match(
      document.paths['/predict'].post.description,
      /an object with a number for "age", "income", "is member"/,
    );
  });
});

it('columns of two tables stand beside each other, by the table where a name is in both', async (t) => {
  const graph = new GraphBuilder();
  const [person, house] = ['person', 'house'].map((name) => graph.input(name, 'float32', [null, 2]));
  graph.output('y', concat([person!, house!], 1));
  const two = mkdtempSync(join(tmpdir(), 'keras-serve-tables-'));
  t.after(() => rmSync(two, { recursive: true }));
  writeFileSync(join(two, 'two.onnx'), encodeOnnx(graph).toBuffer());
  const tables = {
    person: { columns: [{ name: 'age' }, { name: 'house' }] },
    house: { columns: [{ name: 'age', scale: 10 }, { name: 'rooms' }] },
  };
  writeFileSync(join(two, 'serve.json'), JSON.stringify({ inputs: tables }));
  const app = await buildApp({ model: two, processes: 1, noCache: true });
  t.after(() => app.close());
  const predict = async (payload: object) => (await app.inject({ method: 'POST', url: '/predict', payload })).json();
  const mixed = { 'person.age': 40, 'person.house': 1, 'house.age': 50, rooms: 3 };
  assert.deepEqual((await predict(mixed)).predictions, [40, 1, 5, 3]);
  const parts = { person: { age: 40, house: 1 }, house: [50, 3] };
  assert.deepEqual((await predict({ instances: [parts, mixed] })).predictions, [
    [40, 1, 5, 3],
    [40, 1, 5, 3],
  ]);
  assert.match(
    (await predict({ instances: [{ age: 1 }] })).error.message,
    /age is no input\. There are "person\.age", /,
  );
  assert.match(
    (await predict({ instances: [[1, 2, 3, 4]] })).error.message,
    /should be an object with "person\.age", /,
  );
});

it('a model that could take images takes none where its card says so', async (t) => {
  const images = mkdtempSync(join(tmpdir(), 'keras-serve-no-image-'));
  t.after(() => rmSync(images, { recursive: true }));
  copyFileSync(colourModel(), join(images, 'colour.onnx'));
  writeFileSync(join(images, 'serve.json'), JSON.stringify({ inputs: { image: { kind: 'tensor' } } }));
  const app = await buildApp({ model: images, processes: 1, noCache: true });
  t.after(() => app.close());
  await app.ready();
  const details = (await app.inject('/models/colour')).json();
  assert.deepEqual(
    [details.takes_images, details.inputs[0].kind, details.outputs[0].kind],
    [false, 'tensor', 'tensor'],
  );
  const reply = await app.inject({ method: 'POST', url: '/predict', payload: { image: 'aGk=' } });
  assert.equal(reply.statusCode, 400);

  const card = { inputs: { image: { kind: 'tensor' } }, image: { scaling: 'tf' } };
  writeFileSync(join(images, 'serve.json'), JSON.stringify(card));
  const contrary = await buildApp({ model: images, processes: 1, noCache: true });
  t.after(() => contrary.close());
  const message = /image can't stand beside inputs\.image, which is no image/;
  await assert.rejects(async () => contrary.ready(), { code: 'card_invalid', message });
});

it('a card that can’t be so is refused, with what is wrong in it', async () => {
  const wrong: [inputs: object, message: RegExp][] = [
    [
      { x: { kind: 'tabl', columns } },
      /inputs\.x\.kind must be one of image, table, .*sequence, tensor, .*Did you mean "table"\?/,
    ],
    [{ x: { columns: columns.slice(1) } }, /inputs\.x\.columns has 2 columns where the model takes 3/],
    [{ x: { columns, colums: [] } }, /inputs\.x\.colums isn't a known key/],
    [{ x: { kind: 'table' } }, /inputs\.x\.kind is table, which needs "columns"/],
    [{ x: { kind: 'image' } }, /inputs\.x\.kind can't be "image": x is float32 of the shape \(any, 3\)/],
    [{ y: { columns } }, /inputs\.y is none of the model's inputs: x/],
    [{ x: { columns: [...columns.slice(0, 2), columns[0]] } }, /two columns called "age"/],
    [{ x: { columns: [{ name: 'a', scale: 0 }, { name: 'b' }, { name: 'c' }] } }, /scale of "a" must not be 0/],
    [
      { x: { columns: [{ name: 'a', scale: '1' }, { name: 'b' }, { name: 'c' }] } },
      /columns\[0\]\.scale must be a number/,
    ],
    [{ x: { kind: 'tensor', columns } }, /inputs\.x\.columns isn't a key of the kind "tensor"/],
  ];
  for (const [inputs, message] of wrong) {
    writeCard({ inputs });
    const app = await serve();
    await assert.rejects(async () => app.ready(), { code: 'card_invalid', message });
    await app.close();
  }
  writeCard({ labels: ['a', 'b', 'c'], outputs: { y: { kind: 'tensor' } } });
  const app = await serve();
  const message = /labels can't stand beside outputs\.y\.kind, which is tensor/;
  await assert.rejects(async () => app.ready(), { code: 'card_invalid', message });
  await app.close();
});
