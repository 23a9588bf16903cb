/** What Keras's recorded answers don't show of recurrent layers: other lengths and batches, every mask, both ways to compute. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Config, Layer } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { Tensor } from '../../src/support/tensor.js';
import { difference } from '../helpers/fixtures.js';
import { floats, layer, layerModel, open } from '../helpers/layer-model.js';

const units = 3;
const features = 2;
const sequences: Config = { return_sequences: true, return_state: true };

const gates: Record<string, number> = { SimpleRNN: 1, GRU: 3, LSTM: 4 };
const states: Record<string, number> = { SimpleRNN: 1, GRU: 1, LSTM: 2 };

function recurrent(className: string, config: Config = {}): Layer {
  const columns = gates[className]! * units;
  const bias = className === 'GRU' && config.reset_after !== false ? [2, columns] : [columns];
  const weights = { kernel: [features, columns], recurrent_kernel: [units, columns], bias };
  return layer(className, { ...sequences, ...config }, weights);
}

const convolutional = layer(
  'ConvLSTM1D',
  { ...sequences, kernel_size: 2, padding: 'same' },
  { kernel: [2, features, 4 * units], recurrent_kernel: [2, units, 4 * units], bias: [4 * units] },
);

const stacked = layer(
  'RNN',
  sequences,
  {},
  { cell: layer('StackedRNNCells', {}, {}, { 'cells/0': recurrent('LSTM'), 'cells/1': narrower() }) },
);

/** A cell that takes what another gives. */
function narrower(): Layer {
  return layer('GRUCell', {}, { kernel: [units, 6], recurrent_kernel: [2, 6], bias: [2, 6] });
}

const both = (inner: Layer) =>
  layer(
    'Bidirectional',
    { merge_mode: 'concat' },
    {},
    { forward_layer: inner, backward_layer: { ...inner, config: { ...inner.config, go_backwards: true } } },
  );

const close = (actual: Tensor, expected: Tensor, what = '') => {
  assert.deepEqual(actual.shape, expected.shape, what);
  assert.ok(difference(actual, expected) < 1e-5, `${what}: off by ${difference(actual, expected)} of its scale`);
};

/** Some elements of an axis. */
function cut({ type, shape, data }: Tensor, axis: number, indices: readonly number[]): Tensor {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const size = shape[axis]!;
  const values: number[] = [];
  for (let i = 0; i < outer; i++)
    for (const index of indices)
      for (let j = 0; j < inner; j++) values.push(Number(data[(i * size + index) * inner + j]));
  return { type, shape: shape.with(axis, indices.length), data: Float32Array.from(values) };
}

const last = (x: Tensor): Tensor => {
  const one = cut(x, 1, [x.shape[1]! - 1]);
  return { ...one, shape: [one.shape[0]!, ...one.shape.slice(2)] };
};

describe('recurrent layers over steps of unknown number', () => {
  const subjects: [string, Layer, (number | null)[], number][] = [
    ['SimpleRNN', recurrent('SimpleRNN'), [features], 2],
    ['LSTM', recurrent('LSTM'), [features], 3],
    ['GRU', recurrent('GRU', { go_backwards: true }), [features], 2],
    ['LSTM step by step', recurrent('LSTM', { activation: 'selu' }), [features], 3],
    ['ConvLSTM1D', convolutional, [4, features], 3],
    ['StackedRNNCells', stacked, [features], 4],
    ['Bidirectional', both(recurrent('LSTM')), [features], 5],
    ['TimeDistributed', layer('TimeDistributed', {}, {}, { layer: recurrent('GRU') }), [4, features], 2],
  ];
  for (const [name, tested, rest, outputs] of subjects)
    it(name, async () => {
      const run = await open(layerModel(tested, { x: [null, null, ...rest] }, { outputs }));
      for (const [batch, time] of [
        [1, 1],
        [3, 2],
        [1, 7],
        [3, 7],
      ] as const) {
        const x = floats([batch, time, ...(rest as number[])], batch + time);
        const fixed = await open(layerModel(tested, { x: x.shape }, { outputs }));
        const expected = await fixed({ x });
        const actual = await run({ x });
        for (const [index, output] of actual.entries())
          close(output, expected[index]!, `output ${index} of ${batch} × ${time} steps`);
        const first = await run({ x: cut(x, 0, [0]) });
        for (const [index, output] of first.entries())
          close(output, cut(expected[index]!, 0, [0]), 'the first sample alone');
      }
    });
});

