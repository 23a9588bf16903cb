import type { Value } from '../../graph.js';
import {
  abs,
  add,
  all,
  and,
  any,
  cast,
  clip,
  concat,
  cumulativeSum,
  equal,
  expand,
  fill,
  isFloat,
  isNan,
  largestFloat,
  less,
  lessOrEqual,
  max,
  mul,
  neg,
  node,
  not,
  range,
  reduceSum,
  reshape,
  type Size,
  scan,
  sizeDifference,
  sizeMax,
  sizeMin,
  sizeOf,
  sizePlus,
  sizesOf,
  sizeVector,
  squeeze,
  toFloat,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { accumulatorType, computed, wideType } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';
import { flatten, flip, moveAxes, swapAxes } from './shape.js';
import { bounded } from './sizes.js';

/** The `count` greatest or least along an axis in order, with their int64 indices; the first of equals comes first. */
export function ordered(x: Value, count: Size, axis: number, largest: boolean): [values: Value, indices: Value] {
  const wide = cast(x, wideType(x.type));
  const shape = x.shape.map((size, index) => (index === axis ? (typeof count === 'number' ? count : null) : size));
  const results = [
    { type: wide.type, shape },
    { type: 'int64', shape },
  ] as const;
  const attributes = { axis, largest: largest ? 1 : 0, sorted: 1 };
  const [values, indices] = x.graph.node('TopK', [wide, sizeVector(x.graph, [count])], attributes, results);
  return [cast(values!, x.type), indices!];
}

/** All of an axis in order, of the flattened tensor when there is none. */
function sorted(a: Arguments): [values: Value, indices: Value] {
  const given = a.tensor('x');
  const axis = a.optionalAxis('axis', given.rank, -1);
  const x = axis === undefined ? flatten(given) : given;
  const at = axis ?? 0;
  const descending = a.has('direction') && a.string('direction').toUpperCase() === 'DESCENDING';
  return ordered(x, sizeOf(x, at), at, descending);
}

function topK(a: Arguments): Value[] {
  const x = a.tensor('x');
  const [values, indices] = ordered(x, a.number('k', 1), x.rank - 1, true);
  return [values, cast(indices, 'int32')];
}

/**
 * Whether the target's prediction is among the k greatest: fewer than k are greater. It is not where the target is no class, or
 * a prediction is infinite or no number.
 */
function inTopK(a: Arguments): Value {
  const predictions = toFloat(a.tensor('predictions'));
  const targets = unsqueeze(cast(a.tensor('targets'), 'int64'), [-1]);
  const classes = range(a.graph, sizeOf(predictions, -1));
  const isClass = any(equal(targets, classes), [-1]);
  const index = where(unsqueeze(isClass, [-1]), targets, 0);
  const own = node('GatherElements', [predictions, index], { axis: -1 }, 'float32', index.shape);
  const above = reduceSum(cast(less(own, predictions), 'int32'), [-1]);
  const finite = all(lessOrEqual(abs(predictions), largestFloat), [-1]);
  return and(and(isClass, finite), less(above, a.number('k')));
}

/** A running sum or product along an axis, of the flattened tensor when there is none. */
const cumulative = (prepare: (x: Value) => Value, run: (x: Value, axis: number, a: Arguments) => Value) =>
  operation('x axis', (a) => {
    const given = prepare(a.tensor('x'));
    const x = cast(given, a.optionalType('dtype') ?? (given.type === 'bool' ? 'int32' : given.type));
    const axis = a.optionalAxis('axis', x.rank, a.has('scan') ? 0 : undefined);
    return computed([axis === undefined ? flatten(x) : x], (wide) => run(wide, axis ?? 0, a));
  });

const runningSum = (x: Value, axis: number, a: Arguments) =>
  cumulativeSum(x, axis, { reverse: a.boolean('reverse'), exclusive: a.boolean('exclusive') });

/** ONNX has no running product. Factors are taken one after the other: where one is too large, what follows goes by their order. */
function runningProduct(x: Value, axis: number, a: Arguments): Value {
  const [reverse, exclusive] = [a.boolean('reverse'), a.boolean('exclusive')];
  const whole = x.rank === 1 ? unsqueeze(x, [0]) : moveAxes(x, [axis], [1]);
  const one = fill(x.graph, x.type, sizesOf(whole).toSpliced(1, 1), 1);
  const { outputs } = scan({ states: [one], sequences: [whole], reverse }, ([before], [factor]) => {
    const product = mul(before!, factor!);
    return { states: [product], outputs: [exclusive ? before! : product] };
  });
  const products = reverse ? flip(outputs[0]!, [1]) : outputs[0]!;
  return x.rank === 1 ? squeeze(products, [0]) : moveAxes(products, [1], [axis]);
}

/** How many of a sorted vector stand before each value. */
function searchSorted(a: Arguments): Value {
  const [sequence, values] = a.promoted(['sorted_sequence', 'values']).map((one) => cast(one, wideType(one.type)));
  const each = unsqueeze(values!, [-1]);
  const before =
    a.choice('side', ['left', 'right'], 'left') === 'left' ? less(sequence!, each) : lessOrEqual(sequence!, each);
  return reduceSum(cast(before, 'int32'), [-1]);
}

function digitize(a: Arguments): Value {
  const [x, bins] = [toFloat(a.tensor('x')), toFloat(a.tensor('bins'))];
  return reduceSum(cast(not(less(unsqueeze(x, [-1]), bins)), 'int32'), [-1]);
}

/** How often each whole number is in a vector; without `minlength` the size of the result is that of the data. */
function bincount(a: Arguments): Value {
  const x = cast(a.tensor('x'), 'int64');
  const weights = a.optionalTensor('weights');
  const least = a.constant('int64', a.number('minlength', 0));
  const greatest = add(node('ReduceMax', [x], { keepdims: 0 }, 'int64', []), 1);
  const places = range(a.graph, bounded(max(greatest, least), sizesOf(x)));
  const hits = equal(unsqueeze(x, [-1]), places);
  const type = weights ? accumulatorType(weights.type) : 'int32';
  const counted = cast(hits, wideType(type));
  const weighted = weights ? mul(counted, unsqueeze(cast(weights, counted.type), [-1])) : counted;
  return cast(reduceSum(weighted, [-2]), type);
}

/** Positions, of which ours are fully sorted: more than a partition asks for. */
const positions = (a: Arguments): Value => cast(sorted(a)[1], 'int32');

/**
 * Which elements are below the one that would be in place `kth`, in order, and then the others. TensorFlow's way has quirks that
 * are Keras's answer: floats are cut to whole numbers, and what was found in one row counts as 0 in all, or in others.
 */
function argPartition(a: Arguments): Value {
  const given = cast(a.tensor('x'), 'int32');
  const axis = a.optionalAxis('axis', given.rank, -1);
  if (given.rank === 0) return a.unsupported('it is called with one number');
  const whole = axis === undefined ? flatten(given) : given;
  const last = whole.rank - 1;
  const x = swapAxes(whole, axis ?? 0, last);
  const size = sizeOf(x, last);
  const count = sizePlus(sizeMax(0, sizeMin(a.number('kth'), sizePlus(size, -1))), 1);
  const [, lowest] = ordered(neg(x), count, last, true);
  // The places of what was found, without those along the first axis.
  const sizes = sizesOf(lowest);
  const along = sizes.slice(1).map((one, index) => {
    const shape = sizes.map((_, other): Size => (other === index + 1 ? one : 1));
    return unsqueeze(expand(reshape(range(a.graph, one), shape), sizes), [-1]);
  });
  const places = concat([...along, unsqueeze(lowest, [-1])], -1);
  const zeros = fill(a.graph, 'int32', sizes, 0);
  const rest = node('ScatterND', [x, places, zeros], {}, 'int32', x.shape);
  const [, others] = ordered(rest, sizeDifference(size, count), last, true);
  const found = cast(concat([lowest, others], last), 'int32');
  return axis === undefined ? found : swapAxes(found, last, axis);
}

/** Floats with a number in the place of what is none, and the greatest and the least of those in that of infinities. */
const finite = (instead: number) => (x: Value) =>
  isFloat(x) ? where(isNan(x), instead, clip(x, -largestFloat, largestFloat)) : x;

/** Order and running totals. https://keras.io/api/ops/numpy/ */
export const sortingOperations: OperationTable = {
  Sort: operation('x axis', (a) => sorted(a)[0]),
  Argsort: operation('x axis', positions),
  Argpartition: operation('x kth axis', argPartition),
  TopK: operation('x k', topK),
  InTopK: operation('targets predictions', inTopK),
  Cumsum: cumulative((x) => x, runningSum),
  Cumprod: cumulative((x) => x, runningProduct),
  Nancumsum: cumulative(finite(0), runningSum),
  Nancumprod: cumulative(finite(1), runningProduct),
  SearchSorted: operation('sorted_sequence values', searchSorted),
  Digitize: operation('x bins', digitize),
  Bincount: operation('x', bincount),
};
