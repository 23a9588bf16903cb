/** Pictures that a model makes, in the size of the picture that it was given. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ImageDecoder } from '../../src/images/decoder.js';
import { frameOf } from '../../src/images/framing.js';
import type { ImageOptions } from '../../src/images/options.js';
import type { Picture } from '../../src/images/picture.js';
import { encodePng } from '../../src/images/png.js';
import { sourceSizeBytes, toSourceSize } from '../../src/images/source-size.js';

const decoder = new ImageDecoder();
type Sides = readonly [height: number, width: number];
const sized = ([height, width]: Sides) => ({ height, width });
const grey = (size: Sides, values: ArrayLike<number>): Picture<Uint8Array> => ({
  ...sized(size),
  channels: 1,
  data: Uint8Array.from(values),
});
/** Pixels from 1 on, each with a number of its own as far as there are. */
const numbered = (size: Sides) =>
  grey(
    size,
    Array.from({ length: size[0] * size[1] }, (_, at) => (at % 255) + 1),
  );
const length = fc.integer({ min: 1, max: 40 });
const sides = fc.tuple(length, length);

describe('a stretched picture is resized as by PIL', () => {
  // PIL 13: Image.fromarray(values).resize(size, …).
  const [three, four, two] = [
    [121, 131, 193, 243, 8, 36, 210, 242, 63, 79, 222, 108, 69, 211, 65],
    [104, 164, 140, 21, 7, 221, 192, 214, 137, 209, 84, 115, 201, 31, 77, 31, 116, 250, 34, 98],
    [103, 231, 52, 128],
  ];
  // biome-ignore format: rows of pixels
  const cases: ['nearest' | 'bilinear', Sides, number[], Sides, number[]][] = [
    ['nearest', [3, 5], three, [4, 8], [
      121, 121, 131, 193, 193, 243, 8, 8, 36, 36, 210, 242, 242, 63, 79, 79,
      36, 36, 210, 242, 242, 63, 79, 79, 222, 222, 108, 69, 69, 211, 65, 65]],
    ['bilinear', [3, 5], three, [4, 8], [
      121, 125, 135, 174, 209, 240, 111, 8, 68, 117, 183, 210, 195, 136, 87, 52,
      106, 135, 172, 175, 159, 122, 93, 74, 222, 172, 106, 81, 113, 202, 129, 65]],
    ['nearest', [4, 5], four, [2, 3], [221, 214, 209, 31, 250, 98]],
    ['bilinear', [4, 5], four, [2, 3], [159, 154, 90, 100, 163, 80]],
    ['nearest', [2, 2], two, [3, 1], [231, 128, 128]],
    ['bilinear', [2, 2], two, [3, 1], [167, 129, 90]],
  ];
  for (const [interpolation, from, values, to, expected] of cases)
    test(`${from} to ${to}, ${interpolation}`, () => {
      const { data, ...size } = toSourceSize(grey(from, values), sized(to), { size: [9, 9] }, interpolation);
      assert.deepEqual(size, { ...sized(to), channels: 1 });
      // Passes are rounded otherwise where the columns come first.
      const allowed = interpolation === 'nearest' ? 0 : 1;
      assert.equal(data.length, expected.length);
      for (const [at, value] of expected.entries()) assert.ok(Math.abs(value - data[at]!) <= allowed, `pixel ${at}`);
    });
});

test('a picture that has the size already keeps every value', () => {
  const kinds = fc.constantFrom(
    (values: number[]) => Uint8Array.from(values),
    (values: number[]) => Uint16Array.from(values),
    (values: number[]) => Float32Array.from(values),
  );
  const channels = fc.constantFrom(1, 3, 4);
  const interpolation = fc.constantFrom('nearest', 'bilinear');
  fc.assert(
    fc.property(sides, sides, kinds, channels, interpolation, (size, input, values, channels, interpolation) => {
      const data = values(Array.from({ length: size[0] * size[1] * channels }, (_, at) => (at * 7919) / 3));
      const picture = { ...sized(size), channels, data };
      assert.deepEqual(toSourceSize(picture, sized(size), { size: input }, interpolation), picture);
    }),
  );
});

