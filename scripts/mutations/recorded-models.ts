/**
 * What `src/keras` is to tests that stryker-runner.ts bundles: a file is read once, as mistakes are made in the compiler alone. Each test
 * gets a copy, so that what a mistake does to a model meets no other.
 */
import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import {
  type Graph,
  type KerasModel,
  type Layer,
  readKerasModel as read,
  TensorReference,
} from '../../src/keras/index.js';

export * from '../../src/keras/index.js';

const packed = new Map<string, Buffer>();

/** What a reference to a tensor has, as its constructor sets it. */
const referenceKeys = Object.keys(new TensorReference('')).join();

/** {@link read}, of a file that has not been read. */
export async function readKerasModel(...given: Parameters<typeof read>): Promise<KerasModel> {
  const { mtimeMs, size } = statSync(given[0], { throwIfNoEntry: false }) ?? {};
  const key = JSON.stringify([...given, mtimeMs, size]);
  const known = packed.get(key);
  if (known) return unpack(known);
  const model = await read(...given);
  const bytes = serialize(model);
  if (isDeepStrictEqual(unpack(bytes), model)) packed.set(key, bytes);
  return model;
}

function unpack(bytes: Buffer): KerasModel {
  const model = deserialize(bytes) as KerasModel;
  restoreReferences(model.graph, new Set());
  return model;
}

/** Gives what refers to tensors its class again, in a graph and in those of its layers. */
function restoreReferences(graph: Graph, seen: Set<Layer>): void {
  const restore = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Object.keys(value).join() === referenceKeys) Object.setPrototypeOf(value, TensorReference.prototype);
    else Object.values(value).forEach(restore);
  };
  const restoreLayer = (layer: Layer): void => {
    if (seen.has(layer)) return;
    seen.add(layer);
    if (layer.graph) restoreReferences(layer.graph, seen);
    Object.values(layer.layers).forEach(restoreLayer);
  };
  for (const { layer, args, kwargs } of graph.calls) {
    restore([args, kwargs]);
    restoreLayer(layer);
  }
  restore(graph.outputs);
}
