import { ModelFileError } from '../keras/errors.js';
import type { Graph, Layer } from '../keras/model.js';
import type { LayerTable } from './context.js';

/** A layer that can't be compiled. */
export interface UnsupportedLayer {
  name: string;
  className: string;
  /** Why, where it is more than the class being unknown. */
  reason?: string;
}

const stringLayers = new Set(['TextVectorization', 'StringLookup', 'Hashing', 'HashedCrossing']);

/** Why a class that no handler knows is refused. */
function reasonFor(className: string): string {
  if (className === 'Lambda' || className === 'TFOpLambda.Lambda')
    return 'it holds Python code, which is never run; rewrite it with built-in layers or keras.ops';
  if (stringLayers.has(className))
    return 'it works on strings, which are not supported yet; do this step in the client';
  return 'it is not a built-in Keras layer that is supported; replace it with built-in layers';
}

/** Every layer in the graph, nested models and wrapped layers included, that has no handler. */
export function findUnsupported(graph: Graph, table: LayerTable): UnsupportedLayer[] {
  const seen = new Set<Layer>();
  const found: UnsupportedLayer[] = [];
  const visit = (layer: Layer) => {
    if (seen.has(layer)) return;
    seen.add(layer);
    if (layer.graph) visitCalls(layer.graph);
    else if (!Object.hasOwn(table, layer.className)) found.push({ name: layer.name, className: layer.className });
    for (const wrapped of Object.values(layer.layers)) visit(wrapped);
  };
  const visitCalls = ({ calls }: Graph) => {
    for (const call of calls) visit(call.layer);
  };
  visitCalls(graph);
  return found;
}

/** One error that names every layer that can't be compiled, and what to do. */
export function unsupportedError(layers: readonly UnsupportedLayer[]): ModelFileError {
  const lines = layers.map(
    ({ name, className, reason }) => `  ${name} (${className}): ${reason ?? reasonFor(className)}`,
  );
  const subject = layers.length === 1 ? '1 layer' : `${layers.length} layers`;
  return new ModelFileError(
    'model_unsupported_layers',
    `The model has ${subject} that can't be served:\n${lines.join('\n')}`,
  );
}
