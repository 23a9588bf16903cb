/** Images that Keras's models make, over HTTP: each pixel is that of Keras's own numbers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useFixtureApp } from '../helpers/fixture-app.js';
import { formOf } from '../helpers/form.js';
import { type Drawn, mapped, pixelsOf, pngOf, rowOf } from '../helpers/pictures.js';

const { app, recorded, outputsOf } = useFixtureApp('pictures', {
  autoencoder_sigmoid: {},
  autoencoder_tanh: { card: { image: { scaling: 'tf' } } },
  denoiser: {},
  several: {
    card: {
      inputs: { table: { columns: [{ name: 'age' }, { name: 'weight' }] } },
      outputs: { sort: { labels: ['cat', 'dog', 'fox'] }, size: { kind: 'number', unit: 'm' } },
    },
  },
});

type Served = 'autoencoder_sigmoid' | 'autoencoder_tanh' | 'denoiser' | 'several';

const ofUnit = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 255);
/** What became of the numbers that `tf` scales to −1 … 1. */
const byteOf = (model: Served) => (value: number) => ofUnit(model === 'autoencoder_tanh' ? (value + 1) / 2 : value);

const photoOf = (model: Served, row: number) => pngOf(mapped(rowOf(recorded(model, 'photo'), row), byteOf(model)));

const expectedOf = (model: Served, row: number, output = outputsOf(model)[0]!) =>
  mapped(rowOf(recorded(model, output), row), byteOf(model));

/** What Keras's number is halfway between two, rounding may be otherwise. */
function checkPixels({ data, ...size }: Drawn, { data: expected, ...expectedSize }: Drawn) {
  assert.deepEqual(size, expectedSize);
  const apart = data.map((value, index) => Math.abs(value - expected[index]!));
  assert.ok(Math.max(...apart) <= 1, `off by ${Math.max(...apart)}`);
  assert.ok(apart.filter(Boolean).length <= data.length / 100, `${apart.filter(Boolean).length} of ${data.length}`);
}

const post = async (model: Served, payload: Buffer | object, { query = '', ...headers }: Record<string, string> = {}) =>
  app().inject({ method: 'POST', url: `/models/${model}/predict${query}`, payload, headers });

describe('images of Keras', () => {
  for (const model of ['autoencoder_sigmoid', 'autoencoder_tanh', 'denoiser'] satisfies Served[])
    it(`${model} has the pixels that Keras gives, in JSON and as PNG`, async () => {
      const photos = await Promise.all([0, 1].map((row) => photoOf(model, row)));
      const two = await post(model, { instances: photos.map((photo) => ({ b64: photo.toString('base64') })) });
      const { predictions } = two.json();
      assert.equal(predictions.length, 2, two.body);
      for (const [row, { height, width, png }] of predictions.entries()) {
        const expected = expectedOf(model, row);
        assert.deepEqual([height, width], [expected.height, expected.width]);
        checkPixels(await pixelsOf(png), expected);
      }
      const one = await post(model, photos[1]!, { 'content-type': 'image/png', accept: 'image/png' });
      assert.equal(one.headers['content-type'], 'image/png', one.body);
      checkPixels(await pixelsOf(one.rawPayload), expectedOf(model, 1));
    });
});

