import type { Value } from '../../graph.js';
import {
  abs,
  add,
  cast,
  concat,
  constant,
  div,
  equal,
  gather,
  greatest,
  least,
  log,
  logDeterminant,
  matmul,
  max,
  min,
  mul,
  node,
  pow,
  range,
  reciprocal,
  reduceMean,
  reduceSum,
  reduceSumSquare,
  reshape,
  sign,
  sizeDifference,
  sizeMax,
  sizeMin,
  sizeOf,
  sizePlus,
  sizeSum,
  sizesOf,
  sizeTimes,
  slice,
  sqrt,
  square,
  sub,
  toFloat,
  transpose,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { choose } from './comparison.js';
import { accumulatorType, computed } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';
import { reduceL0, reduceL1 } from './reduction.js';
import { flatten, moveAxes } from './shape.js';
import { singularNorms } from './singular-values.js';

/** The elements of a diagonal of two axes, which become the last one. */
function diagonal(a: Arguments, x: Value, offset: number): Value {
  const [first, second] = [a.axis('axis1', x.rank, 0), a.axis('axis2', x.rank, 1)];
  const moved = moveAxes(x, [first, second], [x.rank - 2, x.rank - 1]);
  const [rows, columns] = [sizeOf(moved, -2), sizeOf(moved, -1)];
  const [below, beside] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = sizeMax(0, sizeMin(sizeDifference(rows, below), sizeDifference(columns, beside)));
  const start = sizeSum(sizeTimes(columns, below), beside);
  const places = add(mul(range(a.graph, length), sizeSum(columns, 1)), start);
  const flat = reshape(moved, [...sizesOf(moved).slice(0, -2), sizeTimes(rows, columns)]);
  return gather(flat, places, x.rank - 2);
}

/** A matrix with this vector on its k-th diagonal. */
function diagonalMatrix(x: Value, k: number): Value {
  const shift = Math.abs(k);
  const zeros = (count: number) => constant(x.graph, x.type, [count], Array<number>(count).fill(0));
  const long = shift > 0 ? concat([x, zeros(shift)], 0) : x;
  const spread = k >= 0 ? unsqueeze(long, [1]) : unsqueeze(long, [0]);
  const size = sizeOf(long, 0);
  const [rows, columns] = [unsqueeze(range(x.graph, size), [1]), unsqueeze(range(x.graph, size), [0])];
  return choose(equal(columns, add(rows, k)), spread, constant(x.graph, x.type, [], [0]));
}

function diag(a: Arguments, x: Value): Value {
  const k = a.number('k', 0);
  if (!Number.isInteger(k) || Math.abs(k) > 2 ** 16) return a.unsupported(`its k is ${k}`);
  return x.rank === 1 ? diagonalMatrix(x, k) : diagonal(a, x, k);
}

/** A norm over one axis or two. https://keras.io/api/ops/linalg/#norm-function */
export function norm(a: Arguments, x: Value, axes: readonly number[], keepDims: boolean): Value {
  const given = a.raw('ord');
  const named = typeof given === 'string' && !/Infinity|inf/.test(given) ? given : undefined;
  const order = named === undefined && given !== undefined ? a.number('ord') : undefined;
  const infinite = (value: number | undefined) => value !== undefined && !Number.isFinite(value);
  if (axes.length === 1) {
    if (order === undefined || order === 2) return sqrt(reduceSumSquare(x, axes, keepDims));
    if (infinite(order)) return (order > 0 ? greatest : least)(abs(x), axes, keepDims);
    if (order === 0) return reduceL0(x, axes, keepDims);
    return pow(reduceSum(pow(abs(x), order), axes, keepDims), 1 / order);
  }
  const euclidean = order === undefined && (named === undefined || named === 'fro' || named === 'euclidean');
  if (euclidean) return sqrt(reduceSumSquare(x, axes, keepDims));
  const [rows, columns] = axes;
  const bySingularValues = singularNorms[named ?? String(order)];
  if (axes.length === 2 && bySingularValues) {
    const found = bySingularValues(moveAxes(x, [rows!, columns!], [x.rank - 2, x.rank - 1]));
    return keepDims ? unsqueeze(found, axes.toSorted()) : found;
  }
  const summed = order === 1 || order === -1 ? rows! : columns!;
  if (axes.length !== 2 || (Math.abs(order ?? 0) !== 1 && !infinite(order)))
    return a.unsupported(`its ord is ${named ?? order}, which is none of ${axes.length} axes`);
  const totals = reduceL1(x, [summed], true);
  const other = summed === rows ? columns! : rows!;
  const found = ((order ?? 0) > 0 ? greatest : least)(totals, [other], true);
  return keepDims
    ? found
    : reshape(
        found,
        sizesOf(found).filter((_, axis) => !axes.includes(axis)),
      );
}

function normOperation(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const axes = a.axes('axis', x.rank) ?? x.shape.map((_, axis) => axis);
  return norm(a, x, axes, a.boolean('keepdims'));
}

/** `x` over its norm of this order, which is at least epsilon. */
function normalize(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const all = x.shape.map((_, axis) => axis);
  const axes = a.isNone('axis') ? all : (a.axes('axis', x.rank) ?? all.slice(-1));
  const order = a.number('order', 2);
  const epsilon = a.number('epsilon', 1e-7);
  if (order === 2) return mul(x, min(reciprocal(sqrt(reduceSumSquare(x, axes, true))), 1 / epsilon));
  const length = pow(reduceSum(pow(abs(x), order), axes, true), 1 / order);
  return div(x, max(length, epsilon));
}

const determinant = (x: Value): Value => node('Det', [x], {}, 'float32', x.shape.slice(0, -2));

function vander(a: Arguments): Value {
  const x = a.tensor('x');
  const count = a.has('N') ? a.count('N') : sizeOf(x, 0);
  const places = range(a.graph, count);
  const exponents = toFloat(a.boolean('increasing') ? places : sub(sizePlus(count, -1), places));
  return cast(pow(unsqueeze(toFloat(x), [-1]), exponents), x.type);
}

function trapezoid(a: Arguments): Value {
  const y = toFloat(a.tensor('y'));
  const axis = a.axis('axis', y.rank, -1);
  const ends = (x: Value) => [
    slice(x, [{ axis: x.rank === 1 ? 0 : axis, start: 1 }]),
    slice(x, [{ axis: x.rank === 1 ? 0 : axis, end: -1 }]),
  ];
  const [later, earlier] = ends(y);
  const heights = mul(add(later!, earlier!), 0.5);
  if (!a.has('x')) return reduceSum(mul(heights, a.number('dx', 1)), [axis]);
  const [right, left] = ends(toFloat(a.tensor('x')));
  return reduceSum(mul(heights, sub(right!, left!)), [axis]);
}

/** Correlation coefficients of the rows. */
function corrcoef(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const rows = x.rank === 1 ? unsqueeze(x, [0]) : x;
  const centred = sub(rows, reduceMean(rows, [1], true));
  const covariance = matmul(centred, transpose(centred, [1, 0]));
  const deviation = sqrt(reduceSumSquare(centred, [1], true));
  const coefficients = div(div(covariance, deviation), transpose(deviation, [1, 0]));
  return x.rank === 1 ? reshape(coefficients, []) : coefficients;
}

/**
 * Covariances of the rows, by one less than there are columns; of one row, or of a vector, a scalar. Rows of an open number give a matrix
 * even where there is one, as Keras's `predict` does.
 */
function covariances(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  if (x.rank > 2) return a.unsupported(`its input has ${x.rank} axes`);
  if (x.rank === 0) return a.constant('float32', Number.NaN);
  const rows = x.rank === 1 ? unsqueeze(x, [0]) : x;
  const centred = sub(rows, reduceMean(rows, [1], true));
  const freedom = sizePlus(sizeOf(rows, 1), -1);
  const count = typeof freedom === 'number' ? freedom : toFloat(freedom);
  const found = div(matmul(centred, transpose(centred, [1, 0])), count);
  return rows.shape[0] === 1 ? reshape(found, []) : found;
}

/** Distances between all rows of two matrices. */
function distances(a: Arguments): Value {
  const [x, y] = [toFloat(a.tensor('x')), toFloat(a.tensor('y'))];
  return sqrt(reduceSum(square(sub(unsqueeze(x, [-2]), unsqueeze(y, [-3]))), [-1]));
}

const signAndLog = (a: Arguments): Value[] => {
  const found = determinant(toFloat(a.tensor('x')));
  return [sign(found), log(abs(found))];
};

/**
 * The logarithm of the determinant, as Keras finds it with TensorFlow: by Cholesky's factors, so what is above the diagonal is
 * never looked at, and a matrix that is not positive definite has none (NaN).
 */
function logDeterminantOperation(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  return x.rank < 2 || x.shape.at(-1) === 0 ? a.unsupported('it is called with no matrix') : logDeterminant(x);
}

/** Linear algebra. https://keras.io/api/ops/linalg/ */
export const linearAlgebraOperations: OperationTable = {
  Diagonal: operation('x', (a) => diagonal(a, a.tensor('x'), a.number('offset', 0))),
  Diag: operation('x', (a) => diag(a, a.tensor('x'))),
  Diagflat: operation('x', (a) => diag(a, flatten(a.tensor('x')))),
  Trace: operation('x', (a) => {
    const given = a.tensor('x');
    const x = cast(given, accumulatorType(given.type));
    return computed([diagonal(a, x, a.number('offset', 0))], (wide) => reduceSum(wide, [-1]));
  }),
  Norm: operation('x ord axis keepdims', normOperation),
  Normalize: operation('x', normalize),
  Det: operation('x', (a) => determinant(toFloat(a.tensor('x')))),
  Slogdet: operation('x', signAndLog),
  Logdet: operation('x', logDeterminantOperation),
  Vander: operation('x', vander),
  Trapezoid: operation('y', trapezoid),
  Corrcoef: operation('x', corrcoef),
  Cov: operation('x', covariances),
  CDist: operation('x y', distances),
};
