/** Requests that are forms: fields by input and column name, files for images, texts for all else. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import sharp from 'sharp';
import { buildApp } from '../../src/app.js';
import { formOf } from '../helpers/form.js';
import { formModels } from '../helpers/form-models.js';
import { run } from '../helpers/run.js';

const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' };
const red = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#f00' } })
  .png()
  .toBuffer();
const blue = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#00f' } })
  .png()
  .toBuffer();

let app: FastifyInstance;
before(async () => {
  app = await buildApp({ model: formModels(), processes: 1, noCache: true, maxJsonSize: 2 ** 20 });
  await app.ready();
});
after(() => app?.close());

type Fields = Parameters<typeof formOf>;

const post = async (model: string, request: { headers: Record<string, string>; payload: Buffer | string }) => {
  const reply = await app.inject({ method: 'POST', url: `/models/${model}/predict`, ...request });
  return { status: reply.statusCode, ...reply.json() };
};
const predict = async (model: string, ...fields: Fields) => post(model, await formOf(...fields));

const ada: Fields = [
  ['income', '3000'],
  ['age', ' 50 '],
  ['größe in cm', 'true'],
];

describe('a form', () => {
  it('has a field for each column, in any order', async () => {
    const { predictions, success } = await predict('table', ...ada);
    assert.deepEqual([predictions, success], [[2, 6, 2], true]);
  });

  it('may have a whole table in JSON, by the input’s name', async () => {
    const value = JSON.stringify({ age: 50, income: 3000, 'größe in cm': 1 });
    assert.deepEqual((await predict('table', ['x', value])).predictions, [2, 6, 2]);
    assert.deepEqual((await predict('table', ['x', Buffer.from('[50, 3000, 1]'), 'row.json'])).predictions, [2, 6, 2]);
  });

  it('mixes files for images with texts, and takes a name that two have by its input', async () => {
    const expected = { colour: [255, 0, 0], twice: [80, 14] };
    for (const name of ['photo', 'image'])
      assert.deepEqual(
        (await predict('mixed', [name, red, 'a.png'], ['age', '40'], ['meta.photo', '7'])).predictions,
        expected,
      );
    assert.deepEqual((await predict('mixed', ['meta', '[40, 7]'], ['photo', red, 'a'])).predictions, expected);
  });

  it('has numbers and lists in JSON for inputs without a kind', async () => {
    for (const age of ['4', '[4]', ' {"age": 4}']) {
      const { predictions } = await predict('named', ['week', '[1, 2, 3]'], ['age', age]);
      assert.deepEqual(predictions, { a: [4], w: [1, 2, 3] }, age);
    }
  });

  it('has several images in fields of one name, for a model that takes nothing else', async () => {
    const one = await predict('colour', ['image', red, 'red.png']);
    assert.deepEqual(one.predictions, [255, 0, 0]);
    const two = await predict('colour', ['image', red, 'red.png'], ['image', blue, 'blue.png']);
    assert.deepEqual(two.predictions, [
      [255, 0, 0],
      [0, 0, 255],
    ]);
    const many = await predict(
      'colour',
      ...Array.from({ length: 129 }, (): Fields[number] => ['image', red, 'red.png']),
    );
    assert.match(many.error.message, /There are 129 images: a request can have at most 128/);
  });

  it('comes from curl, by -F and by -d', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/models/table/predict`;
    const curl = async (...words: string[]) => (await run('curl', ['-s', '--max-time', '30', url, ...words])).stdout;
    const expected = '{"predictions":[2,6,2],"success":true}';
    assert.equal(await curl('-F', 'age=50', '-F', 'income=3000', '-F', 'größe in cm=1'), expected);
    assert.equal(await curl('-d', 'age=50', '-d', 'income=3000', '--data-urlencode', 'größe in cm=1'), expected);
    assert.equal(await curl('-d', 'age=50&income=3000', '-d', 'größe+in+cm=1', '-H', 'content-type:'), expected);
  });

  const many = (count: number): Fields => Array.from({ length: count }, (_, index) => [`field ${index}`, '1'] as const);
  const refused: Record<string, [model: string, fields: Fields, code: string, message: string | RegExp]> = {
    'an unknown field': [
      'table',
      [...ada, ['agee', '1']],
      'form_invalid',
      '"agee" is no known field of the form. Did you mean "age"?',
    ],
    'a field like no other': [
      'mixed',
      [['kilograms', '1']],
      'form_invalid',
      /Known are "age", "meta\.photo", "photo", "meta", "image"\.$/,
    ],
    'a field that lacks': ['table', ada.slice(1), 'instances_invalid', /income is missing/],
    'an empty field': ['table', [...ada.slice(1), ['income', ' ']], 'instances_invalid', /income is missing/],
    'a field that is there twice': ['table', [...ada, ['age', '1']], 'form_invalid', 'The field "age" is there twice.'],
    'a text for a number': [
      'table',
      [...ada.slice(1), ['income', 'much']],
      'instances_invalid',
      /income should be a number, but is "much"/,
    ],
    'text for JSON': [
      'named',
      [
        ['week', '[1, 2'],
        ['age', '4'],
      ],
      'form_invalid',
      /^The field "week" is not valid JSON: .* at byte 5, but there is its end\.$/,
    ],
    'a text for an image': [
      'mixed',
      [
        ['photo', 'dog.jpg'],
        ['meta', '[1, 2]'],
      ],
      'image_missing',
      'The field "photo" holds text. Send a file in it: -F photo=@dog.jpg, with the @.',
    ],
    'no image': ['mixed', [['meta', '[1, 2]']], 'instances_invalid', /photo.* is missing/],
    'what is no image': [
      'mixed',
      [
        ['photo', Buffer.from('x'), 'a'],
        ['meta', '[1, 2]'],
      ],
      'image_invalid',
      /JPEG/,
    ],
    'bytes that are no text': ['table', [['x', Buffer.of(0xff), 'x.json']], 'body_invalid', /isn’t UTF-8/],
    'bytes in a column': [
      'table',
      [...ada.slice(1), ['income', Buffer.of(0xff), 'a']],
      'form_invalid',
      'The field "income" isn’t UTF-8.',
    ],
    'an image for numbers': [
      'table',
      [['image', red, 'a.png']],
      'model_takes_no_images',
      /^This model takes no images/,
    ],
    'too many fields': [
      'table',
      many(50),
      'form_too_large',
      'The form has more than 12 parts, the most that this model takes.',
    ],
    nothing: ['table', [], 'body_invalid', /^The form is empty\. Send JSON/],
    'a whole table and its column': [
      'table',
      [...ada, ['x', '[1, 2, 3]']],
      'instances_invalid',
      /as a whole and by its columns/,
    ],
    'a field that is too large': [
      'table',
      [['age', ' '.repeat(15 * 2 ** 20)]],
      'content_too_large',
      /^The form is larger than /,
    ],
  };
  it('is what GET of the address speaks of, by the model, and an image only where it is taken alone', async () => {
    const usageOf = async (url: string) => {
      const { statusCode, headers, payload } = await app.inject(url);
      assert.deepEqual([statusCode, headers.allow], [405, 'POST']);
      return JSON.parse(payload).error.message;
    };
    const table =
      'GET is not allowed here. Use POST. Send JSON: {"instances": [...]}, where each instance is an object';
    for (const url of ['/models/table/predict', '/models/table/versions/1/predict'])
      assert.ok((await usageOf(url)).startsWith(`${table} with a number for "age", "income"`), url);
    assert.ok((await usageOf('/models/mixed/predict')).startsWith(`${table} with "photo": {"b64"`));
    assert.match(await usageOf('/models/colour/predict'), /Use POST, .* curl -X POST -F image=@dog\.jpg followed by/);
    assert.equal(await usageOf('/models/gone/predict'), 'GET is not allowed here. Use POST.');
  });

  it('may not be the only image of a model that takes it beside others, which is said', async () => {
    const headers = { 'content-type': 'image/png' };
    const { status, error } = await post('mixed', { headers, payload: red });
    assert.deepEqual([status, error.code], [400, 'model_takes_no_images']);
    assert.match(error.message, /^This model takes an image beside others, not alone\. Send JSON: .*"photo": \{"b64"/);
  });

  for (const [name, [model, fields, code, message]] of Object.entries(refused))
    it(`is refused for ${name}`, async () => {
      const { error } = await predict(model, ...fields);
      assert.equal(error?.code, code, error?.message);
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
    });

  it('is refused for a field of the query in it, which stands in the address', async () => {
    const { error } = await predict('colour', ['image', red, 'a.png'], ['top_k', '3']);
    assert.match(error.message, /^"top_k" is no known field of the form\. Known is "image"\.$/);
  });

  it('of curl -d is refused in the same words', async () => {
    const send = async (payload: string) => (await post('table', { headers: urlencoded, payload })).error;
    assert.match((await send('agee=1')).message, /Did you mean "age"\?/);
    assert.match((await send('age=1&age=2')).message, /^The field "age" is there twice\.$/);
    assert.match((await send('age=1&income=%ff')).message, /isn’t percent-encoded UTF-8/);
    assert.match((await send('age=1&income=2&gr%C3%B6%C3%9Fe+in+cm=')).message, /\["größe in cm"\] is missing\.$/);
  });
});
