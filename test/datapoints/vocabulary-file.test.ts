import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Value } from 'typebox/value';
import { Vocabulary } from '../../src/datapoints/texts/read-tokenizer.js';
import { vocabularyOfFile, vocabularyOfText } from '../../src/datapoints/texts/vocabulary-file.js';
import { PickleError } from '../../src/pickle/error.js';

interface Recorded {
  module: string;
  format: string;
  pickle: string;
  /** What `to_json` says. */
  json: string;
}

const path = new URL('../fixtures/texts/tokenizer-pickles.json', import.meta.url);
const cases: Recorded[] = JSON.parse(readFileSync(path, 'utf8'));
const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('a file of words', () => {
  for (const module of new Set(cases.map((one) => one.module)))
    it(`is a pickled Tokenizer of ${module}: what its to_json says`, () => {
      for (const { format, pickle, json } of cases.filter((one) => one.module === module)) {
        const vocabulary = vocabularyOfFile(Buffer.from(pickle, 'base64'));
        assert.deepEqual([...Value.Errors(Vocabulary, vocabulary)], [], format);
        assert.deepEqual(vocabulary, vocabularyOfText(json), format);
      }
    });

  it('is a pickled dict or list, of any protocol', () => {
    const index = { word_index: { cat: 1, dog: 2 } };
    assert.deepEqual(vocabularyOfFile(latin1("(dp0\nS'cat'\np1\nI1\nsS'dog'\nI2\ns.")), index);
    assert.deepEqual(vocabularyOfFile(latin1('\x80\x04}(\x8c\x03cat\x94K\x01\x8c\x03dog\x94K\x02u.')), index);
    assert.deepEqual(vocabularyOfFile(latin1('\x80\x04](\x8c\x03cat\x8c\x03doge.')), { vocabulary: ['cat', 'dog'] });
  });

  it('is a text, though it begins like a pickle or like what is packed', () => {
    for (const words of [
      ['BZh', 'x'],
      ['cat', '.'],
      ['ZF', 'a'],
      ['x\u00da', 'y'],
      ['(dp', 'c.'],
    ])
      assert.deepEqual(vocabularyOfFile(Buffer.from(words.join('\n'))), { vocabulary: words });
  });

  it('is refused where its keys are no words, though they were lists that hold each other many times over', () => {
    const lists = Array.from({ length: 60 }, (_, index) => {
      const last = `h${String.fromCharCode(index)}`;
      return `(${last.repeat(10)}tq${String.fromCharCode(index + 1)}`;
    });
    const stream = `)q\0${lists.join('')}0}${'h\x3c'}K\x01s.`;
    assert.throws(() => vocabularyOfFile(latin1(`\x80\x02${stream}`)), /not all keys are words or ids/);
  });

  it('is refused where it names anything else, or is something else', () => {
    assert.throws(() => vocabularyOfFile(latin1('\x80\x02cos\nsystem\nU\x01xR.')), PickleError);
    assert.throws(
      () => vocabularyOfFile(latin1('\x80\x02csklearn.preprocessing.data\nStandardScaler\n)\x81.')),
      /holds a StandardScaler, which is no tokenizer/,
    );
    assert.throws(() => vocabularyOfFile(Buffer.of(1, 0, 200)), /is no text in UTF-8 or UTF-16, and no pickle/);
  });
});
