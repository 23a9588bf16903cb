/** What inputs and outputs are taken for, all that is assumed of them, and the card that says the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FoundLabels, KindCard } from '../../src/datapoints/kind.js';
import { inputKind, kindsOf, outputKind } from '../../src/datapoints/kinds.js';
import type { InputHints, ModelHints, OutputHints } from '../../src/inference/model-hints.js';
import { CardError } from '../../src/support/card-error.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

const input = (shape: (number | null)[], type: TensorType = 'float32', name = 'x'): TensorInfo => ({
  name,
  type,
  shape: [null, ...shape],
});
const output = (...shape: (number | null)[]): TensorInfo => input(shape, 'float32', 'y');
const [numbers, picture, grey] = [input([2]), input([8, 9, 3]), input([8, 9, 1])];
const found = (labels: string[], more: Partial<FoundLabels> = {}): FoundLabels => ({
  labels,
  file: 'labels.txt',
  source: 'file',
  basis: 'it lies beside the model',
  certainty: 'likely',
  numbered: false,
  ...more,
});

interface Given {
  card?: KindCard;
  found?: FoundLabels;
  /** Inputs beside it. */
  more?: TensorInfo[];
}

/** All that is assumed: key, value, how sure, what speaks for it, and the value as the log has it where that isn't its JSON. */
type Assumed = [key: string, value: unknown, certainty: string, basis: string, text?: string];

const assumed = (list: readonly { key: string; value: unknown; certainty: string; basis: string; text?: string }[]) =>
  list.map(({ key, value, certainty, basis, text }) => [
    key.slice(key.lastIndexOf('.') + 1),
    value,
    certainty,
    basis,
    ...(text === undefined ? [] : [text]),
  ]);

const padding: Assumed = ['padding', 'pre', 'guess', "that is Keras's own side"];
const threshold: Assumed = ['threshold', 0.5, 'likely', 'that is usual'];
const unnamed = (text: string): Assumed => ['labels', null, 'guess', 'nothing names them', text];
const logits = (maker: string): Assumed => [
  'logits',
  false,
  'guess',
  `nothing says whether its numbers are probabilities: "logits": true makes them so by ${maker}`,
];

describe('an input', () => {
  const claimOf = (one: TensorInfo, hints: ModelHints | null, { card, found, more = [] }: Given) => {
    const signature = { inputs: [one, ...more], outputs: [] };
    const { kinds, assumptions } = kindsOf({ signature, hints, found }, { inputs: card && { x: card } });
    const { kind, spec } = kinds.inputs.x!;
    const own = assumptions.filter(({ key }) => key.startsWith('inputs.x.'));
    return { kind, spec, spelled: inputKind(kind).spell?.(spec), assumed: assumed(own) };
  };
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
      { size: [28, 28], ...usual },
      [['kind', 'image', 'guess', "its shape is a picture's"], scaling(silent), ...pillow],
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
    'a table of rows over time that may be short': [
      input([4, 2]),
      {},
      { card: { columns } },
      'table',
      { columns, padding: 'pre', value: 0 },
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
      { padding: 'pre', value: 0 },
      [['kind', 'sequence', 'likely', 'the layer that takes it is LSTM'], padding],
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
      const claim = claimOf(one, hints, given);
      assert.deepEqual([claim.kind, claim.spelled, claim.assumed], [kind, spelled, all]);
    });
    if (spelled)
      it(`is the same once it is spelled out: ${name}`, () => {
        const [{ spec }, again] = [
          claimOf(one, hints, given),
          claimOf(one, hints, { ...given, card: { kind, ...spelled } }),
        ];
        assert.deepEqual(again, { ...again, kind, spelled, assumed: [] });
        assert.deepEqual(withoutAssumed(again.spec), withoutAssumed(spec));
      });
  }

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
    it(`can’t be ${name}`, () => assert.throws(() => claimOf(one, {}, { card }), refusedFor(message)));
});

const refusedFor = (message: string) => (error: Error) => {
  assert.ok(error instanceof CardError);
  assert.equal(error.message, `serve.json: ${message}`);
  return true;
};

