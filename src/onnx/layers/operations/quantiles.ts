import type { Value } from '../../graph.js';
import {
  add,
  any,
  cast,
  ceil,
  constant,
  floor,
  gather,
  isInf,
  isNan,
  less,
  max,
  min,
  mul,
  node,
  not,
  type Operand,
  reduceSum,
  reshape,
  round,
  type Size,
  sizeOf,
  sizesOf,
  sub,
  toFloat,
  transpose,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';
import { ordered } from './sorting.js';

const methods = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const;

/** What stands at a place of sorted values, or between two of them, as `method` has it. */
function interpolated(
  at: (place: Value) => Value,
  exact: Value,
  last: Operand,
  method: (typeof methods)[number],
): Value {
  if (method === 'nearest') return at(round(exact));
  const [below, above] = [floor(exact), ceil(exact)];
  if (method === 'lower') return at(below);
  if (method === 'higher') return at(above);
  if (method === 'midpoint') return mul(add(at(below), at(above)), 0.5);
  return between(at, exact, last);
}

/** A place among the elements that there are: the nearest, and the first for an infinite one, which is no integer. */
const within = (place: Value, last: Operand): Value => where(isInf(place), 0, max(min(place, last), 0));

/** A place as the index of an element; the first for no number. */
const indexOf = (place: Value, last: Operand): Value => cast(where(isNan(place), 0, within(place, last)), 'int64');

/**
 * What stands at a place between two others: the sum of their parts, as Keras has it. At the place of an element its part is
 * whole, and that of the one before it nothing, which is no number of an infinite one.
 */
function between(at: (place: Value) => Value, exact: Value, last: Operand): Value {
  const below = max(sub(within(ceil(exact), last), 1), 0);
  const above = min(add(below, 1), last);
  const part = sub(above, exact);
  return add(mul(at(above), sub(1, part)), mul(at(below), part));
}

function sizeAsFloat(x: Value): Value {
  const size = sizeOf(x, -1);
  return typeof size === 'number' ? constant(x.graph, 'float32', [], [size]) : toFloat(size);
}

/** The axes that a quantile is over, put last as one. */
function flattened(a: Arguments, x: Value): { flat: Value; axes: number[]; others: number[] } {
  const axes = a.axes('axis', x.rank) ?? x.shape.map((_, axis) => axis);
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const moved = transpose(x, [...others, ...axes]);
  const sizes = sizesOf(moved).slice(0, others.length);
  return { flat: reshape(moved, [...sizes, sizeProductOf(moved, others.length)]), axes, others };
}

/** Which quantiles are asked for: a number or a vector. */
function quantilesOf(a: Arguments, scale: number, fixed: number | undefined): Value {
  const q = fixed === undefined ? mul(toFloat(a.tensor('q')), scale) : a.constant('float32', fixed);
  return q.rank > 1 ? a.unsupported('its q has more than one axis') : q;
}

/** Puts the axis of the quantiles first, or takes it away where one is asked for; `axes` come back as 1 with `keepdims`. */
function arranged(a: Arguments, q: Value, found: Value, axes: readonly number[], others: readonly number[]): Value {
  const first = transpose(found, [others.length, ...others.map((_, index) => index)]);
  const places = axes.map((axis) => axis + 1);
  const kept = a.boolean('keepdims') ? unsqueeze(first, places) : first;
  return q.rank === 0 ? gather(kept, a.constant('int64', 0), 0) : kept;
}

/**
 * @param scale what q is multiplied by
 * @param fixed the q of a function that takes none
 * @param heedsMethod whether the operation heeds its `method`: Keras's `Quantile` takes it and does not
 */
const quantile = ({
  scale = 1,
  fixed,
  heedsMethod = false,
}: {
  scale?: number;
  fixed?: number;
  heedsMethod?: boolean;
}) =>
  operation(
    'x q',
    (a) => {
      const x = toFloat(a.tensor('x'));
      const q = quantilesOf(a, scale, fixed);
      const method = heedsMethod ? a.choice('method', methods, 'linear') : 'linear';
      const { flat, axes, others } = flattened(a, x);
      const [values] = ordered(flat, sizeOf(flat, -1), flat.rank - 1, false);
      const last = sub(sizeAsFloat(values), 1);
      const at = (place: Value) => gather(values, indexOf(place, last), values.rank - 1);
      const found = interpolated(at, mul(reshape(q, [-1]), last), last, method);
      return arranged(a, q, where(any(isNan(flat), [-1], true), Number.NaN, found), axes, others);
    },
    'method',
  );

/** How many elements the axes from `first` on hold; -1 leaves it to the reshape. */
const sizeProductOf = (x: Value, first: number): Size =>
  x.shape.slice(first).includes(null)
    ? -1
    : (x.shape.slice(first) as number[]).reduce((product, size) => product * size, 1);

/** The same of the numbers alone among the elements; NaN where there is none. */
const nanQuantile = ({ scale = 1, fixed }: { scale?: number; fixed?: number }) =>
  operation('x q', (a) => {
    const x = toFloat(a.tensor('x'));
    const q = quantilesOf(a, scale, fixed);
    const method = a.choice('method', methods, 'linear');
    const { flat, axes, others } = flattened(a, x);
    const missing = isNan(flat);
    const last = sub(reduceSum(toFloat(not(missing)), [-1], true), 1);
    const [values] = ordered(where(missing, Number.POSITIVE_INFINITY, flat), sizeOf(flat, -1), flat.rank - 1, false);
    const exact = mul(max(last, 0), reshape(q, [-1]));
    const at = (place: Value) =>
      node('GatherElements', [values, indexOf(place, max(last, 0))], { axis: -1 }, 'float32', exact.shape);
    return arranged(
      a,
      q,
      where(less(last, 0), Number.NaN, interpolated(at, exact, max(last, 0), method)),
      axes,
      others,
    );
  });

const nanMedian = nanQuantile({ fixed: 0.5 });

/** Quantiles. https://keras.io/api/ops/numpy/ */
export const quantileOperations: OperationTable = {
  Median: quantile({ fixed: 0.5 }),
  Quantile: quantile({}),
  Percentile: quantile({ scale: 1 / 100, heedsMethod: true }),
  Nanmedian: {
    ...nanMedian,
    others: ['keepdims'],
    emit: (a) => (a.optionalNumbers('axis')?.length === 0 ? a.tensor('x') : nanMedian.emit(a)),
  },
  Nanquantile: nanQuantile({}),
  Nanpercentile: nanQuantile({ scale: 1 / 100 }),
};
