/** What becomes of an image's pixels once it has its size: the order of colours, dark and light, padding. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { ImageDecoder } from '../../src/images/decoder.js';
import { frameOf } from '../../src/images/framing.js';
import type { ImageOptions } from '../../src/images/options.js';

const decoder = new ImageDecoder();

/** A PNG file of the given pixels. */
const png = (width: number, channels: 1 | 3 | 4, values: ArrayLike<number>) =>
  sharp(Uint8Array.from(values), { raw: { width, height: values.length / width / channels, channels } })
    .png()
    .toBuffer();
/** A PNG file of grey of 16 bits. */
const deepPng = (width: number, values: number[]) =>
  sharp(Uint16Array.from(values), { raw: { width, height: values.length / width, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
const decoded = async (file: Uint8Array, options: ImageOptions) => [...(await decoder.decode(file, options)).data];

describe('the order of colours', () => {
  const [red, violet] = [
    [255, 0, 0, 255],
    [128, 7, 200, 9],
  ];
  const size = [1, 2] as const;
  const cases: [color: ImageOptions['color'], channels: 1 | 3 | 4, expected: number[]][] = [
    [undefined, 3, [255, 0, 0, 128, 7, 200]],
    ['rgb', 3, [255, 0, 0, 128, 7, 200]],
    ['bgr', 3, [0, 0, 255, 200, 7, 128]],
    ['bgr', 4, [0, 0, 255, 255, 200, 7, 128, 9]],
    // PIL: Image.convert('L') of the two.
    ['gray', 3, [76, 76, 76, 65, 65, 65]],
    ['gray', 4, [76, 76, 76, 255, 65, 65, 65, 9]],
    ['rgb', 1, [76, 65]],
    ['bgr', 1, [76, 65]],
    ['gray', 1, [76, 65]],
  ];
  for (const [color, channels, expected] of cases)
    test(`${color}, ${channels} channels`, async () =>
      assert.deepEqual(await decoded(await png(2, 4, [...red, ...violet]), { size, channels, color }), expected));
});

describe('dark and light swapped', () => {
  const size = [3, 3] as const;
  const white = [255, 250, 255, 255, 10, 255, 255, 255, 255];
  const black = white.map((value) => 255 - value);

  for (const [invert, given, expected] of [
    [true, white, black],
    [true, black, white],
    [false, white, white],
    ['auto', white, black],
    ['auto', black, black],
    ['auto', Array(9).fill(70), Array(9).fill(70)],
  ] as const)
    test(`${invert}: ${given}`, async () =>
      assert.deepEqual(await decoded(await png(3, 1, given), { size, channels: 1, invert }), expected));

  test('alpha is no light', async () => {
    const clear = await png(
      3,
      4,
      white.flatMap((value, at) => [value, value, value, at === 4 ? 255 : 0]),
    );
    const expected = black.flatMap((value, at) => [value, value, value, at === 4 ? 255 : 0]);
    assert.deepEqual(await decoded(clear, { size, channels: 4, invert: 'auto' }), expected);
    const hidden = await png(
      3,
      4,
      black.flatMap((value, at) => [value, value, value, at === 4 ? 0 : 255]),
    );
    assert.deepEqual((await decoded(hidden, { size, channels: 4, invert: 'auto' })).slice(0, 4), [0, 0, 0, 255]);
  });

  test('a picture without a middle has no border either', async () => {
    const narrow = await png(2, 1, [255, 255, 255, 255, 0, 0]);
    assert.deepEqual(await decoded(narrow, { size: [3, 2], channels: 1, invert: 'auto' }), [255, 255, 255, 255, 0, 0]);
  });

  test('grey that keeps its depth, within its range', async () => {
    const file = await deepPng(3, [65535, 65535, 65535, 65535, 300, 65535, 65535, 65535, 65000]);
    for (const invert of [true, 'auto'] as const) {
      const values = await decoded(file, { size, channels: 1, keepDepth: true, invert });
      assert.deepEqual(values, [0, 0, 0, 0, 65235, 0, 0, 0, 535]);
    }
  });

  test('before colours are reversed or after comes to the same', async () => {
    const file = await png(2, 3, [255, 0, 0, 1, 2, 3]);
    assert.deepEqual(await decoded(file, { size: [1, 2], color: 'bgr', invert: true }), [255, 255, 0, 252, 253, 254]);
  });
});

describe('padded', () => {
  test('with 0, which inverting leaves, and which is no border', async () => {
    const digit = await png(3, 1, [255, 255, 255, 255, 0, 255, 255, 255, 255]);
    const rows = [
      [0, 0, 0, 0, 0],
      [0, 0, 255, 0, 0],
      [0, 0, 0, 0, 0],
    ];
    for (const invert of [true, 'auto'] as const)
      assert.deepEqual(await decoded(digit, { size: [3, 5], channels: 1, resize: 'pad', invert }), rows.flat());
    const sign = await png(3, 1, [9, 9, 9, 9, 0, 9, 9, 9, 9]);
    const padded = await decoded(sign, { size: [5, 3], channels: 1, resize: 'pad', invert: 'auto' });
    assert.deepEqual(padded, [0, 0, 0, 246, 246, 246, 246, 255, 246, 246, 246, 246, 0, 0, 0]);
  });

  test('grey that keeps its depth', async () => {
    const file = await deepPng(1, [1000]);
    const options = { size: [1, 3], channels: 1, resize: 'pad', keepDepth: true } as const;
    assert.deepEqual(await decoded(file, options), [0, 1000, 0]);
  });

  test('the picture inside is the picture stretched to that size, with 0 around', async () => {
    const side = fc.integer({ min: 1, max: 60 });
    const options = fc.record({
      size: fc.tuple(side, side),
      channels: fc.constantFrom(1, 3, 4),
      interpolation: fc.constantFrom('nearest', 'bilinear', 'bicubic', 'lanczos'),
      color: fc.constantFrom('rgb', 'bgr', 'gray'),
      invert: fc.constantFrom(true, false, 'auto' as const),
    });
    await fc.assert(
      fc.asyncProperty(side, side, fc.integer(), options, async (width, height, seed, options) => {
        const values = Array.from({ length: width * height * 4 }, (_, at) => ((at + 7) * (seed | 1)) & 255);
        const file = await png(width, 4, values);
        const { vertical, horizontal } = frameOf({ height, width }, { ...options, resize: 'pad' });
        const inner = [vertical.length, horizontal.length] as const;
        const stretched = await decoder.decode(file, { ...options, size: inner });
        const { data, shape, source } = await decoder.decode(file, { ...options, resize: 'pad' });
        assert.deepEqual(shape, [...options.size, options.channels]);
        assert.deepEqual(source, { height, width });
        const expected = new Uint8Array(data.length);
        for (let at = 0; at < stretched.data.length; at++) {
          const [pixel, channel] = [Math.floor(at / options.channels), at % options.channels];
          const row = vertical.before + Math.floor(pixel / inner[1]);
          const column = horizontal.before + (pixel % inner[1]);
          expected[(row * options.size[1] + column) * options.channels + channel] = stretched.data[at]!;
        }
        assert.deepEqual(data, expected);
      }),
      { numRuns: 200 },
    );
  });
});

test('the size of the source is that of the image upright', async () => {
  const raw = { width: 30, height: 20, channels: 3 } as const;
  for (const [orientation, expected] of [
    [1, { height: 20, width: 30 }],
    [6, { height: 30, width: 20 }],
  ] as const) {
    const image = sharp(new Uint8Array(1800), { raw }).withMetadata({ orientation });
    const { source } = await decoder.decode(await image.jpeg().toBuffer(), { size: [8, 8] });
    assert.deepEqual(source, expected);
  }
});
