import type { Weight } from '../keras/model.js';
import type { GraphBuilder, Value } from './graph.js';

/** Copies `data` of `shape` so that axis `perm[i]` of it becomes axis i. */
export function permute(data: Float32Array, shape: readonly number[], perm: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const last = sizes.length - 1;
  let to = 0;
  const walk = (axis: number, from: number) => {
    const size = sizes[axis]!;
    const step = steps[axis]!;
    if (axis < last) for (let i = 0; i < size; i++) walk(axis + 1, from + i * step);
    else for (let i = 0, at = from; i < size; i++, at += step) result[to++] = data[at]!;
  };
  if (data.length > 0) walk(0, 0);
  return result;
}

const floatTypes = new Set(['float16', 'bfloat16', 'float32', 'float64']);

/** A weight's numbers as float32, the type in which every layer computes. */
export function floats(weight: Weight): Float32Array {
  if (weight.data instanceof Float32Array) return weight.data;
  return Float32Array.from(weight.data as ArrayLike<number>, Number);
}

/** A weight as a constant of the graph: float types as float32, others as they are. */
export function weightConstant(graph: GraphBuilder, name: string, weight: Weight, perm?: readonly number[]): Value {
  const dtype = weight.dtype;
  if (floatTypes.has(dtype)) {
    const data = floats(weight);
    if (!perm) return graph.constant('float32', weight.shape, data, name);
    const shape = perm.map((axis) => weight.shape[axis]!);
    return graph.constant('float32', shape, permute(data, weight.shape, perm), name);
  }
  if (dtype === 'string' || dtype === 'float16' || dtype === 'bfloat16')
    throw new TypeError(`no constant of type ${dtype}`);
  return graph.constant(dtype, weight.shape, weight.data, name);
}
