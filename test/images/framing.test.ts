import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { frameOf, type Side } from '../../src/images/framing.js';
import type { ImageOptions } from '../../src/images/options.js';

const whole = (length: number): Side => ({ scaled: length, start: 0, length, before: 0 });

describe('how a picture lies in the tensor', () => {
  const cases: [source: [number, number], options: ImageOptions, vertical: Side, horizontal: Side][] = [
    [[10, 99], { size: [50, 60] }, whole(50), whole(60)],
    [[100, 100], { size: [41, 50], resize: 'crop' }, { scaled: 50, start: 5, length: 41, before: 0 }, whole(50)],
    // resized to 50 × 60 of which the middle 40 × 40 counts
    [
      [100, 120],
      { size: [40, 40], resize: 'crop', cropFraction: 0.8 },
      { scaled: 50, start: 5, length: 40, before: 0 },
      { scaled: 60, start: 10, length: 40, before: 0 },
    ],
    [[100, 50], { size: [20, 20], resize: 'pad' }, whole(20), { scaled: 10, start: 0, length: 10, before: 5 }],
    // The height would be 20 / 3: it becomes 6, with (20 - 20 / 3) / 2, that is 6, before and 8 behind, as in TensorFlow.
    [[10, 30], { size: [20, 20], resize: 'pad' }, { scaled: 6, start: 0, length: 6, before: 6 }, whole(20)],
    // 25 / (25 / 22) is less than 22 in floating point, in TensorFlow too.
    [
      [25, 25],
      { size: [22, 44], resize: 'pad' },
      { scaled: 21, start: 0, length: 21, before: 0 },
      { scaled: 21, start: 0, length: 21, before: 11 },
    ],
    [[1, 1000], { size: [9, 9], resize: 'pad' }, { scaled: 1, start: 0, length: 1, before: 4 }, whole(9)],
    [[3, 4], { size: [12, 16], resize: 'pad' }, whole(12), whole(16)],
  ];
  for (const [[height, width], options, vertical, horizontal] of cases)
    test(`${height} × ${width}: ${JSON.stringify(options)}`, () =>
      assert.deepEqual(frameOf({ height, width }, options), { vertical, horizontal }));

  test('padded, the whole picture is inside, with its aspect and in the middle, to a pixel', () => {
    const length = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(length, length, length, length, (height, width, ...size) => {
        const { vertical, horizontal } = frameOf({ height, width }, { size, resize: 'pad' });
        const scale = Math.min(size[0] / height, size[1] / width);
        for (const [side, source, target] of [
          [vertical, height, size[0]] as const,
          [horizontal, width, size[1]] as const,
        ]) {
          const after = target - side.before - side.length;
          assert.ok(side.before >= 0 && after >= 0 && side.start === 0 && side.length === side.scaled);
          assert.ok(Math.abs(side.scaled - source * scale) <= 1 + 1e-9);
          assert.ok(Math.abs(after - side.before) <= 2);
        }
        const isFull = (side: Side, target: number) => side.length >= target - 1;
        assert.ok(isFull(vertical, size[0]) || isFull(horizontal, size[1]));
      }),
      { numRuns: 2000 },
    );
  });

  test('cut, the tensor is full', () => {
    const length = fc.integer({ min: 1, max: 5000 });
    const part = fc.double({ min: 0.05, max: 1, noNaN: true });
    fc.assert(
      fc.property(length, length, fc.tuple(length, length), part, (height, width, size, cropFraction) => {
        const { vertical, horizontal } = frameOf({ height, width }, { size, resize: 'crop', cropFraction });
        assert.deepEqual([vertical.length, horizontal.length], size);
        for (const side of [vertical, horizontal])
          assert.ok(side.start >= 0 && side.start + side.length <= side.scaled);
      }),
    );
  });
});
