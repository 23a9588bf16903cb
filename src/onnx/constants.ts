import type { CallArgument } from './context.js';
import { type GraphBuilder, Value } from './graph.js';
import { resultType } from './layers/operations/dtypes.js';
import { literal, pythonObject } from './layers/operations/literals.js';
import { constant } from './operators/index.js';

/** Nested lists of nothing but plain numbers. A list of arrays is a list, not an array. */
const isPlainList = (argument: CallArgument): boolean =>
  Array.isArray(argument) &&
  argument.length > 0 &&
  argument.every((one) => typeof one === 'number' || typeof one === 'boolean' || isPlainList(one));

/**
 * The arrays in an argument of a layer as tensors, and all else as it is. Nested lists of numbers, which tell no dtype, are
 * float32; so are all floats.
 */
export function arraysAsTensors(graph: GraphBuilder, argument: CallArgument): CallArgument {
  if (argument === null || typeof argument !== 'object' || argument instanceof Value) return argument;
  const object = pythonObject(argument);
  const array = object || isPlainList(argument) ? literal(argument) : undefined;
  if (array) {
    const { type, shape, values } = array;
    if (object?.kind === '__float__') return values[0]!;
    return constant(graph, type === 'int' ? 'float32' : resultType([type]), shape, values);
  }
  if (Array.isArray(argument)) return argument.map((one) => arraysAsTensors(graph, one));
  return Object.fromEntries(Object.entries(argument).map(([key, one]) => [key, arraysAsTensors(graph, one)]));
}
