import type { Weight } from '../keras/model.js';
import type { GraphBuilder, Value } from './graph.js';

/** Elements on a side of the squares in which a matrix is transposed: what is read and written stays in the cache. */
const tile = 32;

/** An axis of the result of a permutation. */
interface Axis {
  size: number;
  /** How far apart its elements are in the source, and in the result. */
  from: number;
  to: number;
}

/** The result's axes, with those of one element left out and those that stay neighbours made one. */
function axesOf(shape: readonly number[], perm: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  let to = 1;
  for (const axis of perm.toReversed()) {
    const size = shape[axis]!;
    const from = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const inner = axes[0];
    if (size === 1) continue;
    if (inner && inner.from * inner.size === from) inner.size *= size;
    else axes.unshift({ size, from, to });
    to *= size;
  }
  return axes;
}

/** Calls `body` with the offsets of every combination of the axes' elements. */
function walk(axes: readonly Axis[], from: number, to: number, body: (from: number, to: number) => void): void {
  const [axis, ...rest] = axes;
  if (!axis) body(from, to);
  else for (let i = 0; i < axis.size; i++) walk(rest, from + i * axis.from, to + i * axis.to, body);
}

/**
 * Moves the axes of a tensor: axis `perm[i]` of `data` becomes axis i.
 * @param shape of `data`
 * @returns a copy, or `data` itself where nothing moves
 */
export function permute(data: Float32Array, shape: readonly number[], perm: readonly number[]): Float32Array {
  const axes = axesOf(shape, perm);
  const last = axes.at(-1);
  if (!last || data.length === 0 || (axes.length === 1 && last.from === 1)) return data;
  const result = new Float32Array(data.length);
  if (last.from === 1) {
    walk(axes.slice(0, -1), 0, 0, (from, to) => result.set(data.subarray(from, from + last.size), to));
    return result;
  }
  // The axis along which the source is contiguous, and the one along which the result is, are walked in squares.
  const first = axes.find((axis) => axis.from === 1)!;
  const others = axes.filter((axis) => axis !== first && axis !== last);
  for (let start = 0; start < first.size; start += tile) {
    const end = Math.min(start + tile, first.size);
    walk(others, 0, 0, (from, to) => {
      for (let begin = 0; begin < last.size; begin += tile) {
        const stop = Math.min(begin + tile, last.size);
        for (let i = start; i < end; i++) {
          let source = from + i + begin * last.from;
          for (let j = to + i * first.to + begin; j < to + i * first.to + stop; j++) {
            result[j] = data[source]!;
            source += last.from;
          }
        }
      }
    });
  }
  return result;
}

/** Elements up to which a weight is moved at once. */
const smallest = 1024;

const floatTypes = new Set(['float16', 'bfloat16', 'float32', 'float64']);

/** A weight's numbers as float32, the type in which every layer computes. */
export function floats(weight: Weight): Float32Array {
  if (weight.data instanceof Float32Array) return weight.data;
  return Float32Array.from(weight.data as ArrayLike<number>, Number);
}

/**
 * A weight as a constant of the graph: float types as float32, others as they are.
 * @param perm moves the axes of a float weight, as {@link permute} does
 * @param shape what the result is then reshaped to
 */
export function weightConstant(
  graph: GraphBuilder,
  name: string,
  weight: Weight,
  perm?: readonly number[],
  shape?: readonly number[],
): Value {
  const dtype = weight.dtype;
  if (floatTypes.has(dtype)) {
    const sizes = shape ?? perm?.map((axis) => weight.shape[axis]!) ?? weight.shape;
    if (!perm || weight.data.length <= smallest) {
      const data = floats(weight);
      return graph.constant('float32', sizes, perm ? permute(data, weight.shape, perm) : data, name);
    }
    return graph.laterConstant(sizes, () => permute(floats(weight), weight.shape, perm), name);
  }
  if (dtype === 'string' || dtype === 'float16' || dtype === 'bfloat16')
    throw new TypeError(`no constant of type ${dtype}`);
  return graph.constant(dtype, shape ?? weight.shape, weight.data, name);
}
