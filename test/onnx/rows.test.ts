/** What keeps the rows of a batch apart, and what mixes them. The fixtures' tests prove the first of every real model. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Dimension, GraphBuilder, type Value } from '../../src/onnx/graph.js';
import {
  add,
  cast,
  concat,
  constant,
  cumulativeSum,
  einsum,
  expand,
  fill,
  gather,
  matmul,
  mul,
  node,
  pad,
  range,
  reduceMax,
  reduceMean,
  reshape,
  scan,
  sizeOf,
  sizeTimes,
  slice,
  softmax,
  squeeze,
  tile,
  toFloat,
  transpose,
  unsqueeze,
} from '../../src/onnx/operators/index.js';
import { batchDependent } from '../../src/onnx/rows/index.js';

type Build = (x: Value) => Value;

/** Of a model with the input `x` of this shape. */
function mixes(build: Build, shape: Dimension[] = [null, 3, 4]): boolean {
  const graph = new GraphBuilder();
  graph.output('y', build(graph.input('x', 'float32', shape)));
  return batchDependent(graph);
}

const batch = (x: Value) => sizeOf(x, 0);
const table = (x: Value) => constant(x.graph, 'float32', [3, 4], Array(12).fill(1));

/** Adds each element to a list along an axis, at the place that its value says. */
function counted(x: Value, axis: number): Value {
  const places = cast(reshape(x, [batch(x), 12]), 'int64');
  const none = fill(x.graph, 'float32', [batch(x), 12], 0);
  const ones = fill(x.graph, 'float32', [batch(x), 12], 1);
  return node('ScatterElements', [none, places, ones], { axis, reduction: 'add' }, 'float32', none.shape);
}

const apart: Record<string, Build> = {
  'what is done to each element': (x) => mul(add(x, 1), x),
  'a constant for all rows': (x) => add(x, table(x)),
  'means of a row': (x) => reduceMean(x, [1, 2]),
  'what is subtracted from a row it was worked out of': (x) => add(x, reduceMax(x, [1, 2], true)),
  'the rows along another axis for a while': (x) => transpose(softmax(transpose(x, [1, 2, 0]), 1), [2, 0, 1]),
  'flattened rows': (x) => reshape(x, [batch(x), 12]),
  'rows in pieces that are put together again': (x) => reshape(softmax(reshape(x, [-1, 4]), 1), [-1, 3, 4]),
  'an axis before the rows': (x) => squeeze(unsqueeze(x, [0]), [0]),
  'parts of every row': (x) => slice(x, [{ axis: 1, start: 1 }]),
  'a slice that leaves every row': (x) => slice(x, [{ axis: 0 }]),
  'a state that begins with zeros for every row': (x) => concat([fill(x.graph, 'float32', [batch(x), 1, 4], 0), x], 1),
  'a constant for every row': (x) => add(x, expand(table(x), [batch(x), 3, 4])),
  'one row of a constant for every row': (x) => concat([x, tile(unsqueeze(table(x), [0]), [batch(x), 1, 1])], 1),
  'a product with a constant': (x) => matmul(x, transpose(table(x), [1, 0])),
  'the product of a row with itself': (x) => einsum('bij,bkj->bik', [x, x]),
  'what indices look up': (x) => gather(table(x), reduceMax(x, [1, 2]), 0),
  'how often each value is in a row': (x) => counted(x, 1),
  'a loop over the time of each row': (x) =>
    scan({ states: [reduceMean(x, [1])], sequences: [x] }, ([state], [step]) => {
      const next = add(state!, step!);
      return { states: [next], outputs: [next] };
    }).outputs[0]!,
};

