/** Masks of Keras's models over HTTP: each pixel has the class that Keras's own numbers give it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useFixtureApp } from '../helpers/fixture-app.js';
import { formOf } from '../helpers/form.js';
import { type Drawn, mapped, pixelsOf, pngOf, rowOf } from '../helpers/pictures.js';

const { app, recorded, outputsOf } = useFixtureApp('pictures', {
  mask_sigmoid: { card: { outputs: { conv2d: { labels: ['road'], threshold: 0.8 } } } },
  mask_logits: { files: { 'classes.txt': 'lane' } },
  mask_softmax: { card: { labels: ['sky', 'tree'], image: { interpolation: 'nearest' } } },
  mask_open: { card: { image: { size: [12, 16] } }, files: { 'labels.txt': 'sky\ntree\nroad\nhouse\n' } },
});

type Served = 'mask_sigmoid' | 'mask_logits' | 'mask_softmax' | 'mask_open';

const logit = (probability: number) => Math.log(probability / (1 - probability));
/** How probable the class of one channel has to be, as the model gives it. */
const thresholds: Partial<Record<Served, number>> = { mask_sigmoid: 0.8, mask_logits: logit(0.5) };
const labels: Record<Served, string[]> = {
  mask_sigmoid: ['background', 'road'],
  mask_logits: ['background', 'lane'],
  mask_softmax: ['background', 'sky', 'tree'],
  mask_open: ['sky', 'tree', 'road', 'house'],
};

const photoOf = (model: Served, row: number) =>
  pngOf(mapped(rowOf(recorded(model, 'photo'), row), (value) => Math.round(value * 255)));

/** The class of each pixel, from the numbers that Keras gave. */
function classesOf(model: Served, row: number): number[] {
  const { height, width, channels, data } = rowOf(recorded(model, outputsOf(model)[0]!), row);
  return Array.from({ length: height * width }, (_, pixel) => {
    const numbers = data.slice(pixel * channels, (pixel + 1) * channels);
    const least = thresholds[model];
    return least === undefined ? numbers.indexOf(Math.max(...numbers)) : Number(numbers[0]! >= least);
  });
}

/** What a mask has to say of the classes of its pixels. */
const expectedOf = (model: Served, row: number) => {
  const classes = classesOf(model, row);
  const isWhite = labels[model].length === 2;
  const areas = labels[model]
    .map((label, index) => ({ label, fraction: classes.filter((one) => one === index).length / classes.length }))
    .filter(({ fraction }) => fraction > 0)
    .sort((one, other) => other.fraction - one.fraction);
  const pixels = { height: 12, width: 16, channels: 1, data: classes.map((one) => (isWhite ? one * 255 : one)) };
  return { pixels, areas };
};

const post = async (model: Served, payload: Buffer | object, { query = '', ...headers }: Record<string, string> = {}) =>
  app().inject({ method: 'POST', url: `/models/${model}/predict${query}`, payload, headers });

interface Mask {
  height: number;
  width: number;
  png: string;
  areas: { label: string; fraction: number }[];
}

async function checkMask({ png, areas, height, width }: Mask, expected: { pixels: Drawn; areas: Mask['areas'] }) {
  assert.deepEqual(await pixelsOf(png), expected.pixels);
  assert.deepEqual(areas, expected.areas);
  assert.deepEqual([height, width], [expected.pixels.height, expected.pixels.width]);
}

const served: Served[] = ['mask_sigmoid', 'mask_logits', 'mask_softmax', 'mask_open'];

describe('masks of Keras', () => {
  for (const model of served) {
    it(`${model} has in JSON the classes that Keras gives, of one photo and of several`, async () => {
      const photos = await Promise.all([0, 1].map((row) => photoOf(model, row)));
      const one = await post(model, photos[0]!, { 'content-type': 'image/png' });
      assert.equal(one.statusCode, 200, one.body);
      await checkMask(one.json().predictions, expectedOf(model, 0));
      const two = await post(model, { instances: photos.map((photo) => ({ b64: photo.toString('base64') })) });
      const { predictions } = two.json();
      assert.equal(predictions.length, 2, two.body);
      for (const [row, prediction] of predictions.entries()) await checkMask(prediction, expectedOf(model, row));
    });

    it(`${model} is a PNG where that is asked for`, async () => {
      const { headers, payload } = await formOf(['photo', await photoOf(model, 1), 'photo.png']);
      const reply = await post(model, payload, { ...(headers as { 'content-type': string }), accept: 'image/png' });
      assert.equal(reply.statusCode, 200, reply.body);
      assert.equal(reply.headers['content-type'], 'image/png');
      assert.deepEqual(await pixelsOf(reply.rawPayload), expectedOf(model, 1).pixels);
    });
  }

  it('is as large as the photo that was sent, where that is asked for', async () => {
    const small = rowOf(recorded('mask_softmax', 'photo'), 0);
    // Twice as large, each pixel four times: the model gets the half of them that it was recorded with.
    const large: Drawn = {
      height: 24,
      width: 32,
      channels: 3,
      data: Array.from({ length: 24 * 32 * 3 }, (_, at) => {
        const [y, x, channel] = [Math.floor(at / 96), Math.floor(at / 3) % 32, at % 3];
        return Math.round(small.data[(Math.floor(y / 2) * 16 + Math.floor(x / 2)) * 3 + channel]! * 255);
      }),
    };
    const reply = await post('mask_softmax', await pngOf(large), {
      'content-type': 'image/png',
      query: '?size=input',
      accept: 'image/png',
    });
    const { data } = expectedOf('mask_softmax', 0).pixels;
    const expected = Array.from(
      { length: 24 * 32 },
      (_, at) => data[Math.floor(at / 64) * 16 + Math.floor((at % 32) / 2)]!,
    );
    assert.deepEqual(await pixelsOf(reply.rawPayload), { height: 24, width: 32, channels: 1, data: expected });
  });

  it('can’t be a PNG of two photos, nor CSV', async () => {
    const b64 = (await photoOf('mask_sigmoid', 0)).toString('base64');
    const cases: [accept: string, instances: object[], message: RegExp][] = [
      ['image/png', [{ b64 }, { b64 }], /one datapoint, and there are 2/],
      ['text/csv', [{ b64 }], /a mask, can't be/],
    ];
    for (const [accept, instances, message] of cases) {
      const reply = await post('mask_sigmoid', { instances }, { accept });
      assert.equal(reply.statusCode, 406);
      assert.match(reply.json().error.message, message);
    }
  });
});
