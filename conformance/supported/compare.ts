import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { activations } from '../../src/onnx/activations.js';
import { layerTable } from '../../src/onnx/layers/index.js';
import { refusals, refusalsToCome, refusedActivations } from '../../src/onnx/refusals.js';

/** What `names.py` prints: all that Keras has in public. */
export interface Names {
  /** Of Keras. */
  version: string;
  /** The class of each layer, by its public names. */
  layers: Record<string, string>;
  /** The class of the node that each operation leaves in a model; null where it leaves none. */
  operations: Record<string, string | null>;
  activations: string[];
}

/** What becomes of a public name of Keras. */
export interface Verdict {
  /** As after `keras.`: `layers.Dense`. */
  name: string;
  /** `apart` is what leaves nothing of its own in a model file. `unknown` is in no table. */
  kind: 'served' | 'refused' | 'apart' | 'unknown';
  /** Why it is refused, and what to do. */
  reason?: string;
}

const namesFile = join(import.meta.dirname, 'names.json');

/** The names of the newest Keras that was looked at. */
export const committedNames = (): Names => JSON.parse(readFileSync(namesFile, 'utf8')) as Names;

/** What the tables say of a name, by the key that they have for it. */
function verdict(name: string, key: string, served: object, refused: Readonly<Record<string, string>>): Verdict {
  if (Object.hasOwn(served, key)) return { name, kind: 'served' };
  return Object.hasOwn(refused, key) ? { name, kind: 'refused', reason: refused[key]! } : { name, kind: 'unknown' };
}

const refusedLayers = { ...refusals, ...refusalsToCome };

/** What becomes of every layer, operation and activation. */
export function verdicts(names: Names): Verdict[] {
  const layers = Object.entries(names.layers).map(([name, className]) =>
    verdict(`layers.${name}`, className, layerTable, refusedLayers),
  );
  const operations = Object.entries(names.operations).map(([name, className]) =>
    className === null
      ? { name: `ops.${name}`, kind: 'apart' as const }
      : verdict(`ops.${name}`, `ops.${className}`, layerTable, refusedLayers),
  );
  const functions = names.activations.map((name) =>
    verdict(`activations.${name}`, name, activations, refusedActivations),
  );
  return [...layers, ...operations, ...functions];
}

/** Refusals that say nothing any more: of what is served, and of what Keras doesn't have. */
export function idleRefusals(names: Names): string[] {
  const classes = new Set([
    ...Object.values(names.layers),
    ...Object.values(names.operations).map((className) => `ops.${className}`),
  ]);
  const layers = Object.keys(refusals).filter((key) => Object.hasOwn(layerTable, key) || !classes.has(key));
  const served = Object.keys(refusalsToCome).filter((key) => Object.hasOwn(layerTable, key));
  const functions = Object.keys(refusedActivations).filter(
    (name) => Object.hasOwn(activations, name) || !names.activations.includes(name),
  );
  return [...layers, ...served, ...functions];
}
