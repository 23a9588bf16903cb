/**
 * Measures what an image costs as JSON, over the same image as JPEG. `docs/benchmarks.md` says how to read and repeat it.
 * Usage: npm run bench:json -- --model <file or folder> [--rounds 100]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { packageRoot } from '../src/support/package.js';
import { compareWays, type Way } from './one-image.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: join(packageRoot, 'models', 'efficientnet-lite0') },
    rounds: { type: 'string', default: '100' },
    image: { type: 'string', default: join(packageRoot, 'examples', 'cat.jpg') },
    size: { type: 'string', default: '224' },
  },
});
const size = Number(values.size);
const jpeg = readFileSync(values.image);
const pixels = await sharp(jpeg).resize(size, size, { fit: 'fill' }).removeAlpha().raw().toBuffer();

const way = (type: string, body: Buffer): Way => ({ path: '/predict', headers: { 'content-type': type }, body });
const json = (value: object): Way => way('application/json', Buffer.from(JSON.stringify(value)));

/** The image as nested arrays of what its pixels become. */
const instances = (value: (pixel: number) => number): Way => {
  const image = Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) =>
      Array.from({ length: 3 }, (_, channel) => value(pixels[(y * size + x) * 3 + channel]!)),
    ),
  );
  return json({ instances: [image] });
};

await compareWays(
  { name: 'json', title: 'What an image costs as JSON', model: values.model, rounds: Number(values.rounds) },
  () => ({
    JPEG: way('image/jpeg', jpeg),
    'JSON, float32 to the last digit': instances((pixel) => Math.fround(pixel / 127.5 - 1)),
    'JSON, 4 digits': instances((pixel) => Number((pixel / 127.5 - 1).toFixed(4))),
    'JSON, whole numbers': instances((pixel) => pixel),
    'JSON, JPEG in base64': json({ image: jpeg.toString('base64') }),
  }),
);
