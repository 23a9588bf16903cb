import type { Dimension, GraphBuilder, Node, Value } from '../graph.js';

/**
 * What a tensor has to do with the rows of a batch.
 *
 * - `same`: it is the same whatever the rows are.
 * - `axis`: each row has `per` elements of that axis, and they depend on this row alone. NaN: how many is known only when the
 *   model runs.
 * - `sizes`: whole numbers, as operators take them for shapes.
 * - `mixed`: anything else.
 */
export type Rows = 'same' | 'mixed' | Along | { sizes: readonly Size[] };
export type Along = { axis: number; per: number };
/** A number, a multiple of the batch's size, or (undefined) one that is unknown and the same for every such batch. */
export type Size = number | { batches: number } | undefined;

/** What the outputs of a node have to do with the rows, as its inputs do: all of them, or each. */
export type Rule = (node: Node, rows: readonly Rows[], follow: Follow) => Rows | Rows[];
/** Follows a graph from its inputs to its outputs. */
export type Follow = (graph: GraphBuilder, inputs: readonly Rows[]) => Rows[];

export const isAlong = (rows: Rows | undefined): rows is Along => typeof rows === 'object' && 'axis' in rows;
export const isBatch = (size: Size): size is { batches: number } => typeof size === 'object';
export const isSame = (rows: Rows): boolean =>
  rows === 'same' || (typeof rows === 'object' && 'sizes' in rows && !rows.sizes.some(isBatch));
export const isEqual = (a: Rows | undefined, b: Rows | undefined): boolean =>
  isAlong(a) && isAlong(b) ? a.axis === b.axis && Object.is(a.per, b.per) : a === b;

export const constant = (value: Value | undefined): number[] | undefined =>
  value?.data && Array.from(value.data as ArrayLike<number | bigint>, Number);

/** How many elements there are along the axes whose sizes are known. */
export const knownCount = (shape: readonly Dimension[]): number =>
  shape.reduce<number>((product, size) => product * (size ?? 1), 1);
