/** Pictures that are made smaller and larger without averaging are those of OpenCV and TensorFlow. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { decodeImage } from '../../src/images/decode.js';
import { DEFAULT_IMAGE_LIMITS } from '../../src/images/decoder.js';

interface Recorded {
  file: string;
  cases: { size: [height: number, width: number]; OpenCV: string; TensorFlow: string }[];
}

const { file, cases }: Recorded = JSON.parse(
  readFileSync(new URL('../fixtures/images/antialias.json', import.meta.url), 'utf8'),
);
const bytes = (base64: string) => Buffer.from(base64, 'base64');

describe('a picture without averaging', () => {
  for (const { size, ...recorded } of cases)
    it(`of ${size[1]} × ${size[0]} pixels is that of OpenCV and TensorFlow`, async () => {
      const options = { size, interpolation: 'bilinear', antialias: false } as const;
      const { data } = await decodeImage(bytes(file), options, DEFAULT_IMAGE_LIMITS);
      for (const [name, expected] of Object.entries(recorded)) {
        const values = bytes(expected);
        const most = Math.max(...values.map((value, index) => Math.abs(value - data[index]!)));
        assert.equal(data.length, values.length);
        // Each rounds between its two passes, or doesn't.
        assert.ok(most <= 1, `${name}: ${most} off`);
      }
    });

  it('is another one with it', async () => {
    const { size, OpenCV } = cases[0]!;
    const { data } = await decodeImage(bytes(file), { size, interpolation: 'bilinear' }, DEFAULT_IMAGE_LIMITS);
    assert.ok(bytes(OpenCV).some((value, index) => Math.abs(value - data[index]!) > 20));
  });
});
