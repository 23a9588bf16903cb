import type { Value } from '../../graph.js';
import { constant, gather, type Size } from '../../operators/index.js';

/** What is known of the numbers in a shape that an operation asked for, so that arithmetic on it can be done now. */
const knownSizes = new WeakMap<Value, readonly Size[]>();

/** Remembers the numbers of a one-dimensional value. */
export function withSizes(value: Value, sizes: readonly Size[]): Value {
  knownSizes.set(value, sizes);
  return value;
}

/** The numbers of a one-dimensional value of known length, each now or as the graph works it out. */
export function sizesIn(value: Value): Size[] | undefined {
  if (value.data) return Array.from(value.data as ArrayLike<number | bigint>, Number);
  const known = knownSizes.get(value);
  if (known) return [...known];
  const [length] = value.shape;
  if (value.rank !== 1 || length == null || length > 32) return undefined;
  return Array.from({ length }, (_, index) => gather(value, constant(value.graph, 'int64', [], [index]), 0));
}

/** The number that a value of one element is, where it is known now. */
export function scalarOf(value: Value): number | undefined {
  return value.data?.length === 1 ? Number(value.data[0]) : undefined;
}
