import { ModelFileError } from '../keras/errors.js';
import { settingRefusal } from '../keras/layer-settings.js';
import type { Graph, Layer } from '../keras/model.js';
import type { LayerTable } from './context.js';
import { layerKey } from './layer-key.js';
import { lambdaRefusal } from './layers/lambda/read.js';
import { refusals, refusalsToCome } from './refusals.js';

/** A layer that can't be compiled. */
export interface UnsupportedLayer {
  name: string;
  /** The class, and the function where the layer is a call of one: `TFOpLambda(tf.signal.stft)`. */
  className: string;
  /** Why, and what to do. */
  reason: string;
}

/** Why a class that no handler knows is refused. */
function reasonFor(className: string): string {
  for (const table of [refusals, refusalsToCome]) if (Object.hasOwn(table, className)) return table[className]!;
  if (/^(ops\.|TFOpLambda|SlicingOpLambda|TensorFlowOpLayer)/.test(className))
    return 'it calls a function that is not supported; replace it with built-in layers or other functions';
  return 'it is not a built-in Keras layer that is supported; replace it with built-in layers';
}

/** Why a layer of a known class is refused, whatever its input; undefined where it isn't. */
const knownRefusal = (layer: Layer): string | undefined =>
  settingRefusal(layer) ?? (layer.className === 'Lambda' ? lambdaRefusal(layer) : undefined);

/** Every layer in the graph, nested models and wrapped layers included, that has no handler, or settings that none knows. */
export function findUnsupported(graph: Graph, table: LayerTable): UnsupportedLayer[] {
  const seen = new Set<Layer>();
  return graph.calls.flatMap(({ layer }) => findUnsupportedIn(layer, table, seen));
}

/** Like {@link findUnsupported}, of one layer and all that it holds. */
export function findUnsupportedIn(layer: Layer, table: LayerTable, seen = new Set<Layer>()): UnsupportedLayer[] {
  if (seen.has(layer)) return [];
  seen.add(layer);
  const { name, graph } = layer;
  const className = layerKey(layer);
  const inner = [...(graph?.calls.map((call) => call.layer) ?? []), ...Object.values(layer.layers)];
  const reason = graph ? undefined : Object.hasOwn(table, className) ? knownRefusal(layer) : reasonFor(className);
  const self = reason === undefined ? [] : [{ name, className, reason }];
  return [...self, ...inner.flatMap((other) => findUnsupportedIn(other, table, seen))];
}

/** Layers that can't be compiled: one error that names every one of them, and what to do. */
export class UnsupportedLayersError extends ModelFileError {
  constructor(readonly layers: readonly UnsupportedLayer[]) {
    const lines = layers.map(({ name, className, reason }) => `  ${name} (${className}): ${reason}`);
    const subject = layers.length === 1 ? '1 layer' : `${layers.length} layers`;
    super('model_unsupported_layers', `The model has ${subject} that can't be served:\n${lines.join('\n')}`);
  }
}
