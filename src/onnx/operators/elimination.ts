import type { Value } from '../graph.js';
import {
  abs,
  add,
  and,
  constant,
  div,
  equal,
  greater,
  greaterOrEqual,
  isNan,
  less,
  lessOrEqual,
  log,
  mul,
  neg,
  not,
  sqrt,
  sub,
  where,
} from './elementwise.js';
import { matmul } from './matrix.js';
import { argMax, reduceSum, reduceSumSquare } from './reduce.js';
import { scan } from './scan.js';
import { expand, range, type Size, sizeMin, sizeOf, sizesOf, swapLastAxes, unsqueeze } from './shape.js';
import { gather } from './slicing.js';

/** The index of each row, or of each column, of matrices: it stands beside their elements. */
const rowsOf = (x: Value): Value => unsqueeze(range(x.graph, sizeOf(x, -2)), [1]);
const columnsOf = (x: Value): Value => unsqueeze(range(x.graph, sizeOf(x, -1)), [0]);

/** Goes through the first `count` columns of matrices: a step gets the index of one, a vector of one element. */
function byColumn(
  states: readonly Value[],
  count: Size,
  body: (states: Value[], column: Value) => Value[],
  reverse = false,
): Value[] {
  const columns = unsqueeze(range(states[0]!.graph, count), [0]);
  return scan({ states, sequences: [columns], reverse }, (carried, [column]) => ({
    states: body(carried, column!),
    outputs: [],
  })).states;
}

/** The unit matrix of as many rows as `x` has, for each of its matrices. */
export function unitMatrices(x: Value): Value {
  const rows = sizeOf(x, -2);
  const index = rowsOf(x);
  const one = where(equal(index, unsqueeze(range(x.graph, rows), [0])), constant(x.graph, x.type, [], [1]), 0);
  return x.rank === 2 ? one : expand(one, [...sizesOf(x).slice(0, -2), rows, rows]);
}

/** What is on the diagonal of matrices and above it, or on it and below; 0 elsewhere. */
export const upperTriangle = (x: Value): Value => where(lessOrEqual(rowsOf(x), columnsOf(x)), x, 0);
export const lowerTriangle = (x: Value): Value => where(greaterOrEqual(rowsOf(x), columnsOf(x)), x, 0);

/** One step of Cholesky's way: the pivot, the factor's column, and what is left when that is taken away. */
function choleskyStep(rest: Value, column: Value): { pivot: Value; factor: Value; rest: Value } {
  const whole = gather(rest, column, -1);
  const pivot = gather(whole, column, -2);
  const factor = where(less(rowsOf(rest), column), 0, div(whole, sqrt(pivot)));
  return { pivot, factor, rest: sub(rest, mul(factor, swapLastAxes(factor))) };
}

/**
 * The lower triangular L with `L Lᵀ = x` of matrices (…, n, n), of which what is above the diagonal is never looked at. It is NaN
 * where there is none.
 */
export function cholesky(x: Value): Value {
  const [, factors] = byColumn([x, mul(unitMatrices(x), 0)], sizeOf(x, -1), ([before, found], column) => {
    const { factor, rest } = choleskyStep(before!, column);
    return [rest, where(equal(columnsOf(x), column), factor, found!)];
  });
  return factors!;
}

/** The logarithm of the determinant of matrices (…, n, n) by {@link cholesky}: that of the product of the pivots. */
export function logDeterminant(x: Value): Value {
  const none = mul(reduceSum(unitMatrices(x), [-2, -1], true), 0);
  const [, total] = byColumn([x, none], sizeOf(x, -1), ([before, sum], column) => {
    const { pivot, rest } = choleskyStep(before!, column);
    return [rest, add(sum!, log(pivot))];
  });
  return reduceSum(total!, [-2, -1]);
}

/** Puts the row with the greatest element of a column, from the diagonal on, where the diagonal is: in each of `states`. */
function pivoted(x: Value, column: Value, states: readonly Value[]): Value[] {
  const rows = rowsOf(x);
  const sizes = abs(gather(x, column, -1));
  // What is no number is taken at once, and so spreads over the answer.
  const candidates = where(less(rows, column), -1, where(isNan(sizes), Number.POSITIVE_INFINITY, sizes));
  const best = argMax(candidates, -2, true);
  return states.map((state) => {
    const here = gather(state, column, -2);
    // A sum of one element and zeros, for ONNX's gathering of elements would need the sizes.
    const there = reduceSum(where(equal(rows, best), state, 0), [-2], true);
    return where(equal(rows, column), there, where(equal(rows, best), here, state));
  });
}

