import { callOf } from './call-order.js';
import { lookUp } from './config.js';
import { type Graph, type Layer, type OutputStructure, TensorReference } from './model.js';

/** How many states a recurrent layer or cell carries. */
const states: Record<string, number> = {
  SimpleRNN: 1,
  SimpleRNNCell: 1,
  GRU: 1,
  GRUCell: 1,
  LSTM: 2,
  LSTMCell: 2,
  ConvLSTM1D: 2,
  ConvLSTM2D: 2,
  ConvLSTM3D: 2,
};

function countStates(layer: Layer): number {
  const { cell } = layer.layers;
  if (cell) return countStates(cell);
  const cells = Object.entries(layer.layers).filter(([name]) => name.startsWith('cells/'));
  return cells.reduce((sum, [, inner]) => sum + countStates(inner), lookUp(states, layer.className) ?? 0);
}

/** How many tensors a call of a layer returns, flattened. */
export function countOutputs(layer: Layer): number {
  if (layer.graph) return countTensors(layer.graph.outputs);
  const { forward_layer: forward } = layer.layers;
  if (forward) {
    const sequences = layer.config.merge_mode === null ? 2 : 1;
    return sequences + (forward.config.return_state === true ? 2 * countStates(forward) : 0);
  }
  return 1 + (layer.config.return_state === true ? countStates(layer) : 0);
}

const countTensors = (structure: OutputStructure): number =>
  structure instanceof TensorReference
    ? 1
    : Object.values(structure).reduce<number>((sum, child) => sum + countTensors(child), 0);

/** The references in an output structure in Keras's order, dicts by their sorted keys, with these keys as names. */
export function flattenOutputs(
  structure: OutputStructure,
  name?: string,
): { reference: TensorReference; name: string | undefined }[] {
  if (structure instanceof TensorReference) return [{ reference: structure, name }];
  if (Array.isArray(structure)) return structure.flatMap((one) => flattenOutputs(one, name));
  return Object.keys(structure)
    .sort()
    .flatMap((key) => flattenOutputs(structure[key]!, key));
}

/** The outputs of a graph in Keras's order: the key of a dict, and the name of the layer that makes it, where there are such. */
export function namedOutputs({ calls, outputs }: Graph): { key: string | undefined; layer: string | undefined }[] {
  const makers = new Map(calls.map(({ output, layer }) => [output, layer.name]));
  return flattenOutputs(outputs).map(({ reference, name }) => ({ key: name, layer: makers.get(callOf(reference.id)) }));
}

/** Output names: a dict's key, else the name of the layer that makes it, numbered when it is taken. */
export function outputNames(graph: Graph): string[] {
  const taken = new Set(graph.inputs.map(({ name }) => name));
  const counts = new Map<string, number>();
  return namedOutputs(graph).map(({ key, layer }) => {
    const base = key ?? layer ?? 'output';
    let unique = base;
    let count = counts.get(base) ?? 0;
    while (taken.has(unique)) unique = `${base}_${++count}`;
    counts.set(base, count);
    taken.add(unique);
    return unique;
  });
}
