import type { GraphBuilder, Value } from '../graph.js';
import { abs, and, cast, greaterOrEqual, less, range, type Size, sub, unsqueeze } from '../operators/index.js';

const rowsAndColumns = (graph: GraphBuilder, rows: Size, columns: Size): [Value, Value] => [
  unsqueeze(range(graph, rows), [1]),
  unsqueeze(range(graph, columns), [0]),
];

/** (rows, columns): each row attends to its own column and those before it. */
export const causalMask = (graph: GraphBuilder, rows: Size, columns: Size): Value =>
  greaterOrEqual(...rowsAndColumns(graph, rows, columns));

/** (rows, columns): each row attends to the columns that are less than `width` away. */
export const windowMask = (graph: GraphBuilder, rows: Size, columns: Size, width: number): Value =>
  less(abs(sub(...rowsAndColumns(graph, rows, columns))), width);

/** Where all of the masks hold that are there. */
export function allMasks(masks: readonly (Value | undefined)[]): Value | undefined {
  const present = masks.filter((mask) => mask !== undefined).map((mask) => cast(mask, 'bool'));
  return present.length > 0 ? present.reduce(and) : undefined;
}
