/** Calls stand in the order in which Keras runs them: that of `_nodes_by_depth` of the same models in Keras 3.15. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { orderCalls } from '../../src/keras/call-order.js';
import { type Call, type Layer, TensorReference } from '../../src/keras/model.js';

const layer = (name: string): Layer => ({
  name,
  className: 'Dense',
  module: '',
  config: {},
  weights: new Map(),
  layers: {},
});
const call = (output: string, one: Layer, ...inputs: string[]): Call => ({
  layer: one,
  args: [inputs.map((input) => new TensorReference(`${input}:0`))],
  kwargs: {},
  output,
});
const order = (calls: Call[], ...outputs: string[]) =>
  orderCalls(
    calls,
    outputs.map((output) => `${output}:0`),
  ).map(({ output }) => output);

describe('the order of calls', () => {
  it('is by depth, then as they are met on the way back from the outputs', () => {
    const calls = [
      call('a', layer('a'), 'x'),
      call('b', layer('b'), 'x'),
      call('c', layer('c'), 'b'),
      call('d', layer('d'), 'x'),
    ];
    assert.deepEqual(order(calls, 'a', 'c', 'd'), ['b', 'd', 'c', 'a']);
  });

  it('has all calls of a shared layer as deep as its deepest', () => {
    const shared = layer('shared');
    const calls = [
      call('shared/0', shared, 'x'),
      call('shared/1', shared, 'x'),
      call('beside', layer('beside'), 'x'),
      call('deep', layer('deep'), 'shared/0'),
      call('deeper', layer('deeper'), 'deep'),
    ];
    const found = order(calls, 'shared/1', 'beside', 'deeper');
    assert.deepEqual(found, ['shared/0', 'shared/1', 'deep', 'deeper', 'beside']);
  });

  it('leaves out what leads to no output, and takes a chain of any length', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => call(`${index}`, layer(`${index}`), `${index - 1}`));
    const calls = [call('aside', layer('aside'), '0'), ...chain.toReversed()];
    assert.deepEqual(
      order(calls, '19999'),
      chain.map(({ output }) => output),
    );
  });
});
