import type { Value } from '../../graph.js';
import { add, cast, constant, gather, greater, mul, or, type Size, toFloat } from '../../operators/index.js';

/** What is known of the numbers in a shape that an operation asked for, so that arithmetic on it can be done now. */
const knownSizes = new WeakMap<Value, readonly Size[]>();

/** Remembers the numbers of a one-dimensional value. */
export function withSizes(value: Value, sizes: readonly Size[]): Value {
  knownSizes.set(value, sizes);
  return value;
}

/** The numbers of a one-dimensional value of known length, or the only one, each now or as the graph works it out. */
export function sizesIn(value: Value): Size[] | undefined {
  if (value.data) return Array.from(value.data as ArrayLike<number | bigint>, Number);
  const known = knownSizes.get(value);
  if (known) return [...known];
  if (value.rank === 0) return [value];
  const [length] = value.shape;
  if (value.rank !== 1 || length == null || length > 32) return undefined;
  return Array.from({ length }, (_, index) => gather(value, constant(value.graph, 'int64', [], [index]), 0));
}

/** The number that a value of one element is, where it is known now. */
export function scalarOf(value: Value): number | undefined {
  return value.data?.length === 1 ? Number(value.data[0]) : undefined;
}

/** The most elements of what is as large as numbers in a request say: more would take the memory of all that run beside it. */
const largestMade = 2 ** 24;

/**
 * 0, for a size that numbers in a request decide where what is made of it has so many elements for each; fails as the model runs
 * where those are too many.
 */
export function unlessTooLarge(size: Value, each: readonly Size[] = []): Value {
  // In floats, which don't wrap around.
  const elements = each.reduce<Value>(
    (all, other) => mul(all, typeof other === 'number' ? other : toFloat(other)),
    toFloat(size),
  );
  const tooLarge = or(greater(size, largestMade), greater(elements, largestMade));
  // The second element of one: there is no operator that fails by itself.
  return gather(constant(size.graph, size.type, [1], [0]), cast(tooLarge, 'int64'), 0);
}

/** A size that {@link unlessTooLarge} lets pass. */
export const bounded = (size: Value, each?: readonly Size[]): Value => add(size, unlessTooLarge(size, each));

/** Whether a size comes from shapes of tensors and constants alone, and from no number in a request. */
function isOfShapes(size: Value): boolean {
  const values = new Set([size]);
  // What is added is visited, too.
  for (const { data, madeBy } of values) {
    if (data || madeBy?.opType === 'Shape') continue;
    if (!madeBy) return false;
    for (const input of madeBy.inputs) if (input) values.add(input);
  }
  return true;
}

/** The sizes of what is made with `each` elements for each of its own: those that a request decides are {@link bounded}. */
export const boundedSizes = (sizes: readonly Size[], each: readonly Size[]): Size[] =>
  sizes.map((size, index) => {
    if (typeof size === 'number' || isOfShapes(size)) return size;
    const others = sizes.filter((other, at) => at !== index && other !== -1);
    return bounded(size, [...others, ...each]);
  });
