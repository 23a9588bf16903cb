/** What inputs are taken for, all that is assumed of them, and the card that says the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InputHints, ModelHints } from '../../src/inference/model-hints.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { type Assumed, type Given, input, inputClaim, numbers, picture } from '../helpers/claims.js';

const padding: Assumed = ['padding', 'pre', 'guess', "that is Keras's own side"];
/** That nobody has said so is no longer true of what is spelled out. */
const withoutAssumed = (spec: unknown) =>
  JSON.parse(JSON.stringify(spec, (key, value) => (key === 'assumed' ? undefined : value)));

describe('an input', () => {
  const feeds = (...layers: string[]): ModelHints => ({ inputs: [{ feeds: layers }] });
  const words = (known: string[], others?: true): ModelHints => ({
    inputs: [{ words: { known, ...(others && { others }) } } as InputHints],
  });
  const tokenizer = { word_index: { a: 1, b: 2, c: 3 } };
  const columns = [{ name: 'a' }, { name: 'b' }];
  const usual = { resize: 'stretch', interpolation: 'bicubic', scaling: 'unit' };
  const pillow: Assumed[] = [
    ['resize', 'stretch', 'guess', "that is Pillow's own"],
    ['interpolation', 'bicubic', 'guess', "that is Pillow's own"],
  ];
  const scaling = (basis: string): Assumed => ['scaling', 'unit', 'guess', basis, '"unit", pixels from 0 to 1'];
  const [onnx, silent] = ['an ONNX model does not tell what it was trained on', 'nothing in the model says otherwise'];

  const cases: Record<
    string,
    [
      one: TensorInfo,
      hints: ModelHints | null,
      given: Given,
      kind: string,
      spelled: object | undefined,
      assumed: Assumed[],
    ]
  > = {
    'an image of ONNX': [
      picture,
      null,
      {},
      'image',
      { size: [8, 9], ...usual },
      [['kind', 'image', 'likely', "its shape is a picture's with channels"], scaling(onnx), ...pillow],
    ],
    'an image without channels': [
      input([784]),
      {},
      {},
      'image',
      { size: [28, 28], ...usual, invert: 'auto' },
      [
        ['kind', 'image', 'guess', "its shape is a picture's"],
        scaling(silent),
        ...pillow,
        [
          'invert',
          'auto',
          'guess',
          'grey pictures of 28 × 28 are mostly light ink on dark',
          '"auto", where the border is lighter than the middle',
        ],
      ],
    ],
    'an image of any size': [
      input([null, null, 3]),
      {},
      {},
      'image',
      { size: [224, 224], ...usual },
      [
        ['kind', 'image', 'likely', "its shape is a picture's with channels"],
        scaling(silent),
        ['size', [224, 224], 'guess', 'the model takes any'],
        ...pillow,
      ],
    ],
    'an image as the card has it': [
      picture,
      {},
      { card: { kind: 'image', resize: 'crop', interpolation: 'nearest', scaling: 'tf' } },
      'image',
      { size: [8, 9], resize: 'crop', crop_fraction: 1, interpolation: 'nearest', scaling: 'tf' },
      [],
    ],
    'an image with a scaling of its own': [
      input([null, 9, 3]),
      {},
      { card: { scaling: { mean: [1, 2, 3], std: [4, 5, 6] }, size: [4, 9] } },
      'image',
      { ...usual, size: [4, 9], scaling: { mean: [1, 2, 3], std: [4, 5, 6] } },
      pillow,
    ],
    'an image of a scaling that isn’t guessed': [
      picture,
      {},
      { card: { resize: 'crop' } },
      'image',
      { ...usual, size: [8, 9], resize: 'crop', crop_fraction: 1 },
      [
        ['scaling', 'unit', 'guess', silent, '"unit", pixels from 0 to 1, the middle cut out'],
        ['interpolation', 'bicubic', 'guess', "that is Pillow's own"],
      ],
    ],
    'a table of columns': [
      numbers,
      {},
      { card: { columns: [{ name: 'a', offset: 1 }, { name: 'b' }], ignored: ['id'] } },
      'table',
      { columns: [{ name: 'a', offset: 1 }, { name: 'b' }], ignored: ['id'] },
      [],
    ],
    'a table of rows over time': [
      input([4, 2]),
      {},
      { card: { columns, padding: 'post', truncating: 'pre', value: 3 } },
      'table',
      { columns, padding: 'post', truncating: 'pre', value: 3 },
      [],
    ],
    'a table of rows over time that may not be short': [
      input([4, 2]),
      {},
      { card: { columns } },
      'table',
      { columns, padding: null, value: 0 },
      [],
    ],
    'a table of rows over time that are filled up with a value': [
      input([4, 2]),
      {},
      { card: { columns, value: 7 } },
      'table',
      { columns, padding: 'pre', value: 7 },
      [padding],
    ],
    'one number beside others': [
      input([1]),
      {},
      { more: [input([], 'float32', 'n')] },
      'table',
      { columns: [{ name: 'x' }] },
      [['kind', 'table', 'likely', 'it is one number beside other inputs']],
    ],
    'one text beside others': [
      input([1], 'string'),
      {},
      { more: [input([], 'float32', 'n')] },
      'table',
      { columns: [{ name: 'x' }] },
      [['kind', 'table', 'likely', 'it is one text beside other inputs']],
    ],
    'one of the words of a layer': [
      input([1], 'string'),
      words(['a', 'b'], true),
      {},
      'table',
      { columns: [{ name: 'x', categories: ['a', 'b'], others: true }] },
      [['kind', 'table', 'likely', 'the layer that takes it is StringLookup']],
    ],
    'one number that the card calls a table': [
      input([1]),
      {},
      { card: { kind: 'table' } },
      'table',
      { columns: [{ name: 'x' }] },
      [],
    ],
    'one number by itself': [input([1]), {}, {}, 'tensor', undefined, []],
    'numbers beside others': [numbers, {}, { more: [input([], 'float32', 'n')] }, 'tensor', undefined, []],
    'steps of one number beside others': [
      input([1, 1]),
      {},
      { more: [input([], 'float32', 'n')] },
      'tensor',
      undefined,
      [],
    ],
    'a string': [input([], 'string'), {}, {}, 'text', {}, [['kind', 'text', 'guess', 'it is one string']]],
    'a string of ONNX': [input([1], 'string'), null, {}, 'text', {}, [['kind', 'text', 'guess', 'it is one string']]],
    'a string for a layer that takes texts': [
      input([1], 'string'),
      feeds('Other', 'TextVectorization'),
      {},
      'text',
      {},
      [['kind', 'text', 'certain', 'the layer that takes it is TextVectorization']],
    ],
    'a string that the card calls a text': [input([], 'string'), {}, { card: { kind: 'text' } }, 'text', {}, []],
    'several strings': [input([2], 'string'), {}, {}, 'tensor', undefined, []],
    'strings in rows': [input([1, 1], 'string'), {}, {}, 'tensor', undefined, []],
    'ids of words for an Embedding': [
      input([5]),
      feeds('Embedding'),
      { card: { tokenizer } },
      'text',
      { tokenizer, encoding: 'sequence', padding: 'pre', value: 0 },
      [['encoding', 'sequence', 'likely', 'the layer that takes it is Embedding'], padding],
    ],
    'a number for each word': [
      input([4]),
      feeds('Dense'),
      { card: { tokenizer } },
      'text',
      { tokenizer, encoding: 'binary' },
      [['encoding', 'binary', 'guess', 'the input takes a number for each word, and that is the usual one']],
    ],
    'as many ids as there are words, for an Embedding': [
      input([4]),
      feeds('Embedding'),
      { card: { tokenizer } },
      'text',
      { tokenizer, encoding: 'sequence', padding: 'pre', value: 0 },
      [['encoding', 'sequence', 'likely', 'the layer that takes it is Embedding'], padding],
    ],
    'more numbers than there are words, of ONNX': [
      input([7]),
      null,
      { card: { tokenizer } },
      'text',
      { tokenizer, encoding: 'sequence', padding: 'pre', value: 0 },
      [['encoding', 'sequence', 'guess', 'the input takes another number of numbers than there are words'], padding],
    ],
    'a text as the card has it': [
      input([null]),
      {},
      {
        card: {
          kind: 'text',
          tokenizer,
          encoding: 'sequence',
          length: 6,
          padding: 'post',
          truncating: 'post',
          value: 1,
        },
      },
      'text',
      { tokenizer, encoding: 'sequence', length: 6, padding: 'post', truncating: 'post', value: 1 },
      [],
    ],
    'a text of any length': [
      input([null]),
      {},
      { card: { tokenizer, encoding: 'sequence' } },
      'text',
      { tokenizer, encoding: 'sequence' },
      [],
    ],
    'a text of the model’s own length': [
      input([6]),
      {},
      { card: { tokenizer, encoding: 'sequence', length: 6, padding: null } },
      'text',
      { tokenizer, encoding: 'sequence', padding: null, value: 0 },
      [],
    ],
    'counts of words': [
      input([null], 'int32'),
      {},
      { card: { tokenizer, encoding: 'count' } },
      'text',
      { tokenizer, encoding: 'count' },
      [],
    ],
    ids: [
      input([5]),
      feeds('Embedding'),
      {},
      'sequence',
      { padding: 'pre', value: 0 },
      [['kind', 'sequence', 'likely', 'the layer that takes it is Embedding'], padding],
    ],
    steps: [
      input([5, 2]),
      feeds('Dropout', 'LSTM'),
      {},
      'sequence',
      { padding: null, value: 0 },
      [['kind', 'sequence', 'likely', 'the layer that takes it is LSTM']],
    ],
    'steps of any number': [
      input([null, 2]),
      feeds('GRU'),
      {},
      'sequence',
      {},
      [['kind', 'sequence', 'likely', 'the layer that takes it is GRU']],
    ],
    'steps as the card has them': [
      input([5, 1]),
      {},
      { card: { kind: 'sequence', padding: null, value: 2 } },
      'sequence',
      { padding: null, value: 2 },
      [],
    ],
    'one id': [input([1]), feeds('Embedding'), {}, 'tensor', undefined, []],
    'numbers for a recurrent layer without steps': [input([5]), feeds('LSTM'), {}, 'tensor', undefined, []],
  };
  for (const [name, [one, hints, given, kind, spelled, all]] of Object.entries(cases)) {
    it(`is ${kind} for ${name}`, () => {
      const claim = inputClaim(one, hints, given);
      assert.deepEqual([claim.kind, claim.spelled, claim.assumed], [kind, spelled, all]);
    });
    if (spelled)
      it(`is the same once it is spelled out: ${name}`, () => {
        const [{ spec }, again] = [
          inputClaim(one, hints, given),
          inputClaim(one, hints, { ...given, card: { kind, ...spelled } }),
        ];
        assert.deepEqual(again, { ...again, kind, spelled, assumed: [] });
        assert.deepEqual(withoutAssumed(again.spec), withoutAssumed(spec));
      });
  }
});
