import type { CallArgument } from './context.js';
import { type GraphBuilder, Value } from './graph.js';
import { resultType } from './layers/operations/dtypes.js';
import { literal, pythonObject } from './layers/operations/literals.js';
import { constant } from './operators/index.js';

/**
 * An array among the arguments of a layer as a tensor, others as they are. Nested lists of numbers, which tell no dtype, are
 * float32; so are all floats.
 */
export function arraysAsTensors(graph: GraphBuilder, argument: CallArgument): CallArgument {
  if (argument === null || typeof argument !== 'object' || argument instanceof Value) return argument;
  const object = pythonObject(argument);
  const array = Array.isArray(argument) && argument.length === 0 ? undefined : literal(argument);
  if (array && (object || array.shape.length > 0)) {
    if (object?.kind === '__float__') return array.values[0]!;
    const { type, shape, values } = array;
    return constant(graph, type === 'int' ? 'float32' : resultType([type]), shape, values);
  }
  if (Array.isArray(argument)) return argument.map((one) => arraysAsTensors(graph, one));
  return Object.fromEntries(Object.entries(argument).map(([key, one]) => [key, arraysAsTensors(graph, one)]));
}
