import { GraphBuilder, type Node, type Value } from '../graph.js';
import { type Follow, isEqual, isSame, type Rows } from './rows.js';
import { rules } from './rules.js';
import { followSizes } from './sizes.js';

/**
 * Whether a row of some output may depend on other rows of the batch than its own, or an output has other rows than the inputs:
 * then requests can't be put together, padded or split. The operators of the graph are followed from the inputs on; what is not
 * known to keep rows apart is taken to mix them.
 * @param graph its inputs have the batch as their first axis
 */
export function batchDependent(graph: GraphBuilder): boolean {
  const known = new Map<string, Rows>();
  const follow: Follow = ({ nodes, inputs, outputs }, given) => {
    const rowsOf = (value: Value | undefined): Rows => known.get(value?.name ?? '') ?? 'same';
    inputs.forEach(({ name }, index) => {
      known.set(name, given[index]!);
    });
    for (const node of nodes) {
      const result = apply(node, node.inputs.map(rowsOf), follow);
      node.outputs.forEach(({ name }, index) => {
        known.set(name, Array.isArray(result) ? result[index]! : result);
      });
    }
    return outputs.map(rowsOf);
  };
  const batch: Rows = { axis: 0, per: 1 };
  const outputs = follow(
    graph,
    graph.inputs.map(({ rank }) => (rank > 0 ? batch : 'mixed')),
  );
  return !outputs.every((rows) => isEqual(rows, batch));
}

function apply(node: Node, given: readonly Rows[], follow: Follow): Rows | Rows[] {
  // Which way is taken may hang on all rows, but both come to the same.
  const rows = node.opType === 'If' ? [] : given;
  if (rows.includes('mixed')) return 'mixed';
  const sizes = followSizes(node, rows);
  if (sizes) return sizes;
  // A graph inside of it may use what is outside.
  const nested = Object.values(node.attributes).some((value) => value instanceof GraphBuilder);
  if (rows.every(isSame) && !nested) return 'same';
  return Object.hasOwn(rules, node.opType) ? rules[node.opType]!(node, rows, follow) : 'mixed';
}
