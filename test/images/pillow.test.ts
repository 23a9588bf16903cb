import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { ImageDecoder } from '../../src/images/decoder.js';
import type { ImageOptions, ImageTensor } from '../../src/images/options.js';

const FIXTURES = new URL('../fixtures/images/', import.meta.url);

interface Case {
  file: string;
  kind: string;
  size: [number, number];
  resize: NonNullable<ImageOptions['resize']>;
  interpolation: NonNullable<ImageOptions['interpolation']>;
  crop_fraction?: number;
  expected: string;
}

const smallSide = 64;

const read = (name: string) => readFileSync(new URL(name, FIXTURES));
const cases: Case[] = JSON.parse(read('cases.json').toString());

/** The mean absolute difference, in units of 1/255. */
function difference(actual: ImageTensor['data'], expected: Uint8Array): number {
  assert.equal(actual.length, expected.length);
  return expected.reduce((sum, value, i) => sum + Math.abs(value - actual[i]!), 0) / expected.length;
}

describe('the tensor is the one that PIL makes', () => {
  const decoder = new ImageDecoder();

  for (const { file, kind, size, resize, interpolation, crop_fraction: cropFraction, expected } of cases) {
    const how = [resize, cropFraction, interpolation, size.join('×')].filter(Boolean).join(', ');
    test(`${kind} (${file}): ${how}`, async () => {
      const options = { size, resize, interpolation, cropFraction };
      const { data, shape } = await decoder.decode(read(file), options);
      assert.deepEqual(shape, [...size, 3]);
      const pixels = await sharp(read(expected)).removeAlpha().toColourspace('srgb').raw().toBuffer();
      const off = difference(data, pixels);
      // Of few pixels each is made of many, and a model of such small pictures sees them all.
      const most = Math.max(...size) <= smallSide ? 0.3 : 2;
      assert.ok(off < most, `differs by ${off.toFixed(2)}/255 on average`);
    });
  }
});
