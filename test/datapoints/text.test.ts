/** Texts as Keras's `Tokenizer` and `pad_sequences` make numbers of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Value } from 'typebox/value';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import type { Claim, Facts, KindCard } from '../../src/datapoints/kind.js';
import { type TextSpec, text } from '../../src/datapoints/kinds/text.js';
import { kindsOf } from '../../src/datapoints/kinds.js';
import { tokenizerOf, Vocabulary } from '../../src/datapoints/texts/read-tokenizer.js';
import { idCount, matrixModes, sequencer } from '../../src/datapoints/texts/tokenizer.js';
import { vocabularyOfText } from '../../src/datapoints/texts/vocabulary-file.js';
import { CardError } from '../../src/support/card-error.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

interface Recorded {
  asked: string[];
  cases: {
    name: string;
    tokenizer: unknown;
    sequences: number[][];
    padded: Record<string, number[][]>;
    matrices: Record<string, number[][]>;
  }[];
}

const path = new URL('../fixtures/texts/tokenizers.json', import.meta.url);
const { asked, cases }: Recorded = JSON.parse(readFileSync(path, 'utf8'));

const info = (shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({ name: 'x', type, shape });
const factsOf = (input: TensorInfo, ...feeds: string[]): Facts => ({
  signature: { inputs: [input], outputs: [info([null, 1])] },
  hints: { inputs: [{ feeds }] },
});
const claim = (input: TensorInfo, card: KindCard, ...feeds: string[]) =>
  text.claim(input, factsOf(input, ...feeds), card, (key) => `inputs.x.${key}`) as Claim<TextSpec>;

function read(values: unknown[], input: TensorInfo, card: KindCard) {
  const reader = text.reader(input, claim(input, card).spec, values.length);
  reader.writeAll(values, 'rows');
  const column = reader.finish();
  assert.ok('tensor' in column);
  const { shape, data } = column.tensor;
  const width = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, row) => Array.from(data.slice(row * width, (row + 1) * width), Number));
}

const vocabularyIn = (json: unknown): Vocabulary => {
  const vocabulary = vocabularyOfText(JSON.stringify(json));
  assert.deepEqual([...Value.Errors(Vocabulary, vocabulary)], []);
  return vocabulary as Vocabulary;
};

const pets: Vocabulary = { word_index: { the: 1, cat: 2, dog: 3, sat: 5 } };

describe('a text', () => {
  for (const { name, tokenizer, sequences, padded, matrices } of cases) {
    const vocabulary = vocabularyIn(tokenizer);
    const spec = tokenizerOf(vocabulary, 'tokenizer');

    it(`has the ids that Keras gives its words: ${name}`, () => {
      const idsOf = sequencer(spec);
      assert.deepEqual(asked.map(idsOf), sequences);
    });

    it(`is filled up and cut as pad_sequences does: ${name}`, () => {
      for (const [sides, expected] of Object.entries(padded)) {
        const [padding, truncating] = sides.split(' ');
        const card = { tokenizer: vocabulary, encoding: 'sequence', padding, truncating };
        assert.deepEqual(read(asked, info([null, 5], 'int32'), card), expected, sides);
        assert.deepEqual(read(asked, info([null, null], 'int64'), { ...card, length: 5 }), expected, sides);
      }
    });

    it(`becomes a number for each word as texts_to_matrix has them: ${name}`, () => {
      for (const encoding of matrixModes) {
        const input = info([null, idCount(spec)], 'float64');
        const given = read(asked, input, { tokenizer: vocabulary, encoding });
        for (const [row, numbers] of matrices[encoding]!.entries())
          for (const [id, number] of numbers.entries())
            assert.ok(Math.abs(given[row]![id]! - number) < 1e-12, `${encoding} of ${asked[row]} at ${id}`);
      }
    });
  }

  it('is what an input with a tokenizer takes, and nothing else', () => {
    const { kinds, assumptions } = kindsOf(factsOf(info([null, 4], 'int32'), 'Embedding'), {
      inputs: { x: { tokenizer: pets } },
    });
    assert.equal(kinds.inputs.x!.kind, 'text');
    assert.deepEqual(
      assumptions.filter(({ key }) => key.startsWith('inputs')),
      [
        {
          key: 'inputs.x.encoding',
          value: 'sequence',
          basis: 'the layer that takes it is Embedding',
          certainty: 'likely',
        },
        { key: 'inputs.x.padding', value: 'pre', basis: "that is Keras's own side", certainty: 'guess' },
      ],
    );
    assert.equal(kindsOf(factsOf(info([null, 4], 'int32'), 'Embedding')).kinds.inputs.x!.kind, 'sequence');
  });

  it('is a number for each word where there are so many', () => {
    const { spec, assumptions } = claim(info([null, 6]), { tokenizer: pets }, 'Dense');
    assert.equal(spec.encoding, 'binary');
    assert.deepEqual(
      assumptions!.map(({ key, certainty }) => [key, certainty]),
      [['encoding', 'guess']],
    );
    assert.equal(claim(info([null, 6]), { tokenizer: pets }, 'Embedding').spec.encoding, 'sequence');
    assert.deepEqual(read(['The cat: the CAT!', 'a dog'], info([null, 6]), { tokenizer: pets }), [
      [0, 1, 1, 0, 0, 0],
      [0, 0, 0, 1, 0, 0],
    ]);
  });

  it('may be the numbers that the model takes, unprepared', () => {
    const card = { tokenizer: pets, encoding: 'sequence', padding: 'post' };
    assert.deepEqual(read([[9, 9, 9]], info([null, 3], 'int32'), card), [[9, 9, 9]]);
    for (const values of [[[9, 9]], [[9, 9, 9], 'cat'], ['cat', [9, 9, 9]], [7], [null], [{}]])
      assert.throws(() => read(values, info([null, 3], 'int32'), card), InstancesError, JSON.stringify(values));
  });

  it('is refused where the model can’t take it', () => {
    const card = { tokenizer: pets, encoding: 'sequence', padding: 'pre' };
    const refused: [values: string[], input: TensorInfo, card: KindCard, message: RegExp][] = [
      [
        ['the cat the cat'],
        info([null, 3]),
        card,
        /^rows\[0\] has 4 words that the model knows, of which it takes 3: send a shorter one, or have "truncating" in serve\.json/,
      ],
      [
        ['zebra'],
        info([null, null]),
        { tokenizer: pets, encoding: 'sequence' },
        /^rows\[0\] has no word that the model/,
      ],
      [['cat'], info([null, 3]), { ...card, padding: null }, /^rows\[0\] should be an array of 3 words/],
    ];
    for (const [values, input, given, message] of refused)
      assert.throws(
        () => read(values, input, given),
        (error: Error) => error instanceof InstancesError && message.test(error.message),
        String(message),
      );
    assert.deepEqual(read(['zebra', ''], info([null, 2]), card), [
      [0, 0],
      [0, 0],
    ]);
  });

  it('needs a card that can be', () => {
    const refused: [card: KindCard, message: RegExp, input?: TensorInfo][] = [
      [{ kind: 'text' }, /inputs\.x\.kind is text, which needs inputs\.x\.tokenizer/],
      [{ tokenizer: pets }, /inputs\.x\.kind can't be text: the input has not the shape/, info([null, 3, 3])],
      [{ tokenizer: {} }, /inputs\.x\.tokenizer needs "word_index" or "vocabulary"/],
      [{ tokenizer: { ...pets, vocabulary: ['a'] } }, /has both word_index and vocabulary/],
      [{ tokenizer: { word_index: { a: 1, b: 1 } } }, /has two words with the id 1: \["a","b"\]/],
      [{ tokenizer: { word_index: { a: 9_000_000 } } }, /has 1 words, but ids up to 9000000/],
      [{ tokenizer: { vocabulary: ['a\0b'] } }, /has a word with a zero in it/],
      [{ tokenizer: { vocabulary: ['a', 'b', 'a'] } }, /has the word "a" twice/],
      [{ tokenizer: { ...pets, oov_token: '<OOV>' } }, /oov_token is "<OOV>", which is none of the words/],
      [
        { tokenizer: pets, encoding: 'count' },
        /encoding can't be count: the input takes 4 numbers, and there are 6 ids/,
      ],
      [{ tokenizer: pets, encoding: 'tfidf' }, /tfidf, which needs document_count and index_docs/, info([null, 6])],
      [
        { tokenizer: pets, encoding: 'freq' },
        /encoding can't be freq: the input takes whole/,
        info([null, 6], 'int32'),
      ],
      [{ tokenizer: pets, encoding: 'sequence', length: 5 }, /length can't be 5: the input takes 4/],
      [{ tokenizer: pets, encoding: 'binary', padding: 'pre' }, /padding means nothing here/, info([null, 6])],
      [{ tokenizer: pets, encoding: 'binary', length: 6 }, /length means nothing here/, info([null, 6])],
    ];
    for (const [card, message, input = info([null, 4])] of refused)
      assert.throws(
        () => claim(input, card),
        (error: Error) => error instanceof CardError && message.test(error.message),
        String(message),
      );
  });

  it('is shown with words that the tokenizer knows', () => {
    const { spec } = claim(info([null, 4], 'int32'), { tokenizer: { ...pets, oov_token: 'the' } });
    assert.equal(text.describe(info([null, 4]), spec).example(16), 'cat dog sat');
  });
});

describe('a tokenizer’s file', () => {
  it('is JSON of any kind that people keep, or a word a line', () => {
    const index = { the: 1, cat: 2 };
    const config = {
      num_words: 2,
      filters: '',
      word_index: JSON.stringify(index),
      word_counts: '{}',
      index_docs: '{}',
    };
    const read: [text: string, vocabulary: unknown][] = [
      [JSON.stringify(index), { word_index: index }],
      [JSON.stringify(['', 'the']), { vocabulary: ['', 'the'] }],
      [JSON.stringify({ vocabulary: ['the'], lower: false }), { vocabulary: ['the'], lower: false }],
      ['the\r\ncat\n', { vocabulary: ['the', 'cat'] }],
      ['[UNK]\nthe', { vocabulary: ['[UNK]', 'the'] }],
      ['\n[UNK]\nthe', { vocabulary: ['', '[UNK]', 'the'] }],
      [
        JSON.stringify({ class_name: 'Tokenizer', config }),
        { num_words: 2, filters: '', word_index: index, index_docs: {} },
      ],
      [JSON.stringify(JSON.stringify({ config })), { num_words: 2, filters: '', word_index: index, index_docs: {} }],
    ];
    for (const [text, vocabulary] of read) assert.deepEqual(vocabularyOfText(text), vocabulary, text);
  });

  it('is refused where it is none, or names code', () => {
    assert.throws(() => vocabularyOfText('{"a": }'), /^Error: isn't JSON/);
    assert.throws(() => vocabularyOfText('{"a": 1, "b": 2, "a": 3}'), /^Error: has the key "a" twice in one object/);
    assert.throws(() => vocabularyOfText('"7"'), /^Error: has no vocabulary in it/);
    assert.throws(() => vocabularyOfText('{"config": {"word_index": "{"}}'), /^Error: isn't JSON/);
    assert.throws(() => vocabularyOfText('{"config": {"analyzer": "f", "word_index": {}}}'), /names an analyzer/);
  });
});