describe('what a picture lost is not put back, what it kept is where it was', () => {
  const resize = fc.constantFrom('stretch', 'crop', 'pad');
  const cropFraction = fc.double({ min: 0.2, max: 1, noNaN: true });

  test('an image that was enlarged for the model', async () => {
    const enlarged = fc.tuple(fc.integer({ min: 40, max: 120 }), fc.integer({ min: 40, max: 120 }));
    await fc.assert(
      fc.asyncProperty(sides, enlarged, resize, cropFraction, async (source, size, resize, cropFraction) => {
        const options: ImageOptions = { size, resize, cropFraction, channels: 1, interpolation: 'nearest' };
        const { vertical, horizontal } = frameOf(sized(source), options);
        fc.pre(vertical.scaled >= source[0] && horizontal.scaled >= source[1]);
        const image = numbered(source);
        const { data } = await decoder.decode(encodePng(image), options);
        const back = toSourceSize(grey(size, data), sized(source), options, 'nearest');
        const isSeen = (at: number, length: number, side: typeof vertical) => {
          const middle = ((at + 0.5) * side.scaled) / length - side.start;
          return middle >= 0 && middle < side.length;
        };
        const expected = image.data.map((value, at) => {
          const [row, column] = [Math.floor(at / source[1]), at % source[1]];
          return isSeen(row, source[0], vertical) && isSeen(column, source[1], horizontal) ? value : 0;
        });
        assert.deepEqual(back, { ...image, data: expected });
        if (resize !== 'crop') assert.deepEqual(back, image);
      }),
      { numRuns: 200 },
    );
  });

  test('any picture has the size, and of its values those that it had', () => {
    const source = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }));
    fc.assert(
      fc.property(source, sides, sides, resize, cropFraction, (source, size, output, resize, cropFraction) => {
        const mask = numbered(output);
        const most = Math.max(...mask.data);
        const framing = { size, resize, cropFraction };
        for (const interpolation of ['nearest', 'bilinear'] as const) {
          const { data, height, width } = toSourceSize(mask, sized(source), framing, interpolation);
          assert.deepEqual([height, width], source);
          assert.ok(data.every((value) => value <= most));
          if (resize !== 'crop') assert.ok(!data.includes(0));
          assert.ok(data.byteLength <= sourceSizeBytes(mask, sized(source)));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('padding is cut off', () => {
  // Two rows of four become two of eight, with three rows of padding on either side.
  const [source, framing] = [
    { height: 1, width: 4 },
    { size: [8, 8], resize: 'pad' },
  ] as const;
  const row = (value: number) => Array<number>(8).fill(value);
  const rows = [9, 9, 9].flatMap(row);
  const mask = grey([8, 8], [...rows, 1, 1, 2, 2, 3, 3, 4, 4, 1, 1, 2, 2, 3, 3, 4, 4, ...rows]);

  test('of a mask', () => assert.deepEqual([...toSourceSize(mask, source, framing, 'nearest').data], [1, 2, 3, 4]));

  test('of a mask twice and half as large as the input', () => {
    const twice = grey(
      [16, 16],
      Array.from({ length: 256 }, (_, at) => mask.data[(at >> 5) * 8 + ((at & 15) >> 1)]!),
    );
    assert.deepEqual([...toSourceSize(twice, source, framing, 'nearest').data], [1, 2, 3, 4]);
    const half = grey([4, 4], [9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 9, 9, 9, 9]);
    assert.deepEqual([...toSourceSize(half, source, framing, 'nearest').data], [1, 2, 3, 4]);
  });

  test('of an image, which has none of it at its edges', () => {
    const times = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(sides, sides, times, (source, size, times) => {
        const { vertical, horizontal } = frameOf(sized(source), { size, resize: 'pad' });
        const [height, width] = [size[0] * times, size[1] * times];
        const isInside = (at: number, side: typeof vertical) =>
          at >= side.before * times && at < (side.before + side.length) * times;
        const data = Uint8Array.from({ length: height * width }, (_, at) =>
          isInside(Math.floor(at / width), vertical) && isInside(at % width, horizontal) ? 200 : 17,
        );
        const picture = { height, width, channels: 1, data } as const;
        const image = toSourceSize(picture, sized(source), { size, resize: 'pad' }, 'bilinear');
        assert.ok(image.data.every((value) => value === 200));
      }),
    );
  });
});

describe('what a crop left out is 0', () => {
  test('beside the middle', () => {
    const mask = grey([2, 2], [1, 2, 3, 4]);
    const cut = toSourceSize(mask, { height: 2, width: 5 }, { size: [2, 2], resize: 'crop' }, 'nearest');
    // Of three columns too many two go at the start.
    assert.deepEqual([...cut.data], [0, 0, 1, 2, 0, 0, 0, 3, 4, 0]);
  });

  test('all, where the model saw less than the middle of a pixel', () => {
    const framing = { size: [10, 10], resize: 'crop', cropFraction: 0.05 } as const;
    const cut = toSourceSize(numbered([10, 10]), { height: 2, width: 2 }, framing, 'bilinear');
    assert.deepEqual([...cut.data], [0, 0, 0, 0]);
  });
});

test('channels stay together', () => {
  const data = Uint8Array.of(1, 2, 3, 7, 8, 9);
  const picture = { height: 1, width: 2, channels: 3, data } as const;
  const wide = toSourceSize(picture, { height: 1, width: 4 }, { size: [1, 2] }, 'nearest');
  assert.deepEqual([...wide.data], [1, 2, 3, 1, 2, 3, 7, 8, 9, 7, 8, 9]);
});

test('values of 16 bits are rounded, not cut', () => {
  const picture = { height: 1, width: 2, channels: 1, data: Uint16Array.of(1000, 1003) } as const;
  const { data } = toSourceSize(picture, { height: 1, width: 4 }, { size: [1, 2] }, 'bilinear');
  assert.deepEqual(data, Uint16Array.of(1000, 1001, 1002, 1003));
});

test('a source that is long and narrow takes no more than it has pixels', () => {
  const picture = { height: 1024, width: 1024, channels: 1, data: new Uint8Array(2 ** 20).fill(5) } as const;
  for (const source of [
    { height: 65_535, width: 1 },
    { height: 1, width: 65_535 },
  ]) {
    const bytes = sourceSizeBytes(picture, source);
    assert.ok(bytes > 65_535 && bytes < 20_000_000, `${bytes}`);
    const { data } = toSourceSize(picture, source, { size: [512, 512] }, 'bilinear');
    assert.ok(data.length === 65_535 && data.every((value) => value === 5));
  }
});

test('a picture that has too few values is the fault of the program', () => {
  const picture = { height: 2, width: 2, channels: 1, data: new Uint8Array(3) } as const;
  assert.throws(() => toSourceSize(picture, { height: 2, width: 2 }, { size: [2, 2] }, 'nearest'), RangeError);
});