describe('a model that makes pictures, labels and numbers of an image and a table', () => {
  const table = (row: number) => rowOf({ ...recorded('several', 'table'), shape: [2, 2, 1] }, row).data;
  const ask = async (row: number, headers: Record<string, string> = {}) => {
    const [age, weight] = table(row).map(String) as [string, string];
    const photo = await photoOf('several', row);
    const form = await formOf(['weight', weight], ['photo', photo, 'photo.png'], ['age', age]);
    return post('several', form.payload, { ...form.headers, ...headers });
  };
  const numbersOf = (output: string, row: number) =>
    rowOf({ ...recorded('several', output), shape: [2, recorded('several', output).shape[1]!, 1] }, row).data;

  /** The kinds of its outputs, with what each has to have for a row. */
  const checks: Record<string, (prediction: never, row: number) => Promise<void> | void> = {
    mask: async ({ png, areas }: { png: string; areas: { fraction: number }[] }, row) => {
      const { data } = rowOf(recorded('several', 'mask'), row);
      const classes = Array.from({ length: 12 * 16 }, (_, pixel) => {
        const numbers = data.slice(pixel * 3, pixel * 3 + 3);
        return numbers.indexOf(Math.max(...numbers));
      });
      assert.deepEqual((await pixelsOf(png)).data, classes);
      assert.ok(Math.abs(areas.reduce((sum, { fraction }) => sum + fraction, 0) - 1) < 1e-9);
    },
    small: async ({ png }: { png: string }, row) =>
      checkPixels(await pixelsOf(png), expectedOf('several', row, 'small')),
    sort: (prediction: { label: string; probability: number }[], row) => {
      const numbers = numbersOf('sort', row);
      const expected = ['cat', 'dog', 'fox']
        .map((label, index) => ({ label, probability: numbers[index]! }))
        .sort((one, other) => other.probability - one.probability);
      assert.deepEqual(
        prediction.map(({ label }) => label),
        expected.map(({ label }) => label),
      );
      for (const [index, { probability }] of prediction.entries())
        assert.ok(Math.abs(probability - expected[index]!.probability) < 1e-4);
    },
    size: ({ value, unit }: { value: number; unit: string }, row) => {
      const [expected] = numbersOf('size', row);
      assert.ok(Math.abs(value - expected!) <= 1e-4 * Math.abs(expected!), `${value}, not ${expected}`);
      assert.equal(unit, 'm');
    },
  };

  it('has in JSON all that Keras gives, of one datapoint and of several', async () => {
    const one = await ask(0);
    assert.equal(one.statusCode, 200, one.body);
    assert.deepEqual(Object.keys(one.json().predictions), Object.keys(checks));
    const instances = await Promise.all(
      [0, 1].map(async (row) => ({ photo: (await photoOf('several', row)).toString('base64'), table: table(row) })),
    );
    const two = await post('several', { instances });
    const all = [one.json().predictions, ...two.json().predictions];
    assert.equal(all.length, 3);
    for (const [index, predictions] of all.entries())
      for (const [output, check] of Object.entries(checks))
        await check(predictions[output] as never, Math.max(0, index - 1));
  });

  it('has the picture that is picked, as PNG, and the rest as CSV', async () => {
    const small = await ask(1, { query: '?output=small', accept: 'image/png' });
    checkPixels(await pixelsOf(small.rawPayload), expectedOf('several', 1, 'small'));
    const sort = await ask(1, { query: '?output=sort', accept: 'text/csv' });
    const numbers = numbersOf('sort', 1);
    const best = numbers.indexOf(Math.max(...numbers));
    assert.match(sort.body, new RegExp(`^label,probability\r\n${['cat', 'dog', 'fox'][best]},0\\.\\d+\r\n$`));
    const unsaid = await ask(1, { accept: 'image/png' });
    assert.equal(unsaid.statusCode, 406);
    assert.match(unsaid.json().error.message, /Pick \?output=mask or \?output=small\./);
    const none = await ask(1, { query: '?output=size', accept: 'image/png' });
    assert.equal(none.statusCode, 406);
  });

  it('has pictures of other sizes than the photo’s brought to it where that is asked for', async () => {
    const reply = await ask(0, { query: '?size=input&output=small', accept: 'image/png' });
    const { height, width, channels, data } = await pixelsOf(reply.rawPayload);
    assert.deepEqual([height, width, channels], [12, 16, 3]);
    const { data: half } = expectedOf('several', 0, 'small');
    // Each corner is that of the small picture.
    const corners = [0, 15, 11 * 16, 11 * 16 + 15].map((pixel) => data[pixel * 3]);
    const expected = [0, 7, 5 * 8, 5 * 8 + 7].map((pixel) => half[pixel * 3]);
    for (const [index, corner] of corners.entries()) assert.ok(Math.abs(corner! - expected[index]!) <= 1);
  });
});
