import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import { ImageDecoder } from '../../src/images/decoder.js';
import type { ImageOptions } from '../../src/images/options.js';

interface Case {
  name: string;
  file: string;
  tolerance?: number;
  interpolation?: NonNullable<ImageOptions['interpolation']>;
  channels: Record<'1' | '3' | '4', { size: [number, number]; values: string }>;
}

const cases: Case[] = JSON.parse(readFileSync(new URL('../fixtures/images/exact.json', import.meta.url), 'utf8'));

/** The greatest difference of any value, as a part of the largest of all. */
function difference(actual: ArrayLike<number>, expected: Int32Array): number {
  assert.equal(actual.length, expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return expected.reduce((most, value, index) => Math.max(most, Math.abs(value - actual[index]!)), 0) / largest;
}

describe('the values are those of load_img', () => {
  const decoder = new ImageDecoder();

  for (const { name, file, tolerance = 0, interpolation, channels } of cases)
    for (const [count, { size, values }] of Object.entries(channels))
      it(`${name}: ${count} channels${interpolation ? `, resized, ${interpolation}` : ''}`, async () => {
        const options = { size, channels: Number(count) as 1 | 3 | 4, keepDepth: true, interpolation };
        const { data } = await decoder.decode(Buffer.from(file, 'base64'), options);
        const bytes = inflateSync(Buffer.from(values, 'base64'));
        const expected = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
        // Luminance and shrinking are rounded otherwise.
        const rounding = interpolation ? 0.02 : count === '1' && expected.every((value) => value < 256) ? 1 / 255 : 0;
        const off = difference(data, expected);
        assert.ok(off <= Math.max(tolerance, rounding), `off by ${off}`);
      });
});
