import type { Value } from '../graph.js';
import { abs, add, constant, div, equal, less, mul, sqrt, sub, where } from './elementwise.js';
import { unitMatrices } from './elimination.js';
import { greatest, reduceSum, reduceSumSquare } from './reduce.js';
import { scan } from './scan.js';
import {
  concat,
  pad,
  range,
  type Size,
  sizeDifference,
  sizeOf,
  sizePlus,
  sizeQuotient,
  sizeTimes,
  swapLastAxes,
  unsqueeze,
} from './shape.js';
import { gather, halves, sliceFrom } from './slicing.js';

/** How often each pair of columns is turned. The angles that are left shrink to their squares: eight leave none in float32. */
const sweeps = 12;

/** What {@link singular} finds of matrices (…, m, n): of each of n singular values, in no order. */
export interface Singular {
  /** The value, (…, n, 1). Where n is greater than m, those that are too many are 0, or next to it. */
  values: Value;
  /** What the matrix makes of its direction, (…, n, m): the left singular vector times the value. */
  images: Value;
  /** The right singular vector, (…, n, n). */
  directions: Value;
}

/**
 * The singular values of matrices (…, m, n), and their vectors, by Jacobi's rotations from one side (Hestenes 1958): columns are turned in
 * pairs until each is at right angles to all others. Which way a vector points is left to chance. All is NaN where an element is no
 * number, or infinite.
 */
export function singular(x: Value): Singular {
  const greatestElement = greatest(abs(x), [-2, -1], true);
  const scale = where(equal(greatestElement, 0), 1, greatestElement);
  const columns = swapLastAxes(div(x, scale));
  const [rowCount, columnCount] = [sizeOf(x, -2), sizeOf(x, -1)];
  const half = sizeQuotient(sizePlus(columnCount, 1), 2);
  const count = sizeTimes(half, 2);
  const joined = concat([columns, unitMatrices(columns)], -1);
  const added = sizeDifference(count, columnCount);
  const even = pad(
    joined,
    joined.shape.map((_, axis) => [0, axis === x.rank - 2 ? added : 0]),
  );
  const next = places(x, count, half);
  const steps = unsqueeze(range(x.graph, sizeTimes(sizePlus(count, -1), sweeps)), [0]);
  const { states } = scan({ states: [even], sequences: [steps] }, ([before]) => ({
    states: [gather(turned(before!, rowCount), next, -2)],
    outputs: [],
  }));
  const found = sliceFrom(states[0]!, -2, 0, columnCount);
  const images = mul(sliceFrom(found, -1, 0, rowCount), scale);
  return {
    values: mul(sqrt(reduceSumSquare(sliceFrom(found, -1, 0, rowCount), [-1], true)), scale),
    images,
    directions: sliceFrom(found, -1, rowCount, columnCount),
  };
}

/** Turns each row of the first half and the one of the second half in its place, so that their first `count` elements are at right angles. */
function turned(rows: Value, count: Size): Value {
  const [first, second] = halves(rows, -2) as [Value, Value];
  const [a, b] = [sliceFrom(first, -1, 0, count), sliceFrom(second, -1, 0, count)];
  const product = reduceSum(mul(a, b), [-1], true);
  const difference = sub(reduceSumSquare(b, [-1], true), reduceSumSquare(a, [-1], true));
  const ratio = div(difference, mul(product, 2));
  const steep = div(
    where(less(ratio, 0), constant(rows.graph, rows.type, [], [-1]), 1),
    add(abs(ratio), sqrt(add(mul(ratio, ratio), 1))),
  );
  const tangent = where(equal(product, 0), 0, steep);
  const cosine = div(1, sqrt(add(mul(tangent, tangent), 1)));
  const sine = mul(tangent, cosine);
  return concat([sub(mul(cosine, first), mul(sine, second)), add(mul(sine, first), mul(cosine, second))], -2);
}

/**
 * Where the rows of the next step come from: the first one stays, all others go on by a place in a circle, and so each meets each once in
 * `count - 1` steps, after which all are back.
 */
function places(x: Value, count: Size, half: Size): Value {
  const place = range(x.graph, count);
  const at = (size: Size) => (typeof size === 'number' ? constant(x.graph, 'int64', [], [size]) : size);
  const upper = where(less(place, at(half)), sub(place, 1), add(place, 1));
  const last = where(equal(place, at(sizePlus(count, -1))), at(sizePlus(half, -1)), upper);
  return where(equal(place, 0), 0, where(equal(place, 1), at(half), last));
}
