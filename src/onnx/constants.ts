import type { CallArgument } from './context.js';
import type { GraphBuilder } from './graph.js';
import { constant } from './operators/index.js';

/** The sizes of nested lists of numbers; undefined when they hold something else, or lists of different lengths. */
function sizesOf(argument: CallArgument): number[] | undefined {
  if (typeof argument === 'number') return [];
  if (!Array.isArray(argument) || argument.length === 0) return undefined;
  const [first, ...others] = argument.map(sizesOf);
  return first && others.every((sizes) => sizes?.join() === first.join()) ? [argument.length, ...first] : undefined;
}

const numbersIn = (argument: CallArgument): number[] =>
  Array.isArray(argument) ? argument.flatMap(numbersIn) : [argument as number];

/** An array among the arguments of a layer, which is nested lists of numbers in a file, as a tensor; others as they are. */
export function arraysAsTensors(graph: GraphBuilder, argument: CallArgument): CallArgument {
  if (!Array.isArray(argument)) return argument;
  const sizes = sizesOf(argument);
  if (!sizes) return argument.map((one) => arraysAsTensors(graph, one));
  return constant(graph, 'float32', sizes, numbersIn(argument));
}
