import type { Value } from '../../graph.js';
import {
  abs,
  add,
  argMax,
  concat,
  constant,
  div,
  equal,
  int64s,
  mul,
  neg,
  node,
  reduceSum,
  reshape,
  slice,
  sub,
  unsqueeze,
  where,
} from '../../operators/index.js';

/** How many numbers a projective transform has: those of a matrix of three by three whose last one is 1. */
const unknowns = 8;

/** (batch, rows, columns): one of the columns, or of the rows, with its axis kept. */
const one = (x: Value, axis: number, index: number): Value => slice(x, [{ axis, start: index, end: index + 1 }]);

/** (8, 1) of bool: the rows behind `row`, or from it on. */
const rowsFrom = ({ graph }: Value, row: number): Value =>
  graph.constant(
    'bool',
    [unknowns, 1],
    Uint8Array.from({ length: unknowns }, (_, index) => Number(index >= row)),
  );

/** Exchanges row `row` of (batch, 8, 9) equations with that below whose coefficient of the unknown of the same number is the greatest. */
function withPivot(equations: Value, row: number): Value {
  const candidates = where(rowsFrom(equations, row), abs(one(equations, 2, row)), -1);
  const pivot = argMax(candidates, 1, true);
  const own = constant(equations.graph, 'int64', [1, unknowns, 1], [...Array(unknowns).keys()]);
  const order = where(equal(own, row), pivot, where(equal(own, pivot), int64s(equations.graph, [row]), own));
  return node('GatherND', [equations, order], { batch_dims: 1 }, 'float32', equations.shape);
}

/** Takes the multiple of row `row` from those below it that leaves them without its unknown. */
function eliminated(equations: Value, row: number): Value {
  const pivot = one(equations, 1, row);
  const factors = where(rowsFrom(equations, row + 1), div(one(equations, 2, row), one(pivot, 2, row)), 0);
  return sub(equations, mul(factors, pivot));
}

/** Solves (batch, 8, 9) equations, the last column being what is on their right, by elimination with pivots: (batch, 8). */
function solved(equations: Value): Value {
  const steps = Array.from({ length: unknowns }, (_, row) => row);
  const triangle = steps.reduce((rest, row) => eliminated(withPivot(rest, row), row), equations);
  const answers = steps.toReversed().reduce<Value | undefined>((known, row) => {
    const equation = one(triangle, 1, row);
    const right = one(equation, 2, unknowns);
    const others = slice(equation, [{ axis: 2, start: row + 1, end: unknowns }]);
    const rest = known ? sub(right, reduceSum(mul(others, known), [2], true)) : right;
    const answer = div(rest, one(equation, 2, row));
    return known ? concat([answer, known], 2) : answer;
  }, undefined);
  return reshape(answers!, [-1, unknowns]);
}

/**
 * The projective transforms, (batch, 8), that take each of four `end` points to its `start` point, both (batch, 4, 2) of float32.
 * Where three of the points lie on a line there is none, and its numbers are none.
 */
export function homography(start: Value, end: Value): Value {
  const [x, y] = [one(end, 2, 0), one(end, 2, 1)];
  const nought = mul(x, 0);
  const ones = add(nought, 1);
  const equationsOf = (coordinate: number) => {
    const target = one(start, 2, coordinate);
    const plain = [x, y, ones];
    const none = [nought, nought, nought];
    const linear = coordinate === 0 ? [...plain, ...none] : [...none, ...plain];
    return concat([...linear, mul(neg(target), x), mul(neg(target), y), target], 2);
  };
  // Keras has the two equations of a point one after the other, which decides between pivots that are alike.
  const pairs = [0, 1].map((coordinate) => unsqueeze(equationsOf(coordinate), [2]));
  return solved(reshape(concat(pairs, 2), [-1, unknowns, unknowns + 1]));
}