/**
 * The factors of a matrix (n, n) with its rows in another order: U on the diagonal and above it, L below, whose diagonal is 1.
 * @returns the factors, and which row of `x` each row is, (n, 1)
 */
export function luFactors(x: Value): [factors: Value, order: Value] {
  const order = rowsOf(x);
  const [factors, found] = byColumn([x, order], sizeOf(x, -1), ([before, places], column) => {
    const [swapped, moved] = pivoted(before!, column, [before!, places!]);
    const across = gather(swapped!, column, -2);
    const factor = div(gather(swapped!, column, -1), gather(across, column, -1));
    const below = greater(rowsOf(x), column);
    const eliminated = sub(swapped!, mul(factor, across));
    const right = where(greater(columnsOf(x), column), eliminated, swapped!);
    return [where(below, where(equal(columnsOf(x), column), factor, right), swapped!), moved!];
  });
  return [factors!, found!];
}

/**
 * What triangular matrices (…, n, n) have to be multiplied with to give `b` (…, n, columns). The other triangle is never looked at.
 */
export function solveTriangular(x: Value, b: Value, lower: boolean): Value {
  const rows = rowsOf(x);
  const [found] = byColumn(
    [b],
    sizeOf(x, -1),
    ([rest], column) => {
      const factors = gather(x, column, -1);
      const known = div(gather(rest!, column, -2), gather(factors, column, -2));
      const later = lower ? greater(rows, column) : less(rows, column);
      return [where(equal(rows, column), known, where(later, sub(rest!, mul(factors, known)), rest!))];
    },
    !lower,
  );
  return found!;
}

/** What matrices (…, n, n) have to be multiplied with to give `b` (…, n, columns): elimination by the greatest pivots. */
export function solve(x: Value, b: Value): Value {
  const [upper, right] = byColumn([x, b], sizeOf(x, -1), ([before, given], column) => {
    const [swapped, moved] = pivoted(before!, column, [before!, given!]);
    const across = gather(swapped!, column, -2);
    const factor = div(gather(swapped!, column, -1), gather(across, column, -1));
    const below = greater(rowsOf(x), column);
    return [
      where(below, sub(swapped!, mul(factor, across)), swapped!),
      where(below, sub(moved!, mul(factor, gather(moved!, column, -2))), moved!),
    ];
  });
  return solveTriangular(upper!, right!, false);
}

/** The least normal float32: what is below it counts as nothing. */
const leastNormal = 2 ** -126;

/**
 * The factors of matrices (…, m, n) by Householder's reflections, with the signs that LAPACK gives them: Q (…, m, m), which is
 * orthogonal, and R (…, m, n), which is 0 below the diagonal.
 */
export function qrFactors(x: Value): [q: Value, r: Value] {
  const rows = rowsOf(x);
  const [r, q] = byColumn([x, unitMatrices(x)], sizeMin(sizeOf(x, -2), sizeOf(x, -1)), ([before, turned], column) => {
    const whole = gather(before!, column, -1);
    const head = gather(whole, column, -2);
    const below = greater(rows, column);
    const tail = reduceSumSquare(where(below, whole, 0), [-2], true);
    const none = lessOrEqual(tail, leastNormal);
    const length = sqrt(add(mul(head, head), tail));
    const beta = where(none, head, where(less(head, 0), length, neg(length)));
    const factor = where(none, 0, div(sub(beta, head), beta));
    const mirror = where(equal(rows, column), 1, where(and(below, not(none)), div(whole, sub(head, beta)), 0));
    const across = swapLastAxes(mirror);
    const mirrored = sub(before!, mul(mul(factor, mirror), matmul(across, before!)));
    // Only what is to the right changes, and from the diagonal on: 0 times what is no number would spread it.
    const changed = and(greaterOrEqual(rows, column), greater(columnsOf(x), column));
    const onDiagonal = and(equal(rows, column), equal(columnsOf(x), column));
    return [
      where(onDiagonal, beta, where(changed, mirrored, before!)),
      sub(turned!, mul(mul(factor, matmul(turned!, mirror)), across)),
    ];
  });
  return [q!, upperTriangle(r!)];
}
