import type { Dimension, Value } from '../../graph.js';
import {
  cast,
  cholesky,
  isFloat,
  luFactors,
  matmul,
  node,
  qrFactors,
  range,
  reshape,
  type SliceRange,
  sizeOf,
  slice,
  solve,
  solveTriangular,
  squeeze,
  swapLastAxes,
  toFloat,
  unitMatrices,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';

/** A tensor of matrices, whose rows are as many as their columns as far as that is known. */
function squareMatrices(a: Arguments, name: string): Value {
  const x = toFloat(a.tensor(name));
  const [rows, columns] = x.shape.slice(-2);
  if (x.rank < 2) return a.unsupported(`its ${name} is no matrix`);
  if (rows !== columns) return a.unsupported(`its ${name} is not square`);
  return rows === 0 ? a.unsupported(`its ${name} is empty`) : x;
}

/** What has to be solved: TensorFlow's functions can ask for the matrices' transposes. */
function system(a: Arguments, name: string): Value {
  const x = squareMatrices(a, name);
  return a.boolean('adjoint') ? swapLastAxes(x) : x;
}

/** `a` and `b` of one equation for each matrix of the batch; a vector `b` is a matrix of one column. */
function equation(a: Arguments, by: (matrix: Value, right: Value) => Value): Value {
  const matrix = system(a, 'a');
  const given = toFloat(a.tensor('b'));
  const isVector = given.rank === matrix.rank - 1;
  const right = isVector ? unsqueeze(given, [-1]) : given;
  const fits = (size: Dimension, axis: number) =>
    size === right.shape[axis] || size === null || right.shape[axis] === null;
  if (right.rank !== matrix.rank || !matrix.shape.slice(0, -1).every(fits))
    return a.unsupported('its b does not have a row for each row of a, and a batch of the same size');
  const found = by(matrix, right);
  return isVector ? squeeze(found, [-1]) : found;
}

function choleskyInverse(a: Arguments): Value {
  const x = squareMatrices(a, 'x');
  const upper = a.boolean('upper');
  const inverse = solveTriangular(x, unitMatrices(x), !upper);
  return upper ? matmul(inverse, swapLastAxes(inverse)) : matmul(swapLastAxes(inverse), inverse);
}

/** The most that matrices are raised to: products of so many are beyond single precision. */
const largestPower = 2 ** 16;

/** A power by squares of squares, multiplied in the order in which Keras does; a negative one is of the inverse. */
function matrixPower(a: Arguments): Value {
  const given = a.tensor('x');
  const n = a.number('n');
  if (!Number.isInteger(n) || Math.abs(n) > largestPower)
    return a.unsupported(`its n is ${n}, which is no whole number up to ${largestPower}`);
  if (!isFloat(given)) return a.unsupported(`its matrices are of ${given.type}; make floats of them by keras.ops.cast`);
  const x = squareMatrices(a, 'x');
  if (n === 0) return unitMatrices(x);
  let base = n < 0 ? solve(x, unitMatrices(x)) : x;
  if (Math.abs(n) === 1) return base;
  // From the unit matrix on, whose zeros make infinities no numbers, as with Keras.
  let power = unitMatrices(x);
  for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = matmul(power, base);
    if (rest > 1) base = matmul(base, base);
  }
  return power;
}

/** Of a batch of matrices Keras itself can't tell the order of rows: TensorFlow inverts permutations one by one. */
function luFactor(a: Arguments): Value[] {
  const x = squareMatrices(a, 'x');
  if (x.rank !== 2) return a.unsupported('it is called with several matrices, which fails with TensorFlow');
  const [factors, order] = luFactors(x);
  const rows = range(a.graph, sizeOf(x, 0));
  const flat = reshape(order, [sizeOf(x, 0)]);
  const inverse = node('ScatterElements', [rows, flat, rows], { axis: 0 }, 'int64', flat.shape);
  return [factors, cast(inverse, 'int32')];
}

function qr(a: Arguments): Value[] {
  const x = toFloat(a.tensor('x'));
  const [rows, columns] = x.shape.slice(-2);
  if (x.rank < 2 || !rows || !columns) return a.unsupported('its matrix is of unknown size');
  const [q, r] = qrFactors(x);
  const whole = a.choice('mode', ['reduced', 'complete'], 'reduced') === 'complete' || a.boolean('full_matrices');
  if (whole || rows <= columns) return [q, r];
  const first = (axis: number): SliceRange => ({ axis, start: 0, end: columns });
  return [slice(q, [first(-1)]), slice(r, [first(-2)])];
}

/** What solves equations, and the factors that matrices have. https://keras.io/api/ops/linalg/ */
export const factorizationOperations: OperationTable = {
  Cholesky: operation('x', (a) => {
    const factor = cholesky(squareMatrices(a, 'x'));
    return a.boolean('upper') ? swapLastAxes(factor) : factor;
  }),
  CholeskyInverse: operation('x', choleskyInverse),
  Inv: operation('x', (a) => {
    const x = system(a, 'x');
    return solve(x, unitMatrices(x));
  }),
  Solve: operation('a b', (a) => equation(a, solve)),
  SolveTriangular: operation('a b', (a) => {
    const lower = a.boolean('lower') !== a.boolean('adjoint');
    return equation(a, (matrix, right) => solveTriangular(matrix, right, lower));
  }),
  MatrixPower: operation('x n', matrixPower),
  LuFactor: operation('x', luFactor),
  Qr: operation('x', qr),
};