/** That nobody has said so is no longer true of what is spelled out. */
const withoutAssumed = (spec: unknown) =>
  JSON.parse(JSON.stringify(spec, (key, value) => (key === 'assumed' ? undefined : value)));

describe('an output', () => {
  const claimOf = (one: TensorInfo, of: OutputHints | null, { card, found }: Given, given = picture) => {
    const signature = { inputs: [given], outputs: [one] };
    const hints = of && { outputs: [of] };
    const { kinds, assumptions } = kindsOf({ signature, hints, found }, { outputs: card && { y: card } });
    const { kind, spec } = kinds.outputs.y!;
    const own = assumptions.filter(({ key }) => key.startsWith('outputs.y.'));
    const { schema } = outputKind(kind).describe(one, spec);
    return { kind, spec, spelled: outputKind(kind).spell?.(spec), assumed: assumed(own), schema: schema as object };
  };
  const loss = (name: string, fromLogits = false): OutputHints => ({
    activation: 'linear',
    loss: { name, ...(fromLogits && { fromLogits }) } as OutputHints['loss'],
  });
  const cases: Record<
    string,
    [
      one: TensorInfo,
      hints: OutputHints | null,
      given: Given,
      kind: string,
      spelled: object | undefined,
      assumed: Assumed[],
      input?: TensorInfo,
    ]
  > = {
    'softmax for each pixel': [
      output(8, 9, 4),
      { activation: 'softmax' },
      {},
      'mask',
      { labels: ['0', '1', '2', '3'] },
      [['kind', 'mask', 'certain', 'its activation is softmax, for each pixel'], unnamed('0, 1, 2, 3')],
    ],
    'a loss for classes of each pixel': [
      output(8, 9, 4),
      loss('SparseCategoricalCrossentropy'),
      {},
      'mask',
      { labels: ['0', '1', '2', '3'] },
      [['kind', 'mask', 'certain', 'it was trained with SparseCategoricalCrossentropy'], unnamed('0, 1, 2, 3')],
    ],
    'a sigmoid for each pixel': [
      output(8, 9, 1),
      { activation: 'sigmoid' },
      {},
      'mask',
      { labels: ['background', 'foreground'], threshold: 0.5 },
      [
        ['kind', 'mask', 'likely', 'it has a probability for each pixel of the image'],
        unnamed('background, foreground'),
        threshold,
      ],
    ],
    'a logit for each pixel': [
      output(8, 9, 1),
      loss('BinaryCrossentropy', true),
      {},
      'mask',
      { labels: ['background', 'foreground'], threshold: 0.5, logits: true },
      [
        ['kind', 'mask', 'likely', 'it has a probability for each pixel of the image'],
        unnamed('background, foreground'),
        ['logits', true, 'certain', 'BinaryCrossentropy was told so (from_logits), and there is no activation'],
        threshold,
      ],
    ],
    'a mask as the card has it': [
      output(8, 9, 1),
      { activation: 'sigmoid' },
      { card: { kind: 'mask', labels: ['sky'], threshold: 0.25, logits: true } },
      'mask',
      { labels: ['background', 'sky'], threshold: 0.25, logits: true },
      [],
    ],
    'a mask that no picture is beside': [
      output(8, 9, 2),
      {},
      { card: { kind: 'mask', labels: ['sky', 'sea'] } },
      'mask',
      { labels: ['sky', 'sea'] },
      [],
      numbers,
    ],
    'a mask whose labels are none': [
      output(8, 9, 3),
      { activation: 'softmax' },
      { card: { labels: null } },
      'mask',
      { labels: ['0', '1', '2'] },
      [],
    ],
    'a mask with labels beside the model': [
      output(8, 9, 3),
      { activation: 'softmax' },
      { found: found(['a', 'b']) },
      'mask',
      { labels: ['background', 'a', 'b'] },
      [
        ['kind', 'mask', 'certain', 'its activation is softmax, for each pixel'],
        ['labels', ['background', 'a', 'b'], 'likely', 'it lies beside the model', 'background, a, b'],
      ],
    ],
    'another size than the image’s': [output(4, 4, 4), { activation: 'softmax' }, {}, 'tensor', undefined, []],
    'numbers for each pixel that nothing tells of': [output(8, 9, 4), {}, {}, 'tensor', undefined, []],
    'colours out of sigmoids': [
      output(8, 9, 3),
      { activation: 'sigmoid' },
      {},
      'image',
      { scaling: 'unit' },
      [
        ['kind', 'image', 'likely', 'it has three numbers for each pixel of the image'],
        ['scaling', 'unit', 'likely', 'its numbers come out of sigmoid'],
      ],
    ],
    colours: [
      output(8, 9, 3),
      { activation: 'linear' },
      {},
      'image',
      { scaling: 'unit' },
      [
        ['kind', 'image', 'likely', 'it has three numbers for each pixel of the image'],
        ['scaling', 'unit', 'guess', 'the image input is scaled so'],
      ],
    ],
    'grey of grey': [
      output(8, 9, 1),
      { activation: 'tanh' },
      {},
      'image',
      { scaling: 'tf' },
      [
        ['kind', 'image', 'guess', 'it has as many numbers for each pixel as the image'],
        ['scaling', 'tf', 'likely', 'its numbers come out of tanh'],
      ],
      grey,
    ],
    'an image of numbers': [
      output(8, 9, 3),
      { activation: 'linear' },
      { card: { scaling: 'caffe' } },
      'image',
      { scaling: 'caffe' },
      [],
      numbers,
    ],
    'a number as the card has it': [
      output(1),
      {},
      { card: { name: 'price', unit: 'dollars', offset: 1, scale: 2, transform: 'exp' } },
      'number',
      { name: 'price', unit: 'dollars', offset: 1, scale: 2, transform: 'exp' },
      [],
    ],
    'numbers with names': [
      output(2),
      {},
      { card: { names: ['low', 'high'] } },
      'number',
      { names: ['low', 'high'] },
      [],
    ],
    'numbers without': [output(2), {}, { card: { kind: 'number' } }, 'number', {}, []],
    'a sigmoid': [
      output(1),
      { activation: 'sigmoid' },
      {},
      'binary',
      { labels: ['0', '1'], threshold: 0.5 },
      [['kind', 'binary', 'likely', 'its one number comes out of a sigmoid'], unnamed('0 and 1'), threshold],
    ],
    'a number and two labels': [
      output(1),
      null,
      { found: found(['no', 'yes']) },
      'binary',
      { labels: ['no', 'yes'], logits: false, threshold: 0.5 },
      [
        ['kind', 'binary', 'likely', 'there are two labels for its one number'],
        ['labels', ['no', 'yes'], 'likely', 'it lies beside the model', 'the 2 of labels.txt'],
        logits('sigmoid'),
        threshold,
      ],
    ],
    'two of which one is so': [
      output(2),
      { activation: 'linear' },
      { card: { kind: 'binary', labels: ['no', ['n1', 'yes']], logits: true, threshold: 0.7 } },
      'binary',
      { labels: ['no', ['n1', 'yes']], logits: true, threshold: 0.7 },
      [],
    ],
    sigmoids: [
      output(3),
      { activation: 'sigmoid' },
      {},
      'multi-label',
      { labels: ['0', '1', '2'], threshold: 0.5 },
      [
        ['kind', 'multi-label', 'guess', 'its numbers come out of sigmoids'],
        unnamed('the numbers of the classes'),
        threshold,
      ],
    ],
    'labels of which several hold': [
      output(3),
      { activation: 'linear' },
      { card: { kind: 'multi-label', labels: ['a', 'b', 'c'] } },
      'multi-label',
      { labels: ['a', 'b', 'c'], logits: false, threshold: 0.5 },
      [logits('sigmoid'), threshold],
    ],
    'two labels of which both may hold': [
      output(2),
      { activation: 'sigmoid' },
      {},
      'multi-label',
      { labels: ['0', '1'], threshold: 0.5 },
      [
        ['kind', 'multi-label', 'guess', 'its numbers come out of sigmoids'],
        unnamed('the numbers of the classes'),
        threshold,
      ],
    ],
    softmax: [
      output(3),
      { activation: 'softmax' },
      {},
      'classes',
      { labels: ['0', '1', '2'] },
      [['kind', 'classes', 'certain', 'its activation is softmax'], unnamed('the numbers of the classes')],
    ],
    'classes of the card': [
      output(3),
      { activation: 'linear' },
      { card: { labels: ['a', 'b', 'c'], logits: true } },
      'classes',
      { labels: ['a', 'b', 'c'], logits: true },
      [],
    ],
    'softmax that was trained on quantities': [
      output(2),
      { activation: 'softmax', loss: { name: 'MeanSquaredError' } as OutputHints['loss'] },
      {},
      'classes',
      { labels: ['0', '1'] },
      [['kind', 'classes', 'certain', 'its activation is softmax'], unnamed('the numbers of the classes')],
    ],
  };
  for (const [name, [one, hints, given, kind, spelled, all, of]] of Object.entries(cases)) {
    it(`is ${kind} for ${name}`, () => {
      const claim = claimOf(one, hints, given, of);
      assert.deepEqual([claim.kind, claim.spelled, claim.assumed], [kind, spelled, all]);
    });
    if (spelled)
      it(`is the same once it is spelled out: ${name}`, () => {
        const again = claimOf(one, hints, { ...given, card: { kind, ...spelled } }, of);
        assert.deepEqual([again.kind, again.spelled, again.assumed], [kind, spelled, []]);
      });
  }

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
    it(`can’t be ${name}`, () => assert.throws(() => claimOf(one, {}, { card }, of), refusedFor(message)));

  it('is described by what it has in a reply', () => {
    const schemaOf = (one: TensorInfo, card: KindCard, hints: OutputHints = {}) => claimOf(one, hints, { card }).schema;
    const number = { type: ['number', 'null'], format: 'float' };
    const meters = { type: 'string', const: 'm' };
    const dollars = schemaOf(output(1), { unit: 'm' }) as { properties: { unit: object }; required: string[] };
    assert.deepEqual([dollars.properties.unit, dollars.required], [meters, ['value', 'unit']]);
    assert.deepEqual(schemaOf(output(1), { name: 'price' }), { $ref: 'keras-serve.NumberPrediction' });
    assert.deepEqual(schemaOf(output(2), { names: ['a', 'b'], unit: 'm' }), {
      type: 'object',
      required: ['values', 'unit'],
      properties: {
        values: { type: 'object', required: ['a', 'b'], properties: { a: number, b: number } },
        unit: meters,
      },
    });
    assert.deepEqual(schemaOf(output(2), { kind: 'number' }), {
      type: 'object',
      required: ['values'],
      properties: { values: { type: 'array', items: number, minItems: 2, maxItems: 2 } },
    });
    assert.deepEqual(schemaOf(output(3), { kind: 'tensor' }), {
      type: 'array',
      items: number,
      minItems: 3,
      maxItems: 3,
    });
    const refers: [one: TensorInfo, card: KindCard, schema: object][] = [
      [output(8, 9, 2), { kind: 'mask' }, { $ref: 'keras-serve.MaskPrediction' }],
      [output(8, 9, 3), { scaling: 'tf' }, { $ref: 'keras-serve.PicturePrediction' }],
    ];
    for (const [one, card, schema] of refers) assert.deepEqual(schemaOf(one, card), schema);
    const lists: [one: TensorInfo, card: KindCard, item: string, more: object][] = [
      [output(3), { kind: 'classes' }, 'Prediction', {}],
      [output(1), { kind: 'binary' }, 'Prediction', { maxItems: 2 }],
      [output(3), { kind: 'multi-label' }, 'LabelPrediction', {}],
    ];
    for (const [one, card, item, more] of lists) {
      const { description, ...schema } = schemaOf(one, card) as { description?: string };
      assert.deepEqual(schema, { type: 'array', items: { $ref: `keras-serve.${item}` }, ...more });
      assert.ok(description);
    }
  });
});
