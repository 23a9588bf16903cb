/** What outputs are taken for, all that is assumed of them, the card that says the same, and their schemas. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FoundLabels, KindCard } from '../../src/datapoints/kind.js';
import type { OutputHints } from '../../src/inference/model-hints.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { type Assumed, type Given, grey, numbers, output, outputClaim } from '../helpers/claims.js';

const found = (labels: string[], more: Partial<FoundLabels> = {}): FoundLabels => ({
  labels,
  file: 'labels.txt',
  source: 'file',
  basis: 'it lies beside the model',
  certainty: 'likely',
  numbered: false,
  ...more,
});
const threshold: Assumed = ['threshold', 0.5, 'likely', 'that is usual'];
const unnamed = (text: string): Assumed => ['labels', null, 'guess', 'nothing names them', text];
const logits = (maker: string): Assumed => [
  'logits',
  false,
  'guess',
  `nothing says whether its numbers are probabilities: "logits": true makes them so by ${maker}`,
];

describe('an output', () => {
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
    'numbers of an image on a sphere': [output(8), { activation: 'l2_normalize' }, {}, 'tensor', undefined, [], grey],
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
      const claim = outputClaim(one, hints, given, of);
      assert.deepEqual([claim.kind, claim.spelled, claim.assumed], [kind, spelled, all]);
    });
    if (spelled)
      it(`is the same once it is spelled out: ${name}`, () => {
        const again = outputClaim(one, hints, { ...given, card: { kind, ...spelled } }, of);
        assert.deepEqual([again.kind, again.spelled, again.assumed], [kind, spelled, []]);
      });
  }

  it('is described by what it has in a reply', () => {
    const schemaOf = (one: TensorInfo, card: KindCard, hints: OutputHints = {}) =>
      outputClaim(one, hints, { card }).schema;
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