describe('the operators of ONNX compute what the step-by-step loop computes', () => {
  const activations = ['sigmoid', 'tanh', 'relu', 'linear', 'hard_sigmoid', 'hard_sigmoid_keras2', 'leaky_relu', 'elu'];
  const x = floats([2, 6, features]);
  const everyStep: Tensor = { type: 'bool', shape: [2, 6], data: new Uint8Array(12).fill(1) };
  for (const className of Object.keys(gates))
    for (const activation of [...activations, 'softsign', 'softplus'])
      for (const config of (className === 'GRU' ? [{}, { reset_after: false }] : [{}]) as Config[])
        it(`${className} with ${activation} ${JSON.stringify(config)}`, async () => {
          const tested = recurrent(className, {
            ...config,
            activation,
            ...(className !== 'SimpleRNN' && {
              recurrent_activation: activations.at(activations.indexOf(activation) - 1)!,
            }),
          });
          const outputs = 1 + states[className]!;
          const model = layerModel(tested, { x: [null, null, features] }, { outputs });
          const masked = layerModel(
            tested,
            { x: [null, null, features], mask: { shape: [null, null], dtype: 'bool' } },
            { kwargs: { mask: 'mask' }, outputs },
          );
          // The field op_type of a node; what isn't finite goes through a loop beside it.
          const operator = className === 'SimpleRNN' ? 'RNN' : className;
          const opType = String.fromCharCode(0x22, operator.length) + operator;
          const hasOperator = (keras: typeof model) => compile(keras).bytes.toBuffer().includes(opType);
          assert.ok(hasOperator(model));
          assert.ok(!hasOperator(masked));
          const direct = await (await open(model))({ x });
          const looped = await (await open(masked))({ x, mask: everyStep });
          for (const [index, output] of direct.entries()) close(output, looped[index]!, `output ${index}`);
        });
});

describe('masked steps', () => {
  const steps = 6;
  const maskOf = (rows: readonly (readonly boolean[])[]): Tensor => ({
    type: 'bool',
    shape: [rows.length, rows[0]!.length],
    data: Uint8Array.from(rows.flat(), Number),
  });
  const arbitraryMask = fc.array(fc.array(fc.boolean(), { minLength: steps, maxLength: steps }), {
    minLength: 1,
    maxLength: 3,
  });

  for (const [name, goBackwards] of Object.keys(gates).flatMap((name) => [
    [name, false] as const,
    [name, true] as const,
  ]))
    it(`are as if they were not there: ${name}${goBackwards ? ' backwards' : ''}`, async () => {
      const tested = recurrent(name, { go_backwards: goBackwards });
      const outputs = 1 + states[name]!;
      const plain = await open(layerModel(tested, { x: [null, null, features] }, { outputs }));
      const masked = await open(
        layerModel(
          tested,
          { x: [null, null, features], mask: { shape: [null, null], dtype: 'bool' } },
          { kwargs: { mask: 'mask' }, outputs },
        ),
      );
      await fc.assert(
        fc.asyncProperty(arbitraryMask, fc.nat(), async (rows, seed) => {
          const x = floats([rows.length, steps, features], seed);
          const results = await masked({ x, mask: maskOf(rows) });
          for (const [index, row] of rows.entries()) {
            const counted = row.flatMap((counts, step) => (counts ? [step] : []));
            const [sequence, ...after] = results.map((result) => cut(result, 0, [index]));
            const zeros = { ...floats([1, units]), data: new Float32Array(units) };
            if (counted.length === 0) {
              for (const state of [...after, last(sequence!)]) close(state, zeros, 'nothing but masked steps');
              continue;
            }
            const alone = await plain({ x: cut(cut(x, 0, [index]), 1, counted) });
            for (const [place, state] of after.entries()) close(state, alone[place + 1]!, `state ${place}`);
            const order = goBackwards ? row.toReversed() : row;
            let seen = 0;
            order.forEach((counts, step) => {
              if (counts) seen++;
              const expected = seen === 0 ? zeros : last(cut(alone[0]!, 1, [seen - 1]));
              close(last(cut(sequence!, 1, [step])), expected, `step ${step} of ${JSON.stringify(row)}`);
            });
          }
        }),
        { numRuns: 25 },
      );
    });

  it('leave given states as they are when there is nothing else', async () => {
    const run = await open(
      layerModel(
        recurrent('LSTM'),
        { x: [null, null, features], mask: { shape: [null, null], dtype: 'bool' }, h: [null, units], c: [null, units] },
        { kwargs: { mask: 'mask', initial_state: ['h', 'c'] }, outputs: 3 },
      ),
    );
    const [h, c] = [floats([2, units], 8), floats([2, units], 9)];
    const none = maskOf([Array(steps).fill(false), Array(steps).fill(false)]);
    const [sequence, ...after] = await run({ x: floats([2, steps, features]), mask: none, h, c });
    close(after[0]!, h);
    close(after[1]!, c);
    assert.ok(sequence!.data.every((value) => value === 0));
  });

  it('give zeros with zero_output_for_mask', async () => {
    const inputs = { x: [null, null, features], mask: { shape: [null, null], dtype: 'bool' as const } };
    const options = { kwargs: { mask: 'mask' }, outputs: 2 };
    const carrying = await open(layerModel(recurrent('GRU'), inputs, options));
    const zeroing = await open(layerModel(recurrent('GRU', { zero_output_for_mask: true }), inputs, options));
    const row = [false, true, true, false, true, false];
    const feeds = { x: floats([1, steps, features]), mask: maskOf([row]) };
    const [carried, zeroed] = [await carrying(feeds), await zeroing(feeds)];
    close(zeroed[1]!, carried[1]!, 'the state');
    row.forEach((counts, step) => {
      const actual = last(cut(zeroed[0]!, 1, [step]));
      if (counts) close(actual, last(cut(carried[0]!, 1, [step])));
      else assert.ok(actual.data.every((value) => value === 0));
    });
  });
});

