import type { Dimension } from '../graph.js';
import { ShapeError, type Value } from '../graph.js';
import { constant, int64s, node } from './elementwise.js';
import { knownSize, normalizeAxis, type Size, sizeSum, sizeVector } from './shape.js';

/** One range of a slice; bounds as in Python: negative ones count from the end, a missing end is the end. */
export interface SliceRange {
  axis: number;
  start?: number;
  end?: number;
  step?: number;
}

const unbounded = 2 ** 31 - 1;

/** How many elements of `size` a Python slice takes. Of an unknown size even `-3:-1` may take fewer than two. */
function sliceLength(size: Dimension, { start, end, step = 1 }: SliceRange): Dimension {
  if (size === null) return null;
  const clamp = (bound: number, low: number, high: number) =>
    Math.min(Math.max(bound < 0 ? bound + size : bound, low), high);
  if (step > 0) return Math.max(0, Math.ceil((clamp(end ?? size, 0, size) - clamp(start ?? 0, 0, size)) / step));
  const last = end === undefined ? -1 : clamp(end, -1, size - 1);
  return Math.max(0, Math.ceil((last - clamp(start ?? size - 1, -1, size - 1)) / step));
}

/** Takes a range of one or several axes. */
export function slice(x: Value, ranges: readonly SliceRange[]): Value {
  if (ranges.length === 0) return x;
  const shape = [...x.shape];
  const full = ranges.map((range) => {
    const axis = normalizeAxis(range.axis, x.rank);
    const step = range.step ?? 1;
    shape[axis] = sliceLength(x.shape[axis]!, range);
    return {
      axis,
      step,
      start: range.start ?? (step > 0 ? 0 : unbounded),
      end: range.end ?? (step > 0 ? unbounded : -unbounded),
    };
  });
  const vector = (key: 'axis' | 'step' | 'start' | 'end') =>
    int64s(
      x.graph,
      full.map((range) => range[key]),
    );
  return node('Slice', [x, vector('start'), vector('end'), vector('axis'), vector('step')], {}, x.type, shape);
}

/** (batch, time, …) with the steps in the reverse order. */
export const reverseTime = (x: Value): Value => slice(x, [{ axis: 1, step: -1 }]);

/** `length` elements of an axis from `start` on, either of which may be worked out when the model runs. */
export function sliceFrom(x: Value, axis: number, start: Size, length: Size): Value {
  const at = normalizeAxis(axis, x.rank);
  if (start === 0 && length === x.shape[at]) return x;
  const vector = (size: Size) => sizeVector(x.graph, [size]);
  const end = vector(sizeSum(start, length));
  const shape = x.shape.with(at, knownSize(length));
  return node('Slice', [x, vector(start), end, vector(at)], {}, x.type, shape);
}

/** Splits along `axis` into parts of the given sizes. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  const at = normalizeAxis(axis, x.rank);
  const results = sizes.map((size) => ({
    type: x.type,
    shape: x.shape.map((one, index) => (index === at ? size : one)),
  }));
  return x.graph.node('Split', [x, int64s(x.graph, sizes)], { axis: at }, results);
}

/**
 * Splits along `axis` into two parts of one size, which may be unknown.
 * @throws ShapeError when the size is odd
 */
export function halves(x: Value, axis: number): Value[] {
  const at = normalizeAxis(axis, x.rank);
  const size = x.shape[at]!;
  if (size !== null && size % 2 === 1) throw new ShapeError(`an axis of ${size} can't be halved`);
  const result = { type: x.type, shape: x.shape.with(at, size === null ? null : size / 2) };
  return x.graph.node('Split', [x], { axis: at, num_outputs: 2 }, [result, result]);
}

/** Elements of `x` along `axis` by index; the indices' shape takes the axis's place. */
export function gather(x: Value, indices: Value, axis: number): Value {
  const at = normalizeAxis(axis, x.rank);
  return node('Gather', [x, indices], { axis: at }, x.type, [
    ...x.shape.slice(0, at),
    ...indices.shape,
    ...x.shape.slice(at + 1),
  ]);
}

/** One index of an axis, which goes away. */
export const take = (x: Value, index: number, axis: number): Value =>
  gather(x, constant(x.graph, 'int64', [], [index]), axis);
