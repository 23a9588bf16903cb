import { isHalf } from '../../../keras/config.js';
import type { TensorType } from '../../../support/tensor.js';
import type { Value } from '../../graph.js';
import {
  abs,
  all,
  any,
  argMax,
  argMin,
  cast,
  clip,
  div,
  equal,
  fill,
  greatest,
  isFloat,
  isNan,
  least,
  logSumExp,
  max,
  min,
  mul,
  not,
  reciprocal,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  reduceSumSquare,
  reshape,
  sizesOf,
  sqrt,
  square,
  sub,
  toFloat,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { accumulatorType, computed, wideType } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';

type Reduce = (x: Value, axes: readonly number[] | undefined, keepDims?: boolean) => Value;

/** A reduction over `axis`, all of them when it is absent. */
const reduction = (prepare: (x: Value) => Value, reduce: Reduce) =>
  operation('x axis keepdims', (a) => {
    const x = prepare(a.tensor('x'));
    return reduce(x, a.axes('axis', x.rank), a.boolean('keepdims'));
  });

const toBool = (x: Value) => cast(x, 'bool');
const accumulated = (x: Value) => cast(x, accumulatorType(x.type));
/** A reduction in a type that ONNX Runtime has it for. */
const anyType =
  (reduce: Reduce): Reduce =>
  (x, axes, keepDims) =>
    computed([x], (wide) => reduce(wide, axes, keepDims));

const sum = anyType(reduceSum);

/** The greatest or least element, and `initial` if that goes further. */
const extreme = (reduce: Reduce, both: (a: Value, b: number) => Value) =>
  operation('x axis keepdims', (a) => {
    const x = a.tensor('x');
    const initial = a.optionalNumber('initial');
    return computed([x], (wide) => {
      const found = reduce(wide, a.axes('axis', x.rank), a.boolean('keepdims'));
      return initial === undefined ? found : both(found, initial);
    });
  });

export const variance: Reduce = (x, axes, keepDims) =>
  reduceMean(square(sub(x, reduceMean(x, axes, true))), axes, keepDims);

/** The least number of single precision in full, as which Keras has -0 before 0. */
const tiny = 2 ** -126;

/** Floats in an order that ONNX Runtime knows: what is no number never found, and -0 before 0. */
function comparable(x: Value, instead: number): Value {
  if (!isFloat(x)) return x;
  const isNegativeZero = equal(reciprocal(x), Number.NEGATIVE_INFINITY);
  return where(isNan(x), instead, where(isNegativeZero, -tiny, x));
}

/** What stands for no number where the greatest or the least is looked for. */
const never = new Map([
  [argMax, Number.NEGATIVE_INFINITY],
  [argMin, Number.POSITIVE_INFINITY],
]);

/** The int32 index of the greatest or least number, of the flattened tensor when there is no axis. */
export function indexOf(a: Arguments, find: typeof argMax, x = a.tensor('x')): Value {
  const wide = comparable(cast(x, wideType(x.type)), never.get(find)!);
  const axis = a.optionalAxis('axis', x.rank);
  const type = a.optionalType('output_type') ?? 'int32';
  if (axis !== undefined) return cast(find(wide, axis, a.boolean('keepdims')), type);
  const index = cast(find(reshape(wide, [-1]), 0), type);
  return a.boolean('keepdims') ? reshape(index, Array<number>(x.rank).fill(1)) : index;
}

const countNonzero = (a: Arguments): Value => {
  const x = toBool(a.tensor('x'));
  const type = a.optionalType('dtype') ?? 'int32';
  return cast(reduceSum(cast(x, 'int32'), a.axes('axis', x.rank), a.boolean('keepdims')), type);
};

function average(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const axes = a.axes('axis', x.rank);
  if (!a.has('weights')) return reduceMean(x, axes);
  const given = toFloat(a.tensor('weights'));
  // Weights of one axis stand along that axis.
  const along = axes?.length === 1 && given.rank === 1 && x.rank > 1;
  const weights = along
    ? reshape(
        given,
        x.shape.map((_, axis) => (axis === axes[0] ? -1 : 1)),
      )
    : given;
  return div(reduceSum(mul(x, weights), axes), along ? reduceSum(given, undefined) : reduceSum(weights, axes));
}

/** The greatest number of float16. */
const largestHalf = 65504;

/** What single precision computes for half precision is cut off at its greatest number, that of float16 for bfloat16 too. */
function moments(a: Arguments): Value[] {
  const given = a.tensor('x');
  const x = toFloat(given);
  const axes = a.axes('axes', x.rank);
  const keepDims = a.boolean('keepdims');
  const found = [reduceMean(x, axes, keepDims), variance(x, axes, keepDims)];
  return isHalf(given.computedIn) ? found.map((value) => clip(value, -largestHalf, largestHalf)) : found;
}

/** A product over floats or integers; that of float32 is float32. */
function prod(a: Arguments): Value {
  const x = a.tensor('x');
  const type: TensorType = a.optionalType('dtype') ?? accumulatorType(x.type);
  return computed([cast(x, type)], (wide) => reduceProd(wide, a.axes('axis', x.rank), a.boolean('keepdims')));
}

/** The elements of `x` with others in the place of what is not a number. */
const withoutNan = (x: Value, instead: number): Value => (isFloat(x) ? where(isNan(x), instead, x) : x);

/** Whether an element is a number, as float32 counts. */
const isNumber = (x: Value): Value => (isFloat(x) ? toFloat(not(isNan(x))) : fill(x.graph, 'float32', sizesOf(x), 1));

const nanMean: Reduce = (x, axes, keepDims) =>
  div(reduceSum(withoutNan(x, 0), axes, keepDims), reduceSum(isNumber(x), axes, keepDims));

const nanVariance: Reduce = (x, axes, keepDims) => {
  const counted = isNumber(x);
  const centred = mul(sub(withoutNan(x, 0), nanMean(x, axes, true)), counted);
  return div(reduceSumSquare(centred, axes, keepDims), reduceSum(counted, axes, keepDims));
};

const nanExtreme =
  (reduce: Reduce, instead: number): Reduce =>
  (x, axes, keepDims) => {
    if (!isFloat(x)) return anyType(reduce)(x, axes, keepDims);
    const found = reduce(withoutNan(x, instead), axes, keepDims);
    return where(all(isNan(x), axes, keepDims), Number.NaN, found);
  };

const nanIndex = (find: typeof argMax) =>
  operation('x axis keepdims', (a) => {
    const x = a.tensor('x');
    const index = indexOf(a, find);
    return isFloat(x) ? where(all(isNan(x), a.axes('axis', x.rank), a.boolean('keepdims')), -1, index) : index;
  });

const mean = reduction(toFloat, reduceMean);
const maximum = extreme(greatest, max);
const minimum = extreme(least, min);
const keep = (x: Value) => x;

/** Reductions. https://keras.io/api/ops/numpy/ */
export const reductionOperations: OperationTable = {
  Sum: reduction(accumulated, sum),
  Mean: mean,
  Prod: operation('x axis keepdims', prod),
  Max: maximum,
  Amax: maximum,
  Min: minimum,
  Amin: minimum,
  Ptp: reduction(
    keep,
    anyType((x, axes, keepDims) => sub(greatest(x, axes, keepDims), least(x, axes, keepDims))),
  ),
  Var: reduction(toFloat, variance),
  Std: reduction(toFloat, (x, axes, keepDims) => sqrt(variance(x, axes, keepDims))),
  Any: reduction(toBool, any),
  All: reduction(toBool, all),
  Logsumexp: reduction(toFloat, logSumExp),
  CountNonzero: operation('x axis keepdims', countNonzero),
  Average: operation('x weights', average),
  Moments: operation('x axes', moments),
  Argmax: operation('x axis', (a) => indexOf(a, argMax)),
  Argmin: operation('x axis', (a) => indexOf(a, argMin)),
  Nansum: reduction((x) => accumulated(withoutNan(x, 0)), sum),
  Nanprod: reduction((x) => accumulated(withoutNan(x, 1)), anyType(reduceProd)),
  Nanmean: reduction(toFloat, nanMean),
  Nanvar: reduction(toFloat, nanVariance),
  Nanstd: reduction(toFloat, (x, axes, keepDims) => sqrt(nanVariance(x, axes, keepDims))),
  Nanmax: reduction(keep, nanExtreme(reduceMax, Number.NEGATIVE_INFINITY)),
  Nanmin: reduction(keep, nanExtreme(reduceMin, Number.POSITIVE_INFINITY)),
  Nanargmax: nanIndex(argMax),
  Nanargmin: nanIndex(argMin),
};

/** The sum of absolute values. */
export const reduceL1: Reduce = (x, axes, keepDims) => reduceSum(abs(x), axes, keepDims);

/** How many elements differ from 0, as float32. */
export const reduceL0: Reduce = (x, axes, keepDims) => reduceSum(toFloat(not(equal(x, 0))), axes, keepDims);