describe('time_major', () => {
  it('has the steps before the batch, in sequences and masks', async () => {
    const swap = ({ type, shape: [rows, columns, ...rest], data }: Tensor): Tensor => {
      const size = rest.reduce((a, b) => a * b, 1);
      const swapped = data.slice() as Float32Array;
      for (let row = 0; row < rows!; row++)
        for (let column = 0; column < columns!; column++)
          for (let at = 0; at < size; at++)
            swapped[(column * rows! + row) * size + at] = data[(row * columns! + column) * size + at] as number;
      return { type, shape: [columns!, rows!, ...rest], data: swapped };
    };
    const x = floats([2, 5, features]);
    const mask: Tensor = { type: 'bool', shape: [2, 5], data: Uint8Array.of(1, 1, 0, 1, 0, 0, 1, 1, 1, 1) };
    const inputs = { x: [null, null, features], mask: { shape: [null, null], dtype: 'bool' as const } };
    for (const kwargs of [{}, { mask: 'mask' }] as Record<string, string>[]) {
      const config = { go_backwards: true };
      const usual = await open(layerModel(recurrent('LSTM', config), inputs, { kwargs, outputs: 3 }));
      const swapped = await open(
        layerModel(recurrent('LSTM', { ...config, time_major: true }), inputs, { kwargs, outputs: 3 }),
      );
      const [expected, ...states] = await usual({ x, mask });
      const [actual, ...after] = await swapped({ x: swap(x), mask: swap(mask) });
      close(swap(actual!), expected!, 'the sequence');
      for (const [index, state] of after.entries()) close(state, states[index]!, `state ${index}`);
    }
  });
});

describe('recurrent layers that make no sense', () => {
  const compiled = (tested: Layer, inputs = { x: [null, null, features] }, kwargs = {}) =>
    compile(layerModel(tested, inputs, { kwargs, outputs: 3 }));

  it('are refused for weights that do not fit', () => {
    const weights = { kernel: [features, 12], recurrent_kernel: [3, 12], bias: [12] };
    for (const [name, shape] of Object.entries({ kernel: [features, 9], recurrent_kernel: [3, 11], bias: [2, 12] })) {
      const tested = layer('LSTM', sequences, { ...weights, [name]: shape });
      assert.throws(() => compiled(tested), /"tested" \(LSTM\) can't be built: its .* does not fit its 3 units/);
    }
  });

  it('are refused for inputs that do not fit', () => {
    for (const activation of ['tanh', 'mish']) {
      const tested = recurrent('LSTM', { activation });
      assert.throws(() => compiled(tested, { x: [null, null, 5] }), /can't be built/);
      assert.throws(() => compiled(tested, { x: [null, features] }), /can't be built/);
      const inputs = { x: [null, null, features], h: [null, 2], c: [null, 2] };
      assert.throws(() => compiled(tested, inputs, { initial_state: ['h', 'c'] }), /can't be built/);
    }
  });

  it('are refused for a number of states that is not theirs', () => {
    const inputs = { x: [null, null, features], h: [null, units] };
    for (const activation of ['tanh', 'mish'])
      assert.throws(
        () => compiled(recurrent('LSTM', { activation }), inputs, { initial_state: ['h'] }),
        /it is called with 1 initial state/,
      );
  });

  it('are refused for a cell that is none', () => {
    const cell = layer('Dense', {}, { kernel: [features, units] });
    assert.throws(() => compiled(layer('RNN', sequences, {}, { cell })), /its cell is Dense/);
    assert.throws(() => compiled(layer('RNN', sequences)), /RNN/);
  });

  it('are refused for an activation that is not one of Keras’s', () => {
    assert.throws(() => compiled(recurrent('GRU', { activation: 'my_own' })), /its activation is "my_own"/);
  });
});
