import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { encodePng } from '../../src/images/png.js';

const filter = fc.constantFrom('none', 'sub');
const channels = fc.constantFrom(1, 3, 4);
const length = fc.integer({ min: 1, max: 20 });

/** What libvips reads of a file. */
async function read(file: Uint8Array, deep: boolean) {
  const image = sharp(file, { failOn: 'warning' });
  const { width, height, channels, depth } = await image.metadata();
  const space = channels === 1 ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb';
  const pipeline = deep ? image.pipelineColourspace(space) : image;
  const { data } = await pipeline
    .toColourspace(space)
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const values = deep ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : new Uint8Array(data);
  return { height, width, channels, depth, values: [...values] };
}

describe('a PNG file has the pixels that it is made of', () => {
  for (const [depth, Values, max] of [
    ['uchar', Uint8Array, 255],
    ['ushort', Uint16Array, 65_535],
  ] as const)
    test(depth, async () => {
      const value = fc.oneof(fc.integer({ min: 0, max }), fc.constantFrom(0, max));
      await fc.assert(
        fc.asyncProperty(length, length, channels, filter, fc.gen(), async (height, width, channels, filter, gen) => {
          const values = Array.from({ length: height * width * channels }, () => gen(() => value));
          const file = encodePng({ height, width, channels, data: Values.from(values) }, filter);
          assert.deepEqual(await read(file, depth === 'ushort'), { height, width, channels, depth, values });
        }),
        { numRuns: 150 },
      );
    });
});

test('checksums are those that every file of one RGBA pixel has', () => {
  const file = encodePng({ height: 1, width: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 4) });
  assert.equal(file.toString('hex', 29, 33), '1f15c489');
  assert.equal(file.toString('hex', file.length - 4), 'ae426082');
});

test('photos are much smaller than their pixels', async () => {
  const photo = readFileSync(new URL('../fixtures/images/rgb.png', import.meta.url));
  const { data, info } = await sharp(photo).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const file = encodePng({ height: info.height, width: info.width, channels: 3, data: new Uint8Array(data) });
  assert.ok(file.length < data.length * 0.8, `${file.length} of ${data.length}`);
});

test('a picture that has too few values is the fault of the program', () => {
  for (const [height, width, count] of [
    [2, 2, 3],
    [0, 2, 0],
    [1.5, 2, 3],
  ] as const)
    assert.throws(() => encodePng({ height, width, channels: 1, data: new Uint8Array(count) }), RangeError);
});