const mixed: Record<string, Build> = {
  'the greatest of all': (x) => add(x, reduceMax(x, undefined)),
  'the mean over the rows': (x) => add(x, reduceMean(x, [0], true)),
  'probabilities over the rows': (x) => softmax(x, 0),
  'sums over the rows before': (x) => cumulativeSum(x, 0),
  'how often each value is in a column': (x) => counted(x, 0),
  'rows in another order': (x) => slice(x, [{ axis: 0, step: -1 }]),
  'the first row for all': (x) => add(x, slice(x, [{ axis: 0, end: 1 }])),
  'rows against rows': (x) => reduceMean(matmul(reshape(x, [-1, 12]), transpose(reshape(x, [-1, 12]), [1, 0])), [1]),
  'rows along an axis that is taken for another': (x) => add(x, reduceMean(x, [1, 2])),
  'rows that are moved into the features': (x) => reshape(transpose(x, [1, 0, 2]), [batch(x), 12]),
  'more rows than the input has': (x) => reshape(x, [-1, 4]),
  'rows of a constant size': (x) => reshape(x, [-1, 24]),
  'a row more': (x) =>
    pad(x, [
      [0, 1],
      [0, 0],
      [0, 0],
    ]),
  'the places of the rows': (x) => add(x, reshape(toFloat(range(x.graph, batch(x))), [-1, 1, 1])),
  'the number of the rows': (x) => {
    const rows = batch(x);
    return mul(x, typeof rows === 'number' ? rows : toFloat(rows));
  },
  'copies of all rows': (x) => tile(x, [2, 1, 1]),
  'all rows behind one another': (x) => concat([x, x], 0),
  'an axis that is more than the rows': (x) => reshape(x, [sizeTimes(batch(x), 3), 4]),
  'an output without rows': table,
  'a state that gathers the rows': (x) =>
    scan({ states: [reduceMean(x, [1])], sequences: [x] }, ([state], [step]) => ({
      states: [add(state!, reduceMean(step!, [0], true))],
      outputs: [step!],
    })).states[0]!,
  'steps that are the rows': (x) => {
    const time = transpose(x, [1, 0, 2]);
    const { outputs } = scan({ states: [reduceMean(x, [0])], sequences: [time] }, ([state], [step]) => {
      const next = add(state!, step!);
      return { states: [next], outputs: [next] };
    });
    return transpose(outputs[0]!, [1, 0, 2]);
  },
};

describe('batchDependent', () => {
  for (const [what, build] of Object.entries(apart))
    it(`keeps apart: ${what}`, () => assert.equal(mixes(build), false));
  for (const [what, build] of Object.entries(mixed)) it(`mixes: ${what}`, () => assert.equal(mixes(build), true));

  it('knows rows of a fixed number', () => {
    assert.equal(
      mixes((x) => reshape(x, [4, 12]), [4, 3, 4]),
      false,
    );
    assert.equal(
      mixes((x) => reshape(transpose(x, [1, 0, 2]), [4, 12]), [4, 3, 4]),
      true,
    );
    assert.equal(
      mixes((x) => add(x, constant(x.graph, 'float32', [2, 1], [1, 2])), [2, 3]),
      true,
    );
  });

  it('follows sizes that are known only when the model runs', () => {
    const inside: Build = (x) => {
      const merged = reshape(x, [sizeTimes(batch(x), sizeOf(x, 1)), sizeOf(x, 2)]);
      return reshape(softmax(merged, 1), [batch(x), sizeOf(x, 1), sizeOf(x, 2)]);
    };
    assert.equal(mixes(inside, [null, null, null]), false);
    assert.equal(
      mixes((x) => reshape(x, [-1, sizeOf(x, 2)]), [null, null, null]),
      true,
    );
  });

  it('takes a model with several inputs by all of them', () => {
    const graph = new GraphBuilder();
    const [a, b] = [graph.input('a', 'float32', [null, 3]), graph.input('b', 'float32', [null, 3])];
    graph.output('sum', add(a, b));
    assert.equal(batchDependent(graph), false);
    graph.output('product', einsum('ik,jk->ij', [a, b]));
    assert.equal(batchDependent(graph), true);
  });
});
