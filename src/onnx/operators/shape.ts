import type { Dimension, GraphBuilder } from '../graph.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import { add, cast, constant, div, int64s, max, min, mul, node, type Operand, sub } from './elementwise.js';

/**
 * An axis counted from the front; negative ones count from the back, as in NumPy.
 * @throws ShapeError when a tensor of this rank has no such axis
 */
export function normalizeAxis(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(at) && at >= 0 && at < rank) return at;
  throw new ShapeError(`a tensor of ${rank} axes has no axis ${axis}`);
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** How many elements a shape holds; null when an axis is unknown. */
export const elementCount = (shape: readonly Dimension[]): number | null =>
  shape.includes(null) ? null : product(shape as number[]);

/** A size that is known now, or an int64 scalar that the graph works out. */
export type Size = number | Value;

/** The size of `axis`: a number where it is known, else a scalar int64 value. */
export function sizeOf(x: Value, axis: number): Size {
  const at = normalizeAxis(axis, x.rank);
  const known = x.shape[at];
  if (known !== null && known !== undefined) return known;
  const sizes = node('Shape', [x], {}, 'int64', [x.rank]);
  return node('Gather', [sizes, constant(x.graph, 'int64', [], [at])], { axis: 0 }, 'int64', []);
}

/** All sizes of `x`. */
export const sizesOf = (x: Value): Size[] => x.shape.map((_, axis) => sizeOf(x, axis));

/** Arithmetic on two sizes: now where both are known, else in the graph. */
const sizes =
  (known: (a: number, b: number) => number, later: (a: Operand, b: Operand) => Value) =>
  (a: Size, b: Size): Size =>
    typeof a === 'number' && typeof b === 'number' ? known(a, b) : later(a, b);

export const sizeSum = sizes((a, b) => a + b, add);
export const sizeDifference = sizes((a, b) => a - b, sub);
export const sizeTimes = sizes((a, b) => a * b, mul);
/** The whole part of a quotient. */
export const sizeQuotient = sizes((a, b) => Math.trunc(a / b), div);
export const sizeMin = sizes(Math.min, min);
export const sizeMax = sizes(Math.max, max);

/** Multiplies sizes. */
export const sizeProduct = (factors: readonly Size[]): Size => factors.reduce(sizeTimes, 1);

/** Adds a number to a size. */
export const sizePlus = (size: Size, more: number): Size => sizeSum(size, more);

/** A list of sizes as a one-dimensional int64 value. */
export function sizeVector(graph: GraphBuilder, sizes: readonly Size[]): Value {
  if (sizes.every((size) => typeof size === 'number')) return int64s(graph, sizes as number[]);
  const parts = sizes.map((size) =>
    typeof size === 'number'
      ? int64s(graph, [size])
      : node('Unsqueeze', [cast(size, 'int64'), int64s(graph, [0])], {}, 'int64', [1]),
  );
  return concat(parts, 0);
}

/** A size as an element of a shape: null where the graph works it out. */
export const knownSize = (size: Size): Dimension => (typeof size === 'number' ? size : null);

/**
 * Reshapes to `sizes`. One of them may be -1: what is left. When only one size is unknown it is left to ONNX to work out.
 */
export function reshape(x: Value, sizes: readonly Size[]): Value {
  const inferred = sizes.indexOf(-1);
  const unknown = sizes.filter((size) => typeof size !== 'number').length;
  const wanted = unknown === 1 && inferred < 0 ? sizes.map((size) => (typeof size === 'number' ? size : -1)) : sizes;
  const total = elementCount(x.shape);
  const others = sizes.filter((_, index) => index !== inferred);
  const shape = sizes.map((size, index) => {
    if (index !== inferred) return knownSize(size);
    if (total === null || others.some((other) => typeof other !== 'number')) return null;
    return total / product(others as number[]);
  });
  const count = elementCount(shape);
  if (total !== null && count !== null && count !== total)
    throw new ShapeError(`the shape ${showShape(x.shape)} can't become ${showShape(shape)}`);
  // ONNX reads a size of 0 as "the input's size there" unless allowzero is set.
  return node(
    'Reshape',
    [x, sizeVector(x.graph, wanted)],
    { allowzero: sizes.includes(0) ? 1 : undefined },
    x.type,
    shape,
  );
}

/**
 * Axis `perm[i]` of `x` becomes axis i.
 * @throws ShapeError when `perm` does not name every axis once
 */
export function transpose(x: Value, perm: readonly number[]): Value {
  if (perm.length !== x.rank || x.shape.some((_, axis) => !perm.includes(axis)))
    throw new ShapeError(`axes ${perm.join(', ')} are not those of the shape ${showShape(x.shape)}`);
  if (perm.every((axis, index) => axis === index)) return x;
  const shape = perm.map((axis) => x.shape[axis]!);
  return node('Transpose', [x], { perm }, x.type, shape);
}

