import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { PickleError } from '../../src/pickle/error.js';
import { unpackBzip2 } from '../../src/pickle/packed/bzip2.js';
import { unpackLzma } from '../../src/pickle/packed/lzma.js';
import { Output } from '../../src/pickle/packed/output.js';
import { unpackXz } from '../../src/pickle/packed/xz.js';
import { pickleLimits, readPickle } from '../../src/pickle/read-pickle.js';
import { ownTime } from '../../src/support/processor-time.js';

/** What Python's own modules packed, as test/fixtures/packed/make.py recorded it. */
interface PackedCase {
  name: string;
  packed: string;
  length: number;
  sha256: string;
}

const file = new URL('../fixtures/packed/packed.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: PackedCase[] };
const unpackers = { bz2: unpackBzip2, lzma: unpackLzma, xz: unpackXz };

const formatOf = ({ name }: PackedCase) => /\w+$/.exec(name)![0] as keyof typeof unpackers;
const isBomb = ({ name }: PackedCase) => name.startsWith('bomb');
const isRefused = ({ name, length }: PackedCase) => name.includes('delta') && length > 0;
const bytesOf = ({ packed }: PackedCase): Buffer => Buffer.from(packed, 'base64');
const caseOf = (name: string): PackedCase => cases.find((one) => one.name === name)!;

function unpack(one: PackedCase, bytes = bytesOf(one), most = pickleLimits.unpacked, time = 60_000): Uint8Array {
  const output = new Output(most, ownTime() + time);
  unpackers[formatOf(one)](bytes, output);
  return output.from(0);
}

const refuses = (run: () => unknown, code: PickleError['code'], message = /./) =>
  assert.throws(run, (error) => error instanceof PickleError && error.code === code && message.test(error.message));

test('what Python packs is unpacked to what it was', () => {
  for (const one of cases) {
    if (isBomb(one) || isRefused(one)) continue;
    const bytes = unpack(one);
    assert.equal(bytes.length, one.length, one.name);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), one.sha256, one.name);
  }
});

test('what has filters for programs is refused by name', () => {
  const refused = cases.filter(isRefused);
  assert.ok(refused.length > 0);
  for (const one of refused) refuses(() => unpack(one), 'pickle_unsupported', /^is packed by xz with several filters$/);
});

test('a small file that makes a large one is refused, and no more is made than is allowed', () => {
  const bombs = cases.filter(isBomb);
  assert.equal(bombs.length, 3);
  for (const one of bombs) {
    assert.ok(bytesOf(one).length < 20_000);
    refuses(() => readPickle(bytesOf(one)), 'pickle_too_large');
    refuses(() => unpack(one, bytesOf(one), 2 ** 20), 'pickle_too_large', /^is larger than 1 MB once it is unpacked$/);
  }
  for (const format of ['bz2', 'lzma', 'xz']) {
    const zeros = caseOf(`zeros, ${format}`);
    refuses(() => unpack(zeros, bytesOf(zeros), zeros.length - 1), 'pickle_too_large', /is larger/);
    assert.equal(unpack(zeros, bytesOf(zeros), zeros.length).length, zeros.length);
  }
});

test('what takes too long is refused: whatever it makes, and where it makes next to nothing', () => {
  for (const format of ['bz2', 'lzma', 'xz']) {
    const zeros = caseOf(`zeros, ${format}`);
    refuses(() => unpack(zeros, bytesOf(zeros), 2 ** 20, -1), 'pickle_too_large', /^takes too long to unpack$/);
  }
  for (const name of ['one byte, level 9 bz2', 'one byte, crc64 xz']) {
    const one = caseOf(name);
    refuses(() => unpack(one, bytesOf(one), 2 ** 20, -1), 'pickle_too_large', /^takes too long to unpack$/);
  }
});

test('what was cut off anywhere is refused', () => {
  for (const one of cases) {
    if (isBomb(one) || isRefused(one) || one.length > 50_000) continue;
    const bytes = bytesOf(one);
    // Behind the blocks of xz is what finds them, and LZMA ends with five bytes of which not all are needed.
    const end = bytes.length - { bz2: 0, lzma: 5, xz: 40 }[formatOf(one)];
    const step = Math.max(1, Math.floor(end / 40));
    for (let length = 0; length < end; length += step)
      refuses(() => unpack(one, bytes.subarray(0, length)), 'pickle_damaged');
  }
});

test('what was changed anywhere is refused where there are checksums, and never anything but read or refused', () => {
  const seeds = cases.filter((one) => !isBomb(one) && one.length < 50_000);
  const hasChecksum = (one: PackedCase) => formatOf(one) !== 'lzma' && !one.name.includes('none');
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
      const bytes = bytesOf(one);
      bytes[at % bytes.length]! ^= flip;
      let made: Uint8Array;
      try {
        made = unpack(one, bytes, 2 ** 20);
      } catch (error) {
        if (error instanceof PickleError) return;
        throw error;
      }
      if (hasChecksum(one)) assert.equal(createHash('sha256').update(made).digest('hex'), one.sha256, one.name);
    }),
    { numRuns: 1000 },
  );
});

test('a size of a block of xz that became 0 is no end of all', () => {
  const bytes = bytesOf(caseOf('text and noise, crc64 xz'));
  bytes[12] = 0;
  refuses(() => unpackXz(bytes, new Output(2 ** 20, ownTime() + 60_000)), 'pickle_damaged', /checksum/);
});

test('a run of bzip2 that is longer than a whole number can be ends', () => {
  const bits = [
    ['314159265359', 48, 16],
    ['0', 32, 16],
    // Not mixed, from the first place on; of the bytes only 0 is used.
    ['0', 25, 16],
    ['8000', 16, 16],
    ['8000', 16, 16],
    // Two tables, one selector; codes of one, two and two bits.
    ['010', 3, 2],
    ['1', 15, 16],
    ['0', 1, 2],
    ['00001010000', 11, 2],
    ['00001010000', 11, 2],
    ['0'.repeat(48), 48, 2],
  ] as const;
  const text = bits
    .map(([value, count, base]) =>
      BigInt(base === 2 ? `0b${value}` : `0x${value}`)
        .toString(2)
        .padStart(count, '0'),
    )
    .join('');
  const bytes = text.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
  const hostile = Buffer.concat([Buffer.from('BZh1'), Buffer.from(bytes)]);
  refuses(() => unpackBzip2(hostile, new Output(2 ** 20, ownTime() + 60_000)), 'pickle_damaged', /damaged/);
});

test('a dictionary of four gigabytes costs nothing', () => {
  const one = caseOf('text, preset 6 lzma');
  const bytes = bytesOf(one);
  bytes.fill(0xff, 1, 5);
  assert.equal(unpack(one, bytes).length, one.length);
});
