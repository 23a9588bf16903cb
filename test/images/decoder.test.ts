import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { ImageDecoder } from '../../src/images/decoder.js';
import { planAxis } from '../../src/images/resampling.js';

const read = (name: string) => readFileSync(new URL(`../fixtures/images/${name}`, import.meta.url));
const decoder = new ImageDecoder();

/** A PNG file of one row, of the given pixels. */
const row = (channels: 1 | 2 | 3 | 4, ...values: number[]) =>
  sharp(Uint8Array.from(values), { raw: { width: values.length / channels, height: 1, channels } })
    .png()
    .toBuffer();

describe('channels', () => {
  const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
  const as = async (file: Uint8Array, channels: 1 | 3 | 4, width = 4) => [
    ...(await decoder.decode(file, { size: [1, width], channels })).data,
  ];

  // PIL: Image.convert('L') of red, green, blue and white.
  test('1: luminance', async () => assert.deepEqual(await as(await row(3, ...colours), 1), [76, 150, 29, 255]));
  test('3: a grey image is that grey in every channel', async () =>
    assert.deepEqual(await as(await row(1, 9, 200), 3, 2), [9, 9, 9, 200, 200, 200]));
  test('3: alpha is dropped, and what it hides is seen', async () =>
    assert.deepEqual(await as(await row(4, 255, 128, 7, 0, 1, 2, 3, 128), 3, 2), [255, 128, 7, 1, 2, 3]));
  test('4: alpha stays', async () =>
    assert.deepEqual(await as(await row(4, 255, 128, 7, 9, 1, 2, 3, 128), 4, 2), [255, 128, 7, 9, 1, 2, 3, 128]));
  test('4: an opaque image hides nothing', async () =>
    assert.deepEqual(
      await as(await row(3, ...colours), 4),
      [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255],
    ));
  test('4: enlarging does not let out what alpha hides', async () => {
    const red = await as(await row(4, 255, 0, 0, 255, 0, 255, 0, 0), 4, 8);
    for (let at = 0; at < red.length; at += 4) assert.ok(red[at + 3] === 0 || red[at + 1] === 0, `pixel ${at / 4}`);
  });
  test('4: CMYK is opaque', async () => {
    const { data } = await decoder.decode(read('cmyk.jpg'), { size: [2, 2], channels: 4 });
    assert.deepEqual(
      [3, 7, 11, 15].map((at) => data[at]),
      [255, 255, 255, 255],
    );
  });
});

describe('orientation', () => {
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`EXIF ${orientation}, stretched and cut`, async () => {
      const turned = await sharp(read('rgb.png')).withMetadata({ orientation }).png().toBuffer();
      const upright = await sharp(turned).autoOrient().png().toBuffer();
      const stretch = { size: [40, 30], interpolation: 'nearest' } as const;
      const crop = { ...stretch, resize: 'crop', cropFraction: 0.9 } as const;
      for (const options of [stretch, crop]) {
        assert.deepEqual(await decoder.decode(turned, options), await decoder.decode(upright, options));
      }
    });
  }
});

describe('geometry', () => {
  test('the weights of each pixel sum to one, and name pixels that there are', () => {
    const interpolation = fc.constantFrom('nearest', 'bilinear', 'bicubic', 'lanczos');
    const length = fc.integer({ min: 1, max: 400 });
    fc.assert(
      fc.property(
        length,
        length,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        interpolation,
        (source, scaled, part, kernel) => {
          const middle = Math.ceil(scaled * part);
          const side = { scaled, start: Math.floor((scaled - middle) / 2), length: middle };
          const { start, length, taps, resized } = planAxis(source, side, kernel);
          assert.ok(start >= 0 && start + length <= resized);
          for (const { first, weights } of taps ?? []) {
            assert.ok(first >= 0 && first + weights.length <= length);
            assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight) - 1) < 1e-9);
          }
        },
      ),
    );
  });

  test('any image and any options make a tensor of that size', async () => {
    const side = fc.integer({ min: 1, max: 90 });
    const options = fc.record({
      size: fc.tuple(side, side),
      channels: fc.constantFrom(1, 3, 4),
      resize: fc.constantFrom('stretch', 'crop'),
      cropFraction: fc.double({ min: 0.05, max: 1, noNaN: true }),
      interpolation: fc.constantFrom('nearest', 'bilinear', 'bicubic', 'lanczos'),
    });
    await fc.assert(
      fc.asyncProperty(side, side, fc.constantFrom(1, 2, 3, 4), options, async (width, height, channels, options) => {
        const raw = { width, height, channels } as const;
        const file = await sharp(new Uint8Array(width * height * channels).fill(200), { raw })
          .png()
          .toBuffer();
        const { data, shape } = await decoder.decode(file, options);
        assert.deepEqual(shape, [...options.size, options.channels]);
        assert.equal(data.length, shape[0] * shape[1] * shape[2]);
        assert.ok(data.every((value, at) => (options.channels === 4 && at % 4 === 3) || Math.abs(value - 200) <= 2));
      }),
      { numRuns: 300 },
    );
  });

  test('options that make no sense are the fault of the program', async () => {
    for (const options of [{ size: [0, 9] }, { size: [9, 1.5] }, { size: [9, 9], cropFraction: 0 }] as const) {
      await assert.rejects(decoder.decode(read('rgb.png'), options), RangeError);
    }
  });
});