/** Exchanges the last two axes. */
export const swapLastAxes = (x: Value): Value =>
  transpose(x, [...x.shape.map((_, axis) => axis).slice(0, -2), x.rank - 1, x.rank - 2]);

/** Reshapes the last `count` axes to `sizes` and leaves those before them, known or not: a 0 is "the input's size there". */
function reshapeLast(x: Value, count: number, sizes: readonly number[]): Value {
  const kept = x.shape.slice(0, x.rank - count);
  const vector = int64s(x.graph, [...kept.map(() => 0), ...sizes]);
  return node('Reshape', [x, vector], {}, x.type, [...kept, ...sizes]);
}

/** The last axis as several. */
export const splitLast = (x: Value, sizes: readonly number[]): Value =>
  sizes.length === 1 ? x : reshapeLast(x, 1, sizes);

/** The last `count` axes, whose sizes are known, as one. */
export const joinLast = (x: Value, count: number): Value =>
  count === 1 ? x : reshapeLast(x, count, [product(x.shape.slice(-count) as number[])]);

/** (batch, …spatial, channels) to (batch, channels, …spatial). */
export const channelsFirst = (x: Value): Value =>
  transpose(x, [0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, axis) => axis + 1)]);

/** (batch, channels, …spatial) to (batch, …spatial, channels). */
export const channelsLast = (x: Value): Value =>
  transpose(x, [0, ...Array.from({ length: x.rank - 2 }, (_, axis) => axis + 2), 1]);

/** Puts axes of size 1 where they stand in the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.rank + axes.length;
  const at = axes.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
  const shape = [...x.shape];
  for (const axis of at) shape.splice(axis, 0, 1);
  return node('Unsqueeze', [x, int64s(x.graph, at)], {}, x.type, shape);
}

/** Takes away axes of size 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  const at = axes.map((axis) => normalizeAxis(axis, x.rank));
  const shape = x.shape.filter((_, axis) => !at.includes(axis));
  return node('Squeeze', [x, int64s(x.graph, at)], {}, x.type, shape);
}

export function concat(values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0]!;
  const first = values[0]!;
  const at = normalizeAxis(axis, first.rank);
  for (const { shape } of values) {
    const fits = shape.every((size, index) => {
      const other = first.shape[index];
      return index === at || size === null || other === null || size === other;
    });
    if (!fits || shape.length !== first.rank)
      throw new ShapeError(
        `the shapes ${showShape(first.shape)} and ${showShape(shape)} can't be joined at axis ${at}`,
      );
  }
  const shape = first.shape.map((size, index) => {
    if (index !== at) return values.map((value) => value.shape[index]!).find((one) => one !== null) ?? size;
    return values.reduce<Dimension>(
      (sum, { shape: { [at]: one } }) => (sum === null || one == null ? null : sum + one),
      0,
    );
  });
  return node('Concat', values, { axis: at }, first.type, shape);
}

/** Pads axes; `pads` holds [before, after] for every axis. */
export function pad(
  x: Value,
  pads: readonly (readonly [Size, Size])[],
  mode: 'constant' | 'reflect' | 'edge' = 'constant',
  value = 0,
): Value {
  if (pads.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((size, axis) => {
    const [before, after] = pads[axis]!;
    return size === null || typeof before !== 'number' || typeof after !== 'number' ? null : size + before + after;
  });
  const vector = sizeVector(x.graph, [...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
  const fill = mode === 'constant' ? constant(x.graph, x.type, [], [value]) : undefined;
  return node('Pad', [x, vector, fill], { mode }, x.type, shape);
}

/** Repeats `x` `repeats[i]` times along axis i. */
export function tile(x: Value, repeats: readonly Size[]): Value {
  const shape = x.shape.map((size, axis) => {
    const times = repeats[axis]!;
    return size === null || typeof times !== 'number' ? null : size * times;
  });
  return node('Tile', [x, sizeVector(x.graph, repeats)], {}, x.type, shape);
}

/** Broadcasts `x` to `sizes`. */
export function expand(x: Value, sizes: readonly Size[]): Value {
  return node('Expand', [x, sizeVector(x.graph, sizes)], {}, x.type, sizes.map(knownSize));
}

/** A tensor filled with one number. */
export function fill(graph: GraphBuilder, type: Value['type'], sizes: readonly Size[], value: number): Value {
  return expand(constant(graph, type, [], [value]), sizes);
}

/** Integers that are written into the model; more are counted when it runs. */
const largestRange = 2 ** 16;

/** The integers from 0 to `size`, as int64. */
export function range(graph: GraphBuilder, size: Size): Value {
  if (typeof size === 'number' && size <= largestRange)
    return int64s(
      graph,
      Array.from({ length: size }, (_, index) => index),
    );
  const bound = (value: number) => constant(graph, 'int64', [], [value]);
  const end = typeof size === 'number' ? bound(size) : size;
  return node('Range', [bound(0), end, bound(1)], {}, 'int64', [knownSize(size)]);
}
