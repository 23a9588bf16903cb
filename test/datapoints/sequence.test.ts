import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import type { Facts, KindCard } from '../../src/datapoints/kind.js';
import { sequence } from '../../src/datapoints/kinds/sequence.js';
import { kindsOf } from '../../src/datapoints/kinds.js';
import { CardError } from '../../src/support/card-error.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

const info = (shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({ name: 'x', type, shape });
const factsOf = (input: TensorInfo, ...feeds: string[]): Facts => ({
  signature: { inputs: [input], outputs: [info([null, 1])] },
  hints: { inputs: [{ feeds }] },
});
const kindOf = (input: TensorInfo, ...feeds: string[]) => kindsOf(factsOf(input, ...feeds)).kinds.inputs.x!.kind;
const claim = (input: TensorInfo, card: KindCard = { kind: 'sequence' }) =>
  sequence.claim(input, factsOf(input), card, (key) => `inputs.x.${key}`)!;

function read(values: unknown[], input: TensorInfo, card: KindCard = {}) {
  const reader = sequence.reader(input, claim(input, { kind: 'sequence', ...card }).spec, values.length);
  reader.writeAll(values, 'rows');
  const column = reader.finish();
  assert.ok('tensor' in column);
  return { shape: column.tensor.shape, data: Array.from(column.tensor.data, Number) };
}

describe('a sequence', () => {
  it('is what an Embedding takes, but for one number, or steps that a recurrent layer takes', () => {
    for (const size of [5, null]) assert.equal(kindOf(info([null, size], 'int32'), 'Embedding'), 'sequence');
    for (const layer of ['LSTM', 'GRU', 'SimpleRNN'])
      assert.equal(kindOf(info([null, 5, 2]), 'Other', layer), 'sequence');
    assert.equal(kindOf(info([null, 1]), 'Embedding'), 'tensor');
    assert.equal(kindOf(info([null]), 'Embedding'), 'tensor');
    assert.equal(kindOf(info([null, 5, 2]), 'Embedding'), 'tensor');
    assert.equal(kindOf(info([null, 5]), 'Dense'), 'tensor');
    assert.equal(kindOf(info([null, 5, 5, 2, 3]), 'ConvLSTM2D'), 'tensor');
  });

  it('is told with what speaks for it, and the side on which it is filled up', () => {
    const { assumptions } = kindsOf(factsOf(info([null, 5]), 'Embedding'));
    assert.deepEqual(assumptions.slice(0, 2), [
      { key: 'inputs.x.kind', value: 'sequence', basis: 'the layer that takes it is Embedding', certainty: 'likely' },
      { key: 'inputs.x.padding', value: 'pre', basis: "that is Keras's own side", certainty: 'guess' },
    ]);
    assert.deepEqual(claim(info([null, null])).assumptions, []);
  });

  it('is also what a Masking takes; ids have whole numbers for an example', () => {
    assert.equal(kindOf(info([null, 5, 2]), 'Masking'), 'sequence');
    const { spec } = sequence.claim(info([null, 3]), factsOf(info([null, 3]), 'Embedding'), undefined, (key) => key)!;
    assert.deepEqual(sequence.describe(info([null, 3]), spec).example(3), [1, 1, 1]);
  });

  it('is not one for each step where the list around the steps is missing', () => {
    const steps = info([null, 3, 1]);
    assert.throws(
      () => read([[1], [2], [3]], steps),
      /^InstancesError: There are 3 datapoints of one step each, where one has 3/,
    );
    assert.deepEqual(read([[[1], [2], [3]]], steps).data, [1, 2, 3]);
    assert.deepEqual(read([[1], [2]], steps, { padding: 'pre' }).shape, [2, 3, 1]);
    assert.deepEqual(read([[1], [2], [3]], steps, { padding: 'pre' }).shape, [3, 3, 1]);
  });

  it('is refused where a card can’t be so', () => {
    const cards: [input: TensorInfo, card: KindCard, message: RegExp][] = [
      [info([null]), {}, /inputs\.x\.kind can't be sequence: the input has not the shape/],
      [info([null, 2, 3, 4]), {}, /can't be sequence/],
      [info([null, 2, null]), {}, /can't be sequence/],
      [info([null, null]), { padding: 'pre' }, /inputs\.x\.padding means nothing here/],
      [info([null, 3], 'int32'), { value: 0.5 }, /inputs\.x\.value must be a number that int32 can hold/],
    ];
    for (const [input, card, message] of cards)
      assert.throws(
        () => claim(input, { kind: 'sequence', ...card }),
        (error: Error) => error instanceof CardError && message.test(error.message),
      );
  });

  it('is filled up or cut as the card says, before it where it says nothing', () => {
    const ids = info([null, 4], 'int64');
    assert.deepEqual(read([[1, 2], [1, 2, 3, 4], [5]], ids), {
      shape: [3, 4],
      data: [0, 0, 1, 2, 1, 2, 3, 4, 0, 0, 0, 5],
    });
    assert.deepEqual(read([[1, 2]], ids, { padding: 'post', value: 7 }).data, [1, 2, 7, 7]);
    assert.deepEqual(read([[1, 2, 3, 4, 5]], ids, { truncating: 'pre' }).data, [2, 3, 4, 5]);
    assert.deepEqual(read([[1, 2, 3, 4, 5]], ids, { truncating: 'post' }).data, [1, 2, 3, 4]);
  });

  it('has lists of numbers for steps of several, and for those of one the number too', () => {
    const padding = { padding: 'pre' };
    assert.deepEqual(read([[[1, 2]]], info([null, 2, 2]), padding).data, [0, 0, 1, 2]);
    assert.deepEqual(read([[1, [2]]], info([null, 3, 1]), padding), { shape: [1, 3, 1], data: [0, 1, 2] });
  });

  it('is as long as it is where the model takes any number', () => {
    const open = info([null, null], 'int32');
    assert.deepEqual(
      read(
        [
          [1, 2],
          [3, 4],
        ],
        open,
      ),
      { shape: [2, 2], data: [1, 2, 3, 4] },
    );
    const reader = sequence.reader(open, claim(open).spec, 3);
    reader.writeAll([[1, 2], [3], [4, 5]], 'rows');
    assert.deepEqual(reader.finish(), {
      ragged: {
        type: 'int32',
        rows: [[1, 2], [3], [4, 5]].map((row) => ({ type: 'int32', shape: [row.length], data: Int32Array.from(row) })),
      },
    });
    const wide = info([null, null, 2]);
    const steps = sequence.reader(wide, claim(wide).spec, 2);
    steps.writeAll(
      [
        [[1, 2]],
        [
          [3, 4],
          [5, 6],
        ],
      ],
      'rows',
    );
    const column = steps.finish();
    assert.ok('ragged' in column);
    assert.deepEqual(
      column.ragged.rows.map(({ shape }) => shape),
      [
        [1, 2],
        [2, 2],
      ],
    );
  });

  const refused: [values: unknown[], input: TensorInfo, card: KindCard, message: string][] = [
    [[[1, 2, 3]], info([null, 2]), {}, 'rows[0] should be an array of 2 numbers, but is an array of 3 elements.'],
    [
      [[1, 2, 3], [1]],
      info([null, 3]),
      {},
      'rows[1] should be an array of 3 numbers, but is an array of 1 element. Shorter ones are filled up where serve.json says so: {"inputs":{"x":{"padding":"pre"}}}.',
    ],
    [
      [[[1, 2]]],
      info([null, 3, 2]),
      { truncating: 'pre' },
      'rows[0] should be an array of 3 or more steps, but is an array of 1 element. Shorter ones are filled up where serve.json says so: {"inputs":{"x":{"padding":"pre"}}}.',
    ],
    [
      [[1]],
      info([null, 2]),
      { padding: null },
      'rows[0] should be an array of 2 numbers, but is an array of 1 element.',
    ],
    [[[]], info([null, 2]), {}, 'rows[0] should be an array of 2 numbers, but is an array of 0 elements.'],
    [[['a', 1]], info([null, 2]), {}, 'rows[0][0] should be a number that float32 can hold, but is "a".'],
    [[[1.5]], info([null, 2], 'int8'), {}, 'rows[0][0] should be a whole number from -128 to 127, but is 1.5.'],
    [
      [[[1, 2], [3]]],
      info([null, 2, 2]),
      {},
      'rows[0][1] should be an array of 2 numbers, but is an array of 1 element.',
    ],
    [
      [
        [
          [1, true],
          [1, 2],
        ],
      ],
      info([null, 2, 2]),
      {},
      'rows[0][0][1] should be a number that float32 can hold, but is true.',
    ],
    [[3], info([null, 2]), {}, 'rows[0] should be an array of 2 numbers, but is 3.'],
  ];
  for (const [values, input, card, message] of refused)
    it(`is refused: ${message}`, () => {
      assert.throws(
        () => read(values, input, card),
        (error: Error) => error instanceof InstancesError && error.message === message,
      );
    });

  it('is one by its form', () => {
    const isOne = (value: unknown, shape: (number | null)[]) =>
      sequence.isOne(value, info(shape), claim(info(shape)).spec);
    for (const value of [[], [1], [1, 2], 1]) assert.equal(isOne(value, [null, 4]), true);
    assert.equal(isOne([[1, 2]], [null, 4]), false);
    assert.deepEqual([isOne([[1, 2]], [null, 4, 2]), isOne([[[1, 2]]], [null, 4, 2])], [true, false]);
    assert.deepEqual(
      [[1], [[1], [2]], [[1, 2]], [[[1]]]].map((value) => isOne(value, [null, 4, 1])),
      [true, true, false, false],
    );
  });

  it('is described by its length, with an example that it takes', () => {
    const text = (shape: (number | null)[], card: KindCard = {}) => {
      const input = info(shape);
      return sequence.describe(input, claim(input, { kind: 'sequence', ...card }).spec).text;
    };
    assert.equal(text([null, 4]), 'an array of 4 numbers');
    assert.equal(text([null, 4], { padding: 'pre' }), 'an array of up to 4 numbers');
    assert.equal(text([null, 4], { padding: null }), 'an array of 4 numbers');
    assert.equal(text([null, 4], { padding: 'post', truncating: 'pre' }), 'an array of numbers');
    assert.equal(text([null, 4], { padding: null, truncating: 'pre' }), 'an array of 4 or more numbers');
    assert.equal(text([null, null, 2]), 'an array of arrays of 2 numbers');
    const input = info([null, 4, 2]);
    const example = sequence.describe(input, claim(input).spec).example(3);
    assert.equal(read([example], input).data.length, 8);
  });
});
