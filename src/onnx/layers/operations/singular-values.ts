import type { Value } from '../../graph.js';
import {
  cast,
  div,
  greater,
  greatest,
  least,
  less,
  lessOrEqual,
  matmul,
  mul,
  reduceSum,
  singular,
  sizeMax,
  sizeMin,
  sizeOf,
  squeeze,
  swapLastAxes,
  toFloat,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';
import { ordered } from './sorting.js';

/** The distance from 1 to the next number of single precision. */
const epsilon = 2 ** -23;

/** A tensor of matrices that have elements. */
function matrices(a: Arguments, name: string): Value {
  const x = toFloat(a.tensor(name));
  if (x.rank < 2) return a.unsupported(`its ${name} is no matrix`);
  return x.shape.slice(-2).includes(0) ? a.unsupported(`its ${name} is empty`) : x;
}

/** The matrices with their longer side upright, as far as it is known: so there are fewer columns to turn. */
function upright(x: Value): { matrix: Value; isTurned: boolean } {
  const [rows, columns] = x.shape.slice(-2);
  const isTurned = rows !== null && columns !== null && rows! < columns!;
  return { matrix: isTurned ? swapLastAxes(x) : x, isTurned };
}

/** The singular values of matrices, the greatest first. */
function singularValues(x: Value): Value {
  const { values } = singular(upright(x).matrix);
  const [found] = ordered(squeeze(values, [-1]), sizeMin(sizeOf(x, -2), sizeOf(x, -1)), x.rank - 2, true);
  return found;
}

/** Norms of matrices by their singular values, by `ord`. */
export const singularNorms: Readonly<Record<string, (x: Value) => Value>> = {
  2: (x) => greatest(singularValues(x), [-1]),
  '-2': (x) => least(singularValues(x), [-1]),
  nuc: (x) => reduceSum(singularValues(x), [-1]),
};

/** `part` of the greatest of singular values for each row or column, whichever are more, in the rounding of single precision. */
function roundingOf(x: Value, largest: Value, part = 1): Value {
  const side = sizeMax(sizeOf(x, -2), sizeOf(x, -1));
  const rounded = mul(largest, part * epsilon);
  return mul(rounded, typeof side === 'number' ? side : toFloat(side));
}

/** What matrices are taken back with: vectors are rows, one for each singular value. */
interface Inverse {
  left: Value;
  right: Value;
  /** 1 over each value (…, count, 1), and 0 for those that count as nothing. */
  reciprocals: Value;
}

/** @param isNothing which values count as nothing, beside the greatest of the same matrix; what is no number never does */
function inverse(x: Value, isNothing: (values: Value, largest: Value) => Value): Inverse {
  const { matrix, isTurned } = upright(x);
  const { values, images, directions } = singular(matrix);
  const none = isNothing(values, greatest(values, [-2], true));
  const units = where(none, 0, div(images, values));
  const [left, right] = isTurned ? [directions, units] : [units, directions];
  return { left, right, reciprocals: where(none, 0, div(1, values)) };
}

function pinv(a: Arguments): Value {
  const x = matrices(a, 'x');
  const part = a.optionalNumber('rcond');
  const limit = (largest: Value) => (part === undefined ? roundingOf(x, largest, 10) : mul(largest, part));
  const { left, right, reciprocals } = inverse(x, (values, largest) => lessOrEqual(values, limit(largest)));
  return matmul(swapLastAxes(right), mul(reciprocals, left));
}

function lstsq(a: Arguments): Value {
  const x = matrices(a, 'a');
  const given = toFloat(a.tensor('b'));
  if (x.rank !== 2 || given.rank < 1 || given.rank > 2) return a.unsupported('its a and b are no matrices');
  const part = a.optionalNumber('rcond');
  const limit = (largest: Value) =>
    part === undefined ? roundingOf(x, largest) : mul(largest, part < 0 ? epsilon : part);
  const { left, right, reciprocals } = inverse(x, (values, largest) => less(values, limit(largest)));
  const b = given.rank === 1 ? unsqueeze(given, [-1]) : given;
  const found = matmul(swapLastAxes(right), mul(reciprocals, matmul(left, b)));
  return given.rank === 1 ? squeeze(found, [-1]) : found;
}

function matrixRank(a: Arguments): Value {
  const x = matrices(a, 'x');
  const values = singularValues(x);
  const limit = a.optionalNumber('tol') ?? roundingOf(x, greatest(values, [-1], true));
  return reduceSum(cast(greater(values, limit), 'int32'), [-1]);
}

function svd(a: Arguments): Value {
  const x = matrices(a, 'x');
  a.boolean('full_matrices');
  return a.boolean('compute_uv', true)
    ? a.unsupported(
        'which way singular vectors point is left to chance; call it with compute_uv=False, which gives the values alone, or use ' +
          'keras.ops.pinv or keras.ops.lstsq',
      )
    : singularValues(x);
}

/** What takes singular values. https://keras.io/api/ops/linalg/ */
export const singularValueOperations: OperationTable = {
  Lstsq: operation('a b', lstsq, 'rcond'),
  MatrixRank: operation('x', matrixRank, 'tol'),
  Pinv: operation('x', pinv, 'rcond'),
  SVD: operation('x', svd),
};
