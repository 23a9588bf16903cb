/** Layers on strings that are refused, and what the message says. What they compute is among the fixtures. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Argument, Config } from '../../src/keras/model.js';
import { compile } from '../../src/onnx/compile.js';
import { type Input, layer, layerModel } from '../helpers/layer-model.js';

const texts: Input = { shape: [null, 1], dtype: 'string' };
const words: Input = { shape: [null, 3], dtype: 'string' };
const vocabulary = ['a', 'b'];

const refused: [what: string, className: string, config: Config, input: Input, message: RegExp][] = [
  ['no vocabulary', 'StringLookup', {}, texts, /lay it beside it as tested\.vocabulary\.txt/],
  ['an empty vocabulary', 'StringLookup', { vocabulary: ['[UNK]'] }, texts, /its vocabulary is empty/],
  ['a term twice', 'StringLookup', { vocabulary: ['a', 'b', 'a'] }, texts, /has a term twice/],
  [
    'the mask token as a term',
    'StringLookup',
    { vocabulary, mask_token: 'b' },
    texts,
    /the mask token among its terms/,
  ],
  [
    'more terms than it may have',
    'StringLookup',
    { vocabulary, max_tokens: 2 },
    texts,
    /more terms than its max_tokens/,
  ],
  ['terms that are none', 'StringLookup', { vocabulary: [1, 2] }, texts, /its vocabulary should be strings/],
  ['numbers for strings', 'StringLookup', { vocabulary }, [null, 3], /it is called with numbers/],
  [
    'strings for places',
    'StringLookup',
    { vocabulary, invert: true },
    texts,
    /it is inverted, and called with strings/,
  ],
  [
    'more categories than 32 bits count',
    'StringLookup',
    { vocabulary, num_oov_indices: 2 ** 31 - 1 },
    texts,
    /more than 2147483647 categories/,
  ],
  ['half a salt', 'Hashing', { num_bins: 3, salt: [1] }, texts, /its salt is no whole number/],
  ['a salt of fractions', 'Hashing', { num_bins: 3, salt: 0.5 }, texts, /its salt is no whole number/],
  [
    'counts of one value a datapoint',
    'Hashing',
    { num_bins: 3, output_mode: 'count' },
    { shape: [null], dtype: 'string' },
    /count makes one vector of all datapoints, which has no batch axis; give it the shape \(1,\), or use one_hot/,
  ],
  ['truths', 'Hashing', { num_bins: 3 }, { shape: [null, 1], dtype: 'bool' }, /it hashes True and False/],
  [
    'several texts a datapoint',
    'TextVectorization',
    { vocabulary },
    words,
    /not of the shape \(batch,\) or \(batch, 1\)/,
  ],
  ['rows of any length', 'TextVectorization', { vocabulary, ragged: true }, texts, /its output is ragged/],
  ['n-grams wider than any', 'TextVectorization', { vocabulary, ngrams: 65 }, texts, /wider than 64/],
  [
    'a function that splits',
    'TextVectorization',
    { vocabulary, split: { class_name: 'function', config: 'own' } },
    texts,
    /its split is Python code, which is never run/,
  ],
  [
    'more numbers than any model has',
    'TextVectorization',
    { vocabulary, output_sequence_length: 2 ** 30 },
    texts,
    /is too large/,
  ],
  ['a layer of numbers', 'Dense', { units: 2 }, words, /it works on strings, which only preprocessing layers do here/],
];

describe('a layer with', () => {
  for (const [what, className, config, input, message] of refused)
    it(`${what} is refused by name`, () => {
      assert.throws(
        () => compile(layerModel(layer(className, config), { x: input })),
        (error: Error) => {
          assert.match(error.message, message);
          assert.match(error.message, /tested/);
          return true;
        },
      );
    });

  it('fractions beside strings to cross is refused by name', () => {
    const args: Argument[] = [['x', 'y']];
    const model = layerModel(layer('HashedCrossing', { num_bins: 5 }), { x: texts, y: [null, 1] }, { args });
    assert.throws(() => compile(model), /it crosses what is neither whole nor a string/);
  });
});
