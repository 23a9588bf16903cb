import { tensorsOf } from '../keras/call-order.js';
import type { Graph, Layer } from '../keras/model.js';
import { layerKey } from './layer-key.js';

/** The most layers that are named of one input: what takes it in more ways than that is no hint of what it is. */
export const maxInputLayers = 8;

/**
 * What the layers are that take each input of a graph first, in nested models too: by their names, `Embedding`, `ops.Cast`, the first
 * that is called so.
 */
export function inputLayersOf(graph: Graph): ReadonlyMap<string, Layer>[] {
  const known = new Map<Graph, ReadonlyMap<string, Layer>[]>();

  function layersOf(graph: Graph): ReadonlyMap<string, Layer>[] {
    const found = known.get(graph);
    if (found) return found;
    const taken = new Map(graph.inputs.map(({ id }) => [id, new Map<string, Layer>()]));
    for (const call of graph.calls)
      tensorsOf(call).forEach((id, index) => {
        const layers = taken.get(id);
        for (const [name, layer] of layers ? takersIn(call.layer, index) : [])
          if (layers!.size < maxInputLayers && !layers!.has(name)) layers!.set(name, layer);
      });
    const layers = graph.inputs.map(({ id }) => taken.get(id)!);
    known.set(graph, layers);
    return layers;
  }

  function takersIn(layer: Layer, index: number): Iterable<[string, Layer]> {
    if (layer.graph) return layersOf(layer.graph)[index] ?? [];
    const inner = layer.layers.forward_layer ?? layer;
    return [[layerKey(inner), inner]];
  }

  return layersOf(graph);
}
