import type { Value } from '../../graph.js';
import {
  add,
  and,
  cast,
  equal,
  greaterOrEqual,
  lessOrEqual,
  matmul,
  range,
  reduceSum,
  sizeOf,
  squeeze,
  sub,
  swapLastAxes,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { choose } from './comparison.js';
import { rowsAndColumns } from './creation.js';
import { computed } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';
import { boundedSizes } from './sizes.js';

const pair = ['x1', 'x2'] as const;

/** What lies in a band around the diagonal; a width below 0 is without end. */
function bandPart(a: Arguments): Value {
  const x = a.tensor('x');
  const [rows, columns] = rowsAndColumns(x);
  const [lower, upper] = [a.number('num_lower'), a.number('num_upper')];
  const all = greaterOrEqual(add(rows, columns), 0);
  const below = lower < 0 ? all : lessOrEqual(sub(rows, columns), lower);
  const above = upper < 0 ? all : lessOrEqual(sub(columns, rows), upper);
  return choose(and(below, above), x, a.constant(x.type, 0));
}

/** Square matrices with vectors on the diagonal. */
function diagonalMatrices(a: Arguments): Value {
  if (a.number('k', 0) !== 0) return a.unsupported('its diagonal is not the main one');
  const x = a.tensor('x');
  const positions = range(a.graph, sizeOf(x, -1));
  return choose(equal(unsqueeze(positions, [1]), positions), unsqueeze(x, [-1]), a.constant(x.type, 0));
}

/** The main diagonals of matrices, as the only elements of each row that are kept. */
function diagonals(a: Arguments): Value {
  if (a.number('offset', 0) !== 0) return a.unsupported('its diagonal is not the main one');
  const x = a.tensor('x');
  const [rows, columns] = x.shape.slice(-2);
  if (rows === null || rows !== columns) return a.unsupported('its matrices are not known to be square');
  const [down, across] = rowsAndColumns(x);
  const kept = choose(equal(down, across), x, a.constant(x.type, 0));
  return computed([kept], (wide) => reduceSum(wide, [-1]));
}

const matrixTranspose = operation('x', (a) => swapLastAxes(a.tensor('x')));

/** Functions of `tf.linalg` that Keras 3 has not. https://www.tensorflow.org/api_docs/python/tf/linalg */
export const tensorflowMatrices: OperationTable = {
  BandPart: operation('x', bandPart),
  DiagonalMatrices: operation('x', diagonalMatrices),
  DiagPart: operation('x', diagonals),
  TraceOfMatrices: operation('x', (a) => reduceSum(diagonals(a), [-1])),
  MatrixTranspose: matrixTranspose,
  Matvec: operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair);
    return squeeze(matmul(a.boolean('transpose_a') ? swapLastAxes(x1!) : x1!, unsqueeze(x2!, [-1])), [-1]);
  }),
  Eye: operation('num_rows num_columns', (a) => {
    if (a.has('batch_shape')) return a.unsupported('it has a batch_shape');
    const sizes = ['num_rows', a.has('num_columns') ? 'num_columns' : 'num_rows'].map((name) => a.sizes(name)[0]!);
    const [rows, columns] = boundedSizes(sizes, []);
    const [down, across] = [unsqueeze(range(a.graph, rows!), [1]), unsqueeze(range(a.graph, columns!), [0])];
    return cast(equal(down, across), a.optionalType('dtype') ?? 'float32');
  }),
};
