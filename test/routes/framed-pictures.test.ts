/** Photos of another size than the model's, padded, cropped and turned: what is seen of them is what TensorFlow and Keras make. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import sharp from 'sharp';
import { useFixtureApp } from '../helpers/fixture-app.js';
import { formOf } from '../helpers/form.js';
import { type Drawn, mapped, pixelsOf, rowOf } from '../helpers/pictures.js';

const card = (resize: string) => ({
  image: { resize, interpolation: 'nearest', scaling: 'unit' },
  outputs: { mask: { labels: ['a', 'b', 'c'] } },
});
const { app, recorded } = useFixtureApp('pictures', {
  pad: { fixture: 'framed', card: card('pad') },
  crop: { fixture: 'framed', card: card('crop') },
});

/** Photos as `test/fixtures/make/families/pictures.py` has them, and the rows that were recorded of them. */
const photos = {
  pad: { height: 24, width: 16, row: 0 },
  crop: { height: 6, width: 20, row: 1 },
} as const;
type Served = keyof typeof photos;

function photoOf(model: Served): Drawn {
  const { height, width } = photos[model];
  const data = Array.from({ length: height * width * 3 }, (_, at) => {
    const [y, x, channel] = [Math.floor(at / 3 / width), Math.floor(at / 3) % width, at % 3];
    return (y * 37 + x * 101 + channel * 53 + x * y) % 256;
  });
  return { height, width, channels: 3, data };
}

/** Where a pixel of the upright picture lies in one that is stored of that height and width: by EXIF's orientations. */
const storedAt: Record<number, (y: number, x: number, height: number, width: number) => [y: number, x: number]> = {
  1: (y, x) => [y, x],
  2: (y, x, _height, width) => [y, width - 1 - x],
  3: (y, x, height, width) => [height - 1 - y, width - 1 - x],
  4: (y, x, height) => [height - 1 - y, x],
  5: (y, x) => [x, y],
  6: (y, x, height) => [height - 1 - x, y],
  7: (y, x, height, width) => [height - 1 - x, width - 1 - y],
  8: (y, x, _height, width) => [x, width - 1 - y],
};

/** A file that is upright once it is turned as its EXIF says. */
function turned(photo: Drawn, orientation: number, format: 'png' | 'tiff' | 'webp'): Promise<Buffer> {
  const [height, width] = orientation > 4 ? [photo.width, photo.height] : [photo.height, photo.width];
  const pixels = new Uint8Array(height * width * 3);
  for (let at = 0; at < photo.data.length; at++) {
    const [y, x] = storedAt[orientation]!(
      Math.floor(at / 3 / photo.width),
      Math.floor(at / 3) % photo.width,
      height,
      width,
    );
    pixels[(y * width + x) * 3 + (at % 3)] = photo.data[at]!;
  }
  const options = format === 'webp' ? { lossless: true } : format === 'tiff' ? { compression: 'none' as const } : {};
  return sharp(pixels, { raw: { height, width, channels: 3 } })
    .withMetadata({ orientation })
    .toFormat(format, options)
    .toBuffer();
}

const ask = async (model: Served, file: Buffer, query = '', accept = 'application/json') => {
  const { headers, payload } = await formOf(['image', file, 'photo']);
  const url = `/models/${model}/predict${query}`;
  const reply = await app().inject({ method: 'POST', url, payload, headers: { ...headers, accept } });
  assert.equal(reply.statusCode, 200, reply.body);
  return reply;
};

/** The classes and the pixels that Keras's own numbers give, of the picture as the model has seen it. */
function expectedOf(model: Served): { mask: Drawn; picture: Drawn } {
  const { row } = photos[model];
  const { data, ...size } = rowOf(recorded(model, 'mask'), row);
  const classes = Array.from({ length: data.length / 3 }, (_, pixel) => {
    const numbers = data.slice(pixel * 3, pixel * 3 + 3);
    return numbers.indexOf(Math.max(...numbers));
  });
  const picture = mapped(rowOf(recorded(model, 'picture'), row), (value) => Math.round(value * 255));
  return { mask: { ...size, channels: 1, data: classes }, picture };
}

/** What a model has seen of one pixel of the photo: the class of its middle, or undefined where it was cut off. */
const seenAt: Record<Served, (y: number, x: number) => [y: number, x: number] | undefined> = {
  // Half as large, four columns of padding on the left.
  pad: (y, x) => [Math.floor(y / 2), 4 + Math.floor(x / 2)],
  // Twice as large: six columns are cut off on each side.
  crop: (y, x) => (x < 6 || x >= 14 ? undefined : [2 * y + 1, 2 * (x - 6) + 1]),
};

describe('photos of another size than the model takes', () => {
  for (const model of ['pad', 'crop'] satisfies Served[]) {
    for (const format of ['png', 'tiff', 'webp'] as const)
      it(`${model}: what the model makes is what Keras makes, however a ${format} is turned`, async () => {
        const expected = expectedOf(model);
        for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
          const reply = await ask(model, await turned(photoOf(model), orientation, format));
          const { mask, picture } = reply.json().predictions;
          assert.deepEqual(await pixelsOf(mask.png), expected.mask, `orientation ${orientation}`);
          const { data } = await pixelsOf(picture.png);
          const apart = data.map((value, index) => Math.abs(value - expected.picture.data[index]!));
          assert.ok(Math.max(...apart) <= 1, `orientation ${orientation}: off by ${Math.max(...apart)}`);
        }
      });

    it(`${model}: ?size=input gives masks the size of the upright photo, and what the model saw its place`, async () => {
      const { height, width } = photos[model];
      const { mask } = expectedOf(model);
      const classes = Array.from({ length: height * width }, (_, at) => {
        const seen = seenAt[model](Math.floor(at / width), at % width);
        return seen ? mask.data[seen[0] * 16 + seen[1]]! : 0;
      });
      for (const orientation of [1, 6]) {
        const file = await turned(photoOf(model), orientation, 'png');
        const png = await ask(model, file, '?size=input&output=mask', 'image/png');
        const expected = { height, width, channels: 1, data: classes };
        assert.deepEqual(await pixelsOf(png.rawPayload), expected, `orientation ${orientation}`);
        const { predictions } = (await ask(model, file, '?size=input')).json();
        assert.deepEqual(await pixelsOf(predictions.mask.png), expected);
        const fractions = ['a', 'b', 'c']
          .map((label, index) => ({ label, fraction: classes.filter((one) => one === index).length / classes.length }))
          .filter(({ fraction }) => fraction > 0)
          .sort((one, other) => other.fraction - one.fraction);
        assert.deepEqual(predictions.mask.areas, fractions);
        assert.deepEqual([predictions.picture.height, predictions.picture.width], [height, width]);
      }
    });
  }

  it('crop: ?size=input leaves images black where the model saw nothing', async () => {
    const file = await turned(photoOf('crop'), 1, 'png');
    const reply = await ask('crop', file, '?size=input&output=picture', 'image/png');
    const { height, width, data } = await pixelsOf(reply.rawPayload);
    assert.deepEqual([height, width], [6, 20]);
    const isBlack = Array.from({ length: 120 }, (_, at) =>
      data.slice(at * 3, at * 3 + 3).every((value) => value === 0),
    );
    assert.deepEqual(
      isBlack,
      Array.from({ length: 120 }, (_, at) => !seenAt.crop(Math.floor(at / 20), at % 20)),
    );
  });
});
