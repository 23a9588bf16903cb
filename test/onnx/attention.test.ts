/** What Keras's recorded answers don't show of attention layers: other lengths and batches, masks that leave nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Argument, Config, Layer } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { Tensor } from '../../src/support/tensor.js';
import { difference } from '../helpers/fixtures.js';
import { floats, type Input, layer, layerModel, open } from '../helpers/layer-model.js';

const dim = 4;
const heads = 2;

const multiHead = (config: Config = {}, className = 'MultiHeadAttention', keyHeads = heads): Layer =>
  layer(className, config, {
    'query/kernel': [dim, heads, 3],
    'query/bias': [heads, 3],
    'key/kernel': [dim, keyHeads, 3],
    'key/bias': [keyHeads, 3],
    'value/kernel': [dim, keyHeads, 3],
    'value/bias': [keyHeads, 3],
    'attention_output/kernel': [heads, 3, dim],
    'attention_output/bias': [dim],
  });

const bool = (shape: number[], values: readonly boolean[]): Tensor => ({
  type: 'bool',
  shape,
  data: Uint8Array.from(values, Number),
});

function close(actual: Tensor, expected: Tensor, what = '') {
  assert.deepEqual(actual.shape, expected.shape, what);
  assert.ok(difference(actual, expected) < 1e-5, `${what}: off by ${difference(actual, expected)} of its scale`);
}

describe('attention over queries and keys of unknown number', () => {
  const causal = { use_causal_mask: true, return_attention_scores: true };
  const subjects: [string, Layer, Argument[], Record<string, Argument>, number][] = [
    ['Attention', layer('Attention', {}), [['q', 'v']], causal, 2],
    ['AdditiveAttention', layer('AdditiveAttention', {}, { scale: [dim] }), [['q', 'v']], causal, 2],
    ['MultiHeadAttention', multiHead(), ['q', 'v'], causal, 2],
    ['MultiHeadAttention of a window', multiHead({ sliding_window: 2 }), ['q', 'v'], {}, 1],
    ['GroupQueryAttention', multiHead({}, 'GroupQueryAttention', 1), ['q', 'v'], causal, 2],
  ];
  for (const [name, tested, args, kwargs, outputs] of subjects)
    it(name, async () => {
      const opened = (q: Input, v: Input) => open(layerModel(tested, { q, v }, { args, kwargs, outputs }));
      const run = await opened([null, null, dim], [null, null, dim]);
      for (const [batch, queries, keys] of [
        [1, 1, 1],
        [3, 2, 5],
        [2, 6, 3],
      ] as const) {
        const [q, v] = [floats([batch, queries, dim], queries), floats([batch, keys, dim], keys + 7)];
        const expected = await (await opened(q.shape, v.shape))({ q, v });
        const actual = await run({ q, v });
        for (const [index, output] of actual.entries())
          close(output, expected[index]!, `${batch} × ${queries} × ${keys}`);
      }
    });
});

describe('a mask that leaves a query nothing', () => {
  const inputs = { x: [null, 3, dim], mask: { shape: [null, 3], dtype: 'bool' as const } };
  const x = floats([1, 3, dim]);
  const nothing = bool([1, 3], [false, false, false]);
  const everything = bool([1, 3], [true, true, true]);
  const bias = (tested: Layer) => Array.from(tested.weights.get('attention_output/bias')!.data, Number);
  const near = (values: readonly number[], others: readonly number[]) =>
    values.every((value, at) => Math.abs(value - others[at]!) < 1e-6);
  const rowsOf = ({ data }: Tensor) =>
    [0, 1, 2].map((row) => Array.from(data.slice(row * dim, (row + 1) * dim), Number));

  it('gives the mean of the values without dropout', async () => {
    const tested = multiHead();
    const run = await open(layerModel(tested, inputs, { args: ['x', 'x'], kwargs: { value_mask: 'mask' } }));
    const [output] = await run({ x, mask: nothing });
    const rows = rowsOf(output!);
    assert.ok(rows.every((row) => near(row, rows[0]!)));
    assert.ok(!near(rows[0]!, bias(tested)));
  });

  it('gives zeros, and so the bias of the output, with dropout', async () => {
    const tested = multiHead({ dropout: 0.1 });
    const run = await open(layerModel(tested, inputs, { args: ['x', 'x'], kwargs: { value_mask: 'mask' } }));
    const [output] = await run({ x, mask: nothing });
    assert.ok(rowsOf(output!).every((row) => near(row, bias(tested))));
  });

  it('is the same as no mask when it leaves everything', async () => {
    for (const config of [{}, { dropout: 0.1 }] as Config[]) {
      const options = { args: ['x', 'x'], kwargs: { value_mask: 'mask' } };
      const masked = await open(layerModel(multiHead(config), inputs, options));
      const plain = await open(layerModel(multiHead(config), { x: [null, 3, dim] }, { args: ['x', 'x'] }));
      close((await masked({ x, mask: everything }))[0]!, (await plain({ x }))[0]!);
    }
  });
});

describe('Attention of Keras 2', () => {
  it('may have causal among its settings', async () => {
    const inputs = { q: [null, 3, dim], v: [null, 4, dim] };
    const args = [['q', 'v']];
    const feeds = { q: floats([2, 3, dim]), v: floats([2, 4, dim], 5) };
    const now = await open(layerModel(layer('Attention', {}), inputs, { args, kwargs: { use_causal_mask: true } }));
    const then = await open(layerModel(layer('Attention', { causal: true }), inputs, { args }));
    close((await then(feeds))[0]!, (await now(feeds))[0]!);
  });
});

describe('attention that makes no sense', () => {
  it('is refused', () => {
    const inputs = { x: [null, 3, dim] };
    const compiled = (tested: Layer, args: Argument[]) => () => compile(layerModel(tested, inputs, { args }));
    assert.throws(compiled(layer('Attention', {}), ['x']), /it is not called with a query and a value/);
    assert.throws(compiled(multiHead(), ['x']), /it is not called with a query and a value/);
    assert.throws(compiled(multiHead({ attention_axes: [7] }), ['x', 'x']), /a tensor of 3 axes has no axis 7/);
    assert.throws(compiled(multiHead({ attention_axes: [0.5] }), ['x', 'x']), /its attention_axes should be whole/);
    assert.throws(compiled(multiHead({ attention_axes: [1, 1] }), ['x', 'x']), /its attention_axes are 1, 1/);
    assert.throws(compiled(multiHead({ attention_axes: [] }), ['x', 'x']), /its attention_axes are none/);
    assert.throws(compiled(layer('AdditiveAttention', { score_mode: 3 }), [['x']]), /AdditiveAttention/);
  });
});
