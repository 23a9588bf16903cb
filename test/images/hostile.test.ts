import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { ImageDecoder, type ImageLimits } from '../../src/images/decoder.js';
import { ImageError, type ImageErrorCode } from '../../src/images/errors.js';

const FIXTURES = new URL('../fixtures/images/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FIXTURES));
const files = readdirSync(FIXTURES).filter((name) => /\.(jpg|png|webp|gif|tif|avif)$/.test(name));

const options = { size: [32, 48], resize: 'crop', cropFraction: 0.875 } as const;

async function refuses(bytes: Uint8Array, code: ImageErrorCode, message: RegExp, limits: Partial<ImageLimits> = {}) {
  await assert.rejects(new ImageDecoder(limits).decode(bytes, options), (error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    // Neither what libvips says, nor where anything is.
    assert.doesNotMatch(error.message, /vips|png:|buffer|\//i);
    return true;
  });
}

/** How far the process's memory, at its largest, grows beyond where it has ever been, in MB. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  await new ImageDecoder().decode(read('rgb.png'), options);
  const before = process.resourceUsage().maxRSS;
  await work();
  return (process.resourceUsage().maxRSS - before) / 1024;
}

function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [data.length, crc32(body)].map((value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  });
  return Buffer.concat([length!, body, checksum!]);
}

/** An 8-bit grey PNG file whose header claims these sides, with whatever else is given. */
function png(width: number, height: number, data: Uint8Array, ...extra: Buffer[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const chunks = [pngChunk('IHDR', header), ...extra, pngChunk('IDAT', data), pngChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

/** A TIFF file of 4 × 4 pixels, all zero. */
function tiff({ samples = 1, bits = 8, format = 1, photometric = 1, big = false }): Buffer {
  const size = (16 * samples * bits) / 8;
  // Several numbers of a tag stand behind the tags; here they are all alike.
  const tags: [tag: number, value: number, count?: number][] = [
    [256, 4],
    [257, 4],
    [258, bits, samples],
    [259, 1],
    [262, photometric],
    [273, 1000],
    [277, samples],
    [278, 4],
    [279, size],
    [339, format, samples],
  ];
  const file = Buffer.alloc(1000 + size);
  file.write(big ? 'MM\0*' : 'II*\0', 'latin1');
  const short = (value: number, at: number) => file[big ? 'writeUInt16BE' : 'writeUInt16LE'](value, at);
  const long = (value: number, at: number) => file[big ? 'writeUInt32BE' : 'writeUInt32LE'](value, at);
  long(8, 4);
  short(tags.length, 8);
  for (const [index, [tag, value, count = 1]] of tags.entries()) {
    const at = 10 + 12 * index;
    const values = count > 2 ? 500 + 20 * index : at + 8;
    short(tag, at);
    short(3, at + 2);
    long(count, at + 4);
    if (count > 2) long(values, at + 8);
    for (let each = 0; each < count; each++) short(value, values + 2 * each);
  }
  return file;
}

/** An animated AVIF file that has lost the still image beside its frames. */
function animatedAvif(): Buffer {
  const cases: { name: string; file: string }[] = JSON.parse(read('exact.json').toString());
  const file = Buffer.from(cases.find(({ name }) => name === 'animated AVIF')!.file, 'base64');
  file.write('free', file.indexOf('meta'), 'latin1');
  return file;
}

const zeros = (length: number) => deflateSync(Buffer.alloc(length));

/** Writes 60,000 twice. */
function writeSides(bytes: Buffer, type: 'UInt16BE' | 'UInt16LE' | 'UInt32BE'): void {
  bytes[`write${type}`](60_000, bytes[`write${type}`](60_000));
}

describe('what is not an image is refused', () => {
  const cases: Record<string, [bytes: Uint8Array, code: ImageErrorCode, message: RegExp]> = {
    nothing: [Buffer.alloc(0), 'image_empty', /is empty: send the bytes/],
    text: [Buffer.from('hello'), 'image_invalid', /not an image .*: send a JPEG, PNG, WebP, GIF, TIFF or AVIF image/],
    'one byte': [Buffer.from([0xff]), 'image_invalid', /not an image/],
    SVG: [Buffer.from('\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 'image_invalid', /SVG/],
    'SVG with a prologue': [Buffer.from('<?xml version="1.0"?><svg width="9" height="9"/>'), 'image_invalid', /SVG/],
    HTML: [Buffer.from('<!doctype html><p>Not found'), 'image_invalid', /HTML/],
    PDF: [Buffer.from('%PDF-1.7\n'), 'image_invalid', /PDF/],
    HEIC: [Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), 'image_invalid', /HEIC/],
    video: [Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42', 'latin1'), 'image_invalid', /video/],
    BMP: [Buffer.from('BM\x46\0\0\0', 'latin1'), 'image_invalid', /BMP/],
    zip: [Buffer.from('PK\x03\x04', 'latin1'), 'image_invalid', /zip/],
    'an animated AVIF without a still image': [animatedAvif(), 'image_invalid', /AVIF image is animated/],
    'a TIFF of YCbCr colours': [tiff({ samples: 3, photometric: 6 }), 'image_invalid', /YCbCr/],
    'a big-endian TIFF of YCbCr colours': [tiff({ samples: 3, photometric: 6, big: true }), 'image_invalid', /YCbCr/],
    'a TIFF of signed bytes': [tiff({ format: 2 }), 'image_invalid', /of the kind char/],
    'a TIFF of signed 16-bit numbers': [tiff({ bits: 16, format: 2 }), 'image_invalid', /of the kind short/],
    'a TIFF of half floats': [tiff({ bits: 16, format: 3 }), 'image_invalid', /of the kind float/],
    'a TIFF of RGB floats': [tiff({ samples: 3, photometric: 2, bits: 32, format: 3 }), 'image_invalid', /float/],
    'a TIFF of five greys': [tiff({ samples: 5 }), 'image_invalid', /5 channels/],
  };
  for (const [name, [bytes, code, message]] of Object.entries(cases)) {
    test(name, () => refuses(bytes, code, message));
  }
});

describe('an image that ends early is refused', () => {
  const firstFrames = files.filter((name) => !name.endsWith('.gif'));
  for (const name of firstFrames) {
    test(name, async () => {
      const bytes = read(name);
      for (const part of [0.3, 0.6, 0.97]) {
        await refuses(
          bytes.subarray(0, bytes.length * part),
          'image_truncated',
          /cut short or damaged.* send the whole file/,
        );
      }
    });
  }
  test('animated.gif, within its first frame', () =>
    refuses(read('animated.gif').subarray(0, 3000), 'image_truncated', /The GIF image is cut short/));
  test('a signature alone', () =>
    refuses(read('rgb.png').subarray(0, 8), 'image_truncated', /The PNG image is cut short/));
});

describe('an image costs no more than its limits', () => {
  test('30,000 × 30,000 pixels in a few bytes cost no memory', async () => {
    const bytes = png(30_000, 30_000, zeros(1000));
    assert.ok(bytes.length < 100);
    const megabytes = await growth(() =>
      refuses(bytes, 'image_too_many_pixels', /is 30000 × 30000, 900 million pixels/),
    );
    assert.ok(megabytes < 50, `took ${megabytes} MB`);
  });

  test('every row of 30,000 × 30,000 pixels, well compressed, costs no memory', async () => {
    const bytes = png(30_000, 30_000, zeros(30_001 * 1000));
    const megabytes = await growth(() => refuses(bytes, 'image_too_many_pixels', /at most 50 million/));
    assert.ok(megabytes < 50, `took ${megabytes} MB`);
  });

  test('the limit counts pixels, not bytes', async () => {
    const { data } = await new ImageDecoder({ maxPixels: 10_000 }).decode(png(100, 100, zeros(101 * 100)), options);
    assert.ok(data.every((value) => value === 0));
    await refuses(png(101, 100, zeros(102 * 100)), 'image_too_many_pixels', /101 × 100/, { maxPixels: 10_000 });
  });

  test('a side may be as long as a JPEG can have it, and no longer', async () => {
    await new ImageDecoder().decode(png(65_535, 1, zeros(65_536)), options);
    await refuses(png(65_536, 1, zeros(65_537)), 'image_too_many_pixels', /65535 on either side/);
    await refuses(png(1, 65_536, zeros(65_536 * 2)), 'image_too_many_pixels', /65535 on either side/);
  });

  test('an image within the limit is decoded row by row', async () => {
    const bytes = png(7000, 7000, zeros(7001 * 7000));
    const megabytes = await growth(() => new ImageDecoder().decode(bytes, { ...options, resize: 'stretch' }));
    assert.ok(megabytes < 50, `took ${megabytes} MB`);
  });

  test('data beyond the pixels, and texts and profiles that inflate, are left alone', async () => {
    const bomb = zeros(2 ** 28);
    const pixels = zeros(11 * 10);
    const images = {
      pixels: png(10, 10, bomb),
      profile: png(10, 10, pixels, pngChunk('iCCP', Buffer.concat([Buffer.from('icc\0\0'), bomb]))),
      text: png(10, 10, pixels, pngChunk('zTXt', Buffer.concat([Buffer.from('text\0\0'), bomb]))),
    };
    for (const [name, bytes] of Object.entries(images)) {
      const megabytes = await growth(() => new ImageDecoder().decode(bytes, options).catch(() => {}));
      assert.ok(megabytes < 50, `${name} took ${megabytes} MB`);
    }
  });

  const claims: Record<string, (bytes: Buffer) => void> = {
    'baseline.jpg': (bytes) => writeSides(bytes.subarray(bytes.indexOf(Buffer.from([0xff, 0xc0])) + 5), 'UInt16BE'),
    'lossy.webp': (bytes) => bytes.fill(0x3f, 26, 30),
    // The canvas and the first frame: of one alone the smaller claim counts.
    'animated.gif': (bytes) => {
      writeSides(bytes.subarray(6), 'UInt16LE');
      writeSides(bytes.subarray(bytes.indexOf(Buffer.from([0x2c, 0, 0, 0, 0])) + 5), 'UInt16LE');
    },
    'lzw.tif': (bytes) => {
      const directory = bytes.subarray(bytes.readUInt32LE(4) + 2);
      // Width and height come first in the directory, as entries of tag, type, count and value.
      for (const entry of [0, 12]) directory.writeUInt16LE(60_000, entry + 8);
    },
    'photo.avif': (bytes) => writeSides(bytes.subarray(bytes.indexOf('ispe') + 8), 'UInt32BE'),
  };
  for (const [name, claim] of Object.entries(claims)) {
    test(`huge sides in the header of ${name} cost no memory`, async () => {
      const bytes = Buffer.from(read(name));
      claim(bytes);
      const megabytes = await growth(() => refuses(bytes, 'image_too_many_pixels', /million pixels/));
      assert.ok(megabytes < 50, `took ${megabytes} MB`);
    });
  }
});

describe('whatever the bytes are, they become a tensor of the right size or an ImageError', () => {
  const decoder = new ImageDecoder({ maxPixels: 2_000_000, timeoutSeconds: 5 });
  const images = files.map(read);

  async function survives(bytes: Uint8Array): Promise<void> {
    try {
      const { data, shape } = await decoder.decode(bytes, options);
      assert.deepEqual(shape, [32, 48, 3]);
      assert.equal(data.length, 32 * 48 * 3);
    } catch (error) {
      assert.ok(error instanceof ImageError, String(error));
      assert.doesNotMatch(error.message, /vips|buffer|\//i);
    }
  }

  test('random bytes', () =>
    fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), survives), { numRuns: 300 }));

  test('random bytes after a signature', async () => {
    const signed = fc
      .tuple(fc.constantFrom(...images), fc.nat(40), fc.uint8Array({ maxLength: 2000 }))
      .map(([image, length, rest]) => Buffer.concat([image.subarray(0, length), rest]));
    await fc.assert(fc.asyncProperty(signed, survives), { numRuns: 300 });
  });

  test('real images with bytes changed, cut out and doubled', async () => {
    const change = fc.tuple(
      fc.constantFrom('set', 'cut', 'double'),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(255),
    );
    const mutated = fc
      .tuple(fc.constantFrom(...images), fc.array(change, { minLength: 1, maxLength: 8 }))
      .map(([image, changes]) => changes.reduce(mutate, Buffer.from(image)));
    await fc.assert(fc.asyncProperty(mutated, survives), { numRuns: 500 });
  });
});

/** Headers are where the harm is: places are cubed, so that most changes fall near the start. */
function mutate(bytes: Buffer, [how, place, value]: [how: string, place: number, value: number]): Buffer {
  const at = Math.floor(place ** 3 * bytes.length);
  if (how === 'set') {
    bytes[at] = value;
    return bytes;
  }
  const rest = how === 'cut' ? at + value : at - value;
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, rest))]);
}
