/** Strings are hashed, standardised and split as TensorFlow does it: `test/fixtures/strings/make.py` recorded that. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fingerprint64 } from '../../src/strings/fingerprint.js';
import { siphash24 } from '../../src/strings/siphash.js';
import { ngrams, type RaggedStrings, splitAtSpaces, splitCharacters, standardize } from '../../src/strings/text.js';
import { type Strings, StringsBuilder, stringAt } from '../../src/support/strings.js';

const recorded = JSON.parse(readFileSync(new URL('../fixtures/strings/tensorflow.json', import.meta.url), 'utf8'));

const decode = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const bytes = decode(recorded.bytes);
const prefixes = Array.from({ length: bytes.length + 1 }, (_, length) => bytes.subarray(0, length));
const bins = BigInt(recorded.bins);

const builder = new StringsBuilder();
for (const text of recorded.texts) builder.add(decode(text));
const texts = builder.finish();

const encode = (strings: Strings): string[] =>
  Array.from(strings.ends, (_, index) => Buffer.from(stringAt(strings, index)).toString('base64'));

function encodeRows({ strings, rowEnds }: RaggedStrings): string[][] {
  const all = encode(strings);
  return Array.from(rowEnds, (end, row) => all.slice(rowEnds[row - 1] ?? 0, end));
}

describe('hashes of TensorFlow', () => {
  it('fingerprints of 0 to 1000 bytes are its', () => {
    assert.equal(recorded.fast.length, 1001);
    assert.deepEqual(
      prefixes.map((prefix) => String(fingerprint64(prefix) % bins)),
      recorded.fast,
    );
  });

  it('hashes under keys, too', () => {
    for (const { key, hashes } of recorded.strong) {
      const [first, second] = key.map((part: string) => BigInt.asUintN(64, BigInt(part)));
      assert.deepEqual(
        prefixes.map((prefix) => String(siphash24(prefix, [first, second]) % bins)),
        hashes,
        `the key ${key}`,
      );
    }
  });
});

describe('texts of TensorFlow', () => {
  for (const how of ['lower', 'strip_punctuation', 'lower_and_strip_punctuation'] as const)
    it(how, () => assert.deepEqual(encode(standardize(texts, how)), recorded[how]));

  it('split at white space', () => assert.deepEqual(encodeRows(splitAtSpaces(texts)), recorded.whitespace));

  it('split into characters', () => assert.deepEqual(encodeRows(splitCharacters(texts)), recorded.character));

  it('n-grams', () => assert.deepEqual(encodeRows(ngrams(splitAtSpaces(texts), [2, 1, 3])), recorded.ngrams));
});
