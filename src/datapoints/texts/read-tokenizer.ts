import { type Static, Type } from 'typebox';
import { CardError } from '../../support/card-error.js';
import { repeated } from '../../support/repeated.js';
import { isWord, packWords, type TokenizerSpec } from './tokenizer.js';

const word = { maxLength: 10_000 };
const mostWords = 1_000_000;
/** Ids that a vocabulary may have: they may have holes. */
const mostIds = 10 * mostWords;
const id = Type.Integer({ minimum: 0, maximum: mostIds });

/** The words and options of a tokenizer, by the names that Keras's `Tokenizer` has for them. */
export const Vocabulary = Type.Object(
  {
    word_index: Type.Optional(
      Type.Record(Type.String(word), id, { description: 'an object with the id of each word, a whole number' }),
    ),
    vocabulary: Type.Optional(
      Type.Array(Type.String(word), {
        minItems: 1,
        maxItems: mostWords,
        description: 'a list of words, of which the first has the id 0',
      }),
    ),
    num_words: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: mostIds }), Type.Null()])),
    filters: Type.Optional(
      Type.String({ maxLength: 10_000, description: 'a text of characters that count as spaces' }),
    ),
    lower: Type.Optional(Type.Boolean({ description: 'true or false' })),
    split: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'what is between words' })),
    char_level: Type.Optional(Type.Boolean({ description: 'true or false' })),
    oov_token: Type.Optional(Type.Union([Type.String(word), Type.Null()], { description: 'a word' })),
    document_count: Type.Optional(Type.Integer({ minimum: 0 })),
    index_docs: Type.Optional(
      Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
        description: 'an object with the number of documents that have the word of each id',
      }),
    ),
  },
  { additionalProperties: false, description: 'an object with "word_index" or "vocabulary"' },
);
export type Vocabulary = Static<typeof Vocabulary>;

/** The characters that Keras's `Tokenizer` takes for spaces. */
const usualFilters = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n';

/**
 * The tokenizer that a card describes.
 * @param place of the tokenizer in the card, for messages
 * @throws CardError
 */
export function tokenizerOf(vocabulary: Vocabulary, place: string): TokenizerSpec {
  const { num_words: numWords, oov_token: oovToken, document_count: count, index_docs: docs } = vocabulary;
  const words = wordsById(vocabulary, place);
  const strange = words.find((one) => !isWord(one));
  if (strange !== undefined) throw new CardError(`${place} has a word with a zero in it.`);
  if (typeof oovToken === 'string' && !words.includes(oovToken))
    throw new CardError(`${place}.oov_token is ${JSON.stringify(oovToken.slice(0, 40))}, which is none of the words.`);
  return {
    words: packWords(words),
    ...(typeof numWords === 'number' && { numWords }),
    filters: vocabulary.filters ?? usualFilters,
    lower: vocabulary.lower ?? true,
    split: vocabulary.split ?? ' ',
    charLevel: vocabulary.char_level ?? false,
    ...(typeof oovToken === 'string' && { oovToken }),
    ...(count !== undefined &&
      docs && { documents: { count, withWord: Float64Array.from(words, (_word, id) => docs[id] ?? 0) } }),
  };
}

function wordsById({ word_index: index, vocabulary }: Vocabulary, place: string): string[] {
  if (vocabulary && index) throw new CardError(`${place} has both word_index and vocabulary: say it once.`);
  if (vocabulary) {
    const twice = repeated(vocabulary.filter((word) => word !== ''));
    if (twice !== undefined) throw new CardError(`${place} has the word ${JSON.stringify(twice.slice(0, 40))} twice.`);
    return vocabulary;
  }
  const entries = Object.entries(index ?? {});
  if (entries.length === 0) throw new CardError(`${place} needs "word_index" or "vocabulary".`);
  const size = entries.reduce((most, [, id]) => Math.max(most, id), 0) + 1;
  if (size > 10 * entries.length + 1000)
    throw new CardError(`${place} has ${entries.length} words, but ids up to ${size - 1}.`);
  const words = Array<string>(size).fill('');
  for (const [word, id] of entries) {
    if (words[id] !== '')
      throw new CardError(`${place} has two words with the id ${id}: ${JSON.stringify([words[id], word])}.`);
    words[id] = word;
  }
  return words;
}
