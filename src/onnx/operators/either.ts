import { Value } from '../graph.js';
import { graphOf } from './elementwise.js';

/**
 * Two ways to the same results, of which the model takes one when it runs: the first where the condition holds. Rows of the batch are
 * taken to be apart where they are in either way, whatever the condition is about.
 *
 * @param condition a bool scalar
 */
export function either(
  condition: Value,
  x: Value,
  first: (x: Value) => readonly Value[],
  second: (x: Value) => readonly Value[],
): Value[] {
  const graph = graphOf([condition, x]);
  const branch = (way: typeof first) => {
    const inner = graph.subgraph();
    for (const output of way(new Value(inner, x.name, x.type, x.shape, x.data)))
      inner.output(inner.reserve('output'), output);
    return inner;
  };
  const [then_branch, else_branch] = [branch(first), branch(second)];
  const results = then_branch.outputs.map(({ type, shape }) => ({ type, shape }));
  return graph.node('If', [condition], { then_branch, else_branch }, results);
}