describe('many images at once', () => {
  test('each gets its own tensor', async () => {
    const files = await Promise.all(Array.from({ length: 50 }, (_, i) => row(1, i, i)));
    assert.equal(new Set(files.map(({ length }) => length)).size, 1, 'they are as long');
    const options = { size: [1, 1] } as const;
    const tensors = await Promise.all(files.map((file) => decoder.decode(file, options)));
    assert.deepEqual(
      tensors.map(({ data }) => data[0]),
      Array.from({ length: 50 }, (_, i) => i),
    );
  });

  test('the same for the same model is decoded once, and each gets memory of its own', async () => {
    const one = new ImageDecoder({ concurrency: 1, maxWaiting: 0 });
    const options = { size: [8, 8] } as const;
    const copy = () => Uint8Array.from(read('rgb.png'));
    const same = [1, 2, 3].map(() => one.decode(copy(), options));
    const others = [one.decode(read('cmyk.jpg'), options), one.decode(copy(), { size: [8, 8] })];
    await Promise.all(others.map((other) => assert.rejects(other, { code: 'queue_full' })));
    // At once, before the others go on.
    const changed = same[0]!.then(({ data }) => data.fill(1));
    const tensors = await Promise.all(same);
    await changed;
    assert.deepEqual(tensors[1], tensors[2]);
    assert.deepEqual(tensors[1], await one.decode(copy(), { size: [8, 8] }));
    assert.equal(new Set(tensors.map(({ data }) => data.buffer)).size, 3);
  });

  test('who gives up one that others wait for, too, takes it from nobody; when nobody waits it makes room', async () => {
    const one = new ImageDecoder({ concurrency: 1, maxWaiting: 1 });
    const options = { size: [8, 8] } as const;
    const first = one.decode(read('cmyk.jpg'), options);
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const same = [leaving, staying].map(({ signal }) => one.decode(read('rgb.png'), options, { signal }));
    leaving.abort();
    await assert.rejects(same[0]!, { code: 'request_aborted' });
    await assert.rejects(one.decode(read('cmyk.jpg'), { size: [8, 8] }), { code: 'queue_full' });
    staying.abort();
    const again = one.decode(read('rgb.png'), options);
    await assert.rejects(same[1]!, { code: 'request_aborted' });
    assert.equal((await first).data.length, (await again).data.length);
    await assert.rejects(one.decode(read('rgb.png'), options, { signal: AbortSignal.abort() }), {
      code: 'request_aborted',
    });
    await one.close();
  });

  test('a bad one disturbs nobody', async () => {
    const one = new ImageDecoder({ concurrency: 1 });
    const options = { size: [8, 8] } as const;
    const [bad, good] = await Promise.allSettled([
      one.decode(read('rgb.png').subarray(0, 500), options),
      one.decode(read('rgb.png'), options),
    ]);
    assert.equal(bad.status, 'rejected');
    assert.equal(good.status, 'fulfilled');
  });

  test('closing waits for what was taken and takes no more', async () => {
    const closing = new ImageDecoder({ concurrency: 2 });
    const done: number[] = [];
    const work = [1, 2, 3, 4, 5].map((i) => closing.decode(read('rgb.png'), { size: [8, 8] }).then(() => done.push(i)));
    await closing.close();
    assert.equal(done.length, 5);
    await Promise.all(work);
    await assert.rejects(closing.decode(read('rgb.png'), { size: [8, 8] }), /closing/);
    await closing.close();
  });
});
