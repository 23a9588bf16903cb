import type { Dimension, Value } from '../graph.js';
import {
  add,
  cast,
  constant,
  exp,
  greater,
  int64s,
  isFloat,
  isInf,
  isNan,
  log,
  node,
  sub,
  where,
} from './elementwise.js';
import { knownSize, normalizeAxis, type Size, sizeVector } from './shape.js';

function reducedShape(x: Value, axes: readonly number[], keepDims: boolean): Dimension[] {
  return x.shape.flatMap((size, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [size]));
}

/** A reduction over `axes` (undefined: all), keeping them as size 1 if asked. */
const reduction =
  (opType: string) =>
  (x: Value, axes: readonly number[] | undefined, keepDims = false): Value => {
    const at = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => normalizeAxis(axis, x.rank));
    if (at.length === 0) return x;
    return node(
      opType,
      [x, int64s(x.graph, at)],
      { keepdims: keepDims ? 1 : 0 },
      x.type,
      reducedShape(x, at, keepDims),
    );
  };

export const reduceSum = reduction('ReduceSum');
export const reduceMean = reduction('ReduceMean');
export const reduceMax = reduction('ReduceMax');
export const reduceMin = reduction('ReduceMin');
export const reduceProd = reduction('ReduceProd');
export const reduceSumSquare = reduction('ReduceSumSquare');
export const reduceL2 = reduction('ReduceL2');

/** Whether any element along `axes` is true; of none it is not. */
export const any = (x: Value, axes: readonly number[] | undefined, keepDims = false): Value =>
  greater(reduceMax(cast(x, 'int32'), axes, keepDims), 0);

/** Whether all elements along `axes` are true. */
export const all = (x: Value, axes: readonly number[] | undefined, keepDims = false): Value =>
  cast(reduceMin(cast(x, 'int32'), axes, keepDims), 'bool');

/** The reduction where all elements along `axes` are numbers, else NaN: ONNX Runtime's own passes over some of those. */
const orNan =
  (reduce: typeof reduceMax): typeof reduceMax =>
  (x, axes, keepDims = false) => {
    const found = reduce(x, axes, keepDims);
    return isFloat(x) ? where(any(isNan(x), axes, keepDims), Number.NaN, found) : found;
  };

/** {@link reduceMax} as NumPy and TensorFlow have it. */
export const greatest = orNan(reduceMax);
/** {@link reduceMin} as NumPy and TensorFlow have it. */
export const least = orNan(reduceMin);
/**
 * The logarithm of the sum of exponentials, as NumPy and TensorFlow have it. ONNX Runtime's ReduceLogSumExp (1.30) takes 0 for the
 * greatest where the first element is minus infinity, and so loses what is small.
 */
export function logSumExp(x: Value, axes: readonly number[] | undefined, keepDims = false): Value {
  const found = reduceMax(x, axes, true);
  const greatest = where(isInf(found), 0, found);
  const sum = log(reduceSum(exp(sub(x, greatest)), axes, keepDims));
  return add(sum, keepDims ? greatest : reduceMax(greatest, axes));
}

const indexOf =
  (opType: string) =>
  (x: Value, axis: number, keepDims = false): Value => {
    const at = normalizeAxis(axis, x.rank);
    return node(opType, [x], { axis: at, keepdims: keepDims ? 1 : 0 }, 'int64', reducedShape(x, [at], keepDims));
  };

/** The index of the greatest element along `axis`, int64; the first of equals. */
export const argMax = indexOf('ArgMax');
/** The index of the least element along `axis`, int64; the first of equals. */
export const argMin = indexOf('ArgMin');

/** Running sum along `axis`. */
export function cumulativeSum(x: Value, axis: number, { reverse = false, exclusive = false } = {}): Value {
  const at = constant(x.graph, 'int64', [], [normalizeAxis(axis, x.rank)]);
  return node('CumSum', [x, at], { reverse: reverse ? 1 : 0, exclusive: exclusive ? 1 : 0 }, x.type, x.shape);
}

/** The `k` greatest elements along the last axis, sorted, and their int64 indices. */
export function topK(x: Value, k: Size): [values: Value, indices: Value] {
  const shape = [...x.shape.slice(0, -1), knownSize(k)];
  const results = [
    { type: x.type, shape },
    { type: 'int64', shape },
  ] as const;
  const [values, indices] = x.graph.node('TopK', [x, sizeVector(x.graph, [k])], { axis: -1 }, results);
  return [values!, indices!];
}
