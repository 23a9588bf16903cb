import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StringStep } from '../../src/strings/plan.js';
import { StringSteps } from '../../src/strings/run-steps.js';
import { stringsOf, tensorOfTexts } from '../../src/support/strings.js';
import type { Tensor } from '../../src/support/tensor.js';

const vocabulary = stringsOf(tensorOfTexts(['a', 'b', 'a b']));
const steps = new StringSteps({
  inputs: [],
  outputs: [],
  results: [],
  before: [],
  after: [],
  vocabularies: [vocabulary],
  words: stringsOf(tensorOfTexts(['none'])),
});

function run(texts: string[], ...before: StringStep[]): Tensor {
  const values = new Map<string, Tensor>([['texts', tensorOfTexts(texts, [texts.length, 1])]]);
  steps.run(before, values);
  return values.get('made')!;
}

const split: StringStep = { op: 'split', from: 'texts', to: 'words', at: 'whitespace' };
const lookUp: StringStep = {
  op: 'look-up',
  from: 'words',
  to: 'found',
  vocabulary: 0,
  first: 1,
  unknown: { index: 0 },
};

describe('steps on strings', () => {
  it('refuse texts without a word where rows are as long as the longest: engines end on an empty axis', () => {
    const pad: StringStep = { op: 'pad', from: 'found', to: 'made', length: null };
    assert.deepEqual(run(['a x', ''], split, lookUp, pad), {
      type: 'int64',
      shape: [2, 2],
      data: BigInt64Array.of(1n, 0n, 0n, 0n),
    });
    assert.throws(() => run(['', ' '], split, lookUp, pad), { code: 'inputs_invalid', message: /no word/ });
  });

  it('refuse texts that make too many numbers, before they take memory', () => {
    const pad: StringStep = { op: 'pad', from: 'found', to: 'made', length: 2 ** 28 };
    assert.throws(() => run(['a', 'b'], split, lookUp, pad), { code: 'inputs_invalid', message: /Send less at once/ });
    const bag: StringStep = { op: 'bag', from: 'found', to: 'made', depth: 2 ** 28, counts: true };
    assert.throws(() => run(['a', 'b'], split, lookUp, bag), { code: 'inputs_invalid', message: /Send less at once/ });
  });

  it('refuse n-grams that take too much memory', () => {
    const ngrams: StringStep = { op: 'ngrams', from: 'words', to: 'made', widths: [64] };
    const long = Array.from({ length: 100_000 }, (_, index) => `${index}`.padStart(60, 'x')).join(' ');
    assert.throws(() => run([long], split, ngrams), { code: 'inputs_invalid', message: /longer than a tensor/ });
  });

  it('refuse what has no number, by what it is', () => {
    assert.throws(() => run(['c'], { ...lookUp, from: 'texts', unknown: null }), {
      code: 'inputs_invalid',
      message: 'The model doesn\'t know "c", and has no number for what it doesn\'t know.',
    });
  });

  it('give words for numbers, and another where there is none', () => {
    const values = new Map<string, Tensor>([
      ['numbers', { type: 'int64', shape: [4], data: BigInt64Array.of(-1n, 1n, 3n, 9007199254740993n) }],
    ]);
    steps.run([{ op: 'words', from: 'numbers', to: 'made', vocabulary: 0, first: 1, unknown: 0 }], values);
    assert.deepEqual(stringsOf(values.get('made')!), stringsOf(tensorOfTexts(['none', 'a', 'a b', 'none'])));
  });
});
