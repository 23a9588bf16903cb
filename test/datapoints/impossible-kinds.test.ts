/** Cards that say of inputs and outputs what these can’t be. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KindCard } from '../../src/datapoints/kind.js';
import { CardError } from '../../src/support/card-error.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { input, inputClaim, numbers, output, outputClaim } from '../helpers/claims.js';

const refusedFor = (message: string) => (error: Error) => {
  assert.ok(error instanceof CardError);
  assert.equal(error.message, `serve.json: ${message}`);
  return true;
};

describe('an input', () => {
  const tokenizer = { word_index: { a: 1, b: 2, c: 3 } };
  const columns = [{ name: 'a' }, { name: 'b' }];
  const refused: Record<string, [one: TensorInfo, card: KindCard, message: string]> = {
    'a table of what has no name': [
      input([2], 'string'),
      { kind: 'table' },
      'inputs.x.kind is table, which needs "columns" or "transform".',
    ],
    'a table of four axes': [
      input([2, 3, 4]),
      { columns: [{ name: 'a' }] },
      "inputs.x.kind can't be table: the input has not the shape (batch, columns) or (batch, time, columns) of numbers.",
    ],
    'a table of strings over time': [
      input([2, 3], 'string'),
      { columns: [{ name: 'a' }] },
      "inputs.x.kind can't be table: the input has not the shape (batch, columns).",
    ],
    'a column that is ignored': [
      numbers,
      { columns, ignored: ['c', 'b'] },
      'inputs.x.ignored has "b", which is a column.',
    ],
    'padding of one row': [
      numbers,
      { columns, padding: 'pre' },
      'inputs.x.padding means nothing here: a datapoint is one row.',
    ],
    'a length of strings': [
      input([], 'string'),
      { kind: 'text', length: 3 },
      'inputs.x.length means nothing here: the model takes the text itself.',
    ],
    'tfidf without documents': [
      input([4]),
      { tokenizer, encoding: 'tfidf' },
      'inputs.x.encoding is tfidf, which needs document_count and index_docs of the tokenizer.',
    ],
    'a length of counts': [
      input([4]),
      { tokenizer, encoding: 'count', length: 4 },
      'inputs.x.length means nothing here: the encoding is count.',
    ],
    'shares of whole numbers': [
      input([4], 'int32'),
      { tokenizer, encoding: 'freq' },
      "inputs.x.encoding can't be freq: the input takes whole numbers.",
    ],
    'counts of other words': [
      input([7]),
      { tokenizer, encoding: 'count' },
      "inputs.x.encoding can't be count: the input takes 7 numbers, and there are 4 ids of words (num_words, if it is there).",
    ],
    'a text without a tokenizer': [
      input([4]),
      { kind: 'text' },
      'inputs.x.kind is text, which needs inputs.x.tokenizer.',
    ],
    'a text in rows': [
      input([4, 2]),
      { tokenizer },
      "inputs.x.kind can't be text: the input has not the shape (batch, numbers).",
    ],
    'another length than the model’s': [
      input([4]),
      { tokenizer, encoding: 'sequence', length: 3 },
      "inputs.x.length can't be 3: the input takes 4.",
    ],
    'a sequence without steps': [
      input([]),
      { kind: 'sequence' },
      "inputs.x.kind can't be sequence: the input has not the shape (batch, steps) or (batch, steps, numbers).",
    ],
    'a sequence of strings': [
      input([3], 'string'),
      { kind: 'sequence' },
      `inputs.x.kind can't be "sequence": x is string of the shape (any, 3).`,
    ],
    'what a sequence can’t be filled up with': [
      input([3], 'uint8'),
      { kind: 'sequence', value: -1 },
      'inputs.x.value must be a number that uint8 can hold.',
    ],
    'padding of any length': [
      input([null, 2]),
      { kind: 'sequence', padding: 'pre' },
      'inputs.x.padding means nothing here: the input takes lists of any length.',
    ],
  };
  for (const [name, [one, card, message]] of Object.entries(refused))
    it(`can’t be ${name}`, () => assert.throws(() => inputClaim(one, {}, { card }), refusedFor(message)));
});

describe('an output', () => {
  const refused: Record<string, [one: TensorInfo, card: KindCard, message: string, of?: TensorInfo]> = {
    'a threshold of several classes': [
      output(8, 9, 3),
      { kind: 'mask', threshold: 0.25 },
      'outputs.y.threshold is for one channel, and this output has 3.',
    ],
    'labels of a picture that isn’t told': [
      output(8, 9, 3),
      { labels: ['a', 'b', 'c'] },
      'outputs.y.labels needs outputs.y.kind beside it: "mask", where y has classes for each pixel of a picture, which its shape alone doesn’t tell.',
      numbers,
    ],
    'labels for other pixels': [
      output(8, 9, 3),
      { kind: 'mask', labels: ['a'] },
      'outputs.y.labels has 1 where the model has 3 classes: give 3, or 2 without the background.',
    ],
    'an image of a scaling that nobody knows': [
      output(8, 9, 3),
      { kind: 'image' },
      'outputs.y.kind is image, which needs "scaling": how numbers from 0 to 255 became the model\'s.',
      numbers,
    ],
  };
  for (const [name, [one, card, message, of]] of Object.entries(refused))
    it(`can’t be ${name}`, () => assert.throws(() => outputClaim(one, {}, { card }, of), refusedFor(message)));
});
