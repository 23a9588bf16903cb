import { ModelFileError } from './errors.js';
import type { Hdf5Group } from './hdf5.js';
import type { Members } from './layers.js';
import { convertLegacyWeights, gateVariables, type LegacyOrigin } from './legacy-layout.js';
import { quote } from './limits.js';
import { adaptedVariables, mergeAdapters } from './lora.js';
import type { Layer, Weight } from './model.js';
import { quantizationOf, quantizedVariables, refuseCalibrated } from './quantized.js';
import { hasVariables, variablesOf, weightName } from './variables.js';
import { missing, type NamedWeight, unexpected } from './weights.js';

/** A variable that waits for its weight. */
interface Slot {
  layer: Layer;
  name: string;
  trainable: boolean;
}

/** State of random number generators, which Keras keeps among the weights. */
const state = /(^|\/)(StateVar|seed_generator_state)(_\d+)?(:0)?$/;

/**
 * Gives the layers of a model their weights out of HDF5 as Keras wrote it until version 2 and still does for `.h5`: a group
 * for every layer of the model, in it a flat list of the weights of all that the layer holds.
 *
 * @param group - has the attribute `layer_names`
 * @throws ModelFileError `model_weights_missing`, `model_damaged`
 */
export function attachGroupedWeights(root: Layer, members: Members, group: Hdf5Group, origin: LegacyOrigin): void {
  const saved = new Map<string, NamedWeight[]>();
  for (const name of attributeList(group, 'layer_names')) {
    const weights = weightsOf(group, name);
    if (weights.length > 0) saved.set(name, weights);
  }
  const top = topLayers(root, members);
  const flat = top.flatMap((layer) => (layer.className === 'Sequential' ? topLayers(layer, members) : layer));
  const hasWeights = (layer: Layer) => slotsOf([layer], members, asSaved).length > 0;
  const choices = [top, flat].map((layers) => layers.filter(hasWeights));
  const named = choices.find((layers) => layers.every(({ name }) => saved.has(name)));
  const ordered = choices.find((layers) => layers.length === saved.size);
  const layers = ordered ?? named;
  if (!layers) {
    const lost = choices[0]!.find(({ name }) => !saved.has(name))!;
    if (choices[0]!.length > saved.size) throw missing(lost);
    throw new ModelFileError(
      'model_damaged',
      `The file has weights for ${saved.size} layers, the model has ${choices[0]!.length} that need some. They don't belong together.`,
    );
  }
  const lists = [...saved.values()];
  layers.forEach((layer, index) => {
    attachFlatWeights(layer, members, ordered ? lists[index]! : saved.get(layer.name)!, origin);
  });
}

function topLayers(model: Layer, members: Members): Layer[] {
  return (members.get(model) ?? []).flatMap(({ layer }) => layer ?? []);
}

/** Attributes over 64 kB are split: `weight_names0`, `weight_names1`, … */
function attributeList(group: Hdf5Group, name: string): string[] {
  const list: string[] = [];
  const add = (key: string): boolean => {
    const value = group.attributes[key];
    if (value === undefined) return false;
    for (const item of Array.isArray(value) ? value : [value]) list.push(String(item));
    return true;
  };
  if (!add(name)) for (let part = 0; add(`${name}${part}`); part++);
  return list;
}

function weightsOf(group: Hdf5Group, layer: string): NamedWeight[] {
  const own = descend(group, layer.split('/'));
  if (!own) return [];
  return attributeList(own, 'weight_names')
    .filter((name) => !state.test(name))
    .map((name) => {
      const path = name.split('/').filter((part) => part !== '');
      const weight = descend(own, path.slice(0, -1))?.datasets.get(path.at(-1) ?? '');
      if (weight) return { name, weight };
      throw new ModelFileError(
        'model_damaged',
        `The weight ${quote(name)} of the layer ${quote(layer)} is not in the file.`,
      );
    });
}

function descend(group: Hdf5Group, path: string[]): Hdf5Group | undefined {
  return path.reduce<Hdf5Group | undefined>((inner, name) => inner?.groups.get(name), group);
}

/**
 * Gives a layer, and all that it holds, the weights of a flat list: by their names where these say whose they are, else
 * in the order in which Keras lists them.
 */
export function attachFlatWeights(layer: Layer, members: Members, weights: NamedWeight[], origin: LegacyOrigin): void {
  const found = weights.filter(({ name }) => !state.test(name));
  const orders = [asSaved, allTrainable, layerByLayer, gatesApart].map((order) => slotsOf([layer], members, order));
  orders.push(slotsOf(topLayers(layer, members), members, asSaved));
  for (const { layer: owner } of orders[0]!) refuseCalibrated(owner);
  const fitting = orders.filter((slots) => slots.length === found.length);
  // Layers of unknown classes have weights that nobody asks for.
  const more = found.length > orders[0]!.length && hasUnknown(layer, members);
  const byPath = indexPaths(found);
  const named = [...fitting, ...(more ? [orders[0]!] : [])]
    .map((slots) => matchNames(slots, byPath))
    .find((matched) => matched !== undefined);
  const pairs = named ?? matchOrder(fitting, found);
  if (pairs === undefined && found.length === 0) throw missing(layer);
  if (pairs === undefined && more) return;
  if (pairs === undefined)
    throw unexpected(
      layer,
      orders[0]!.map(({ name }) => name),
      found,
    );
  for (const [slot, weight] of pairs) slot.layer.weights.set(slot.name, weight);
  for (const owner of new Set(pairs.map(([slot]) => slot.layer))) {
    convertLegacyWeights(owner, origin);
    if (!quantizationOf(owner)) mergeAdapters(owner);
  }
}

/** Whether a layer is, or holds, one of a class that is not known to have variables. */
function hasUnknown(layer: Layer, members: Members): boolean {
  const inner = [...Object.values(layer.layers), ...topLayers(layer, members)];
  const known = layer.graph !== undefined || hasVariables(layer.className);
  return !known || inner.some((child) => hasUnknown(child, members));
}

interface Order {
  /** Whether layers that were frozen count as such: their weights stand behind all that can be trained. */
  frozen: boolean;
  /** Whether trainable weights come before the others. */
  sorted: boolean;
  /** Whether recurrent layers have an array for every gate, as in Keras 1. */
  gates: boolean;
}

const asSaved: Order = { frozen: true, sorted: true, gates: false };
const allTrainable: Order = { frozen: false, sorted: true, gates: false };
const layerByLayer: Order = { frozen: false, sorted: false, gates: false };
const gatesApart: Order = { frozen: true, sorted: true, gates: true };

/** The variables of some layers and of all that they hold, one layer's behind another's. */
function slotsOf(roots: Layer[], members: Members, order: Order): Slot[] {
  const visited = new Set<Layer>();
  return roots.flatMap((root) => {
    const slots = slotsBelow(root, members, order, visited);
    if (!order.sorted) return slots;
    return [...slots.filter(({ trainable }) => trainable), ...slots.filter(({ trainable }) => !trainable)];
  });
}

function slotsBelow(root: Layer, members: Members, order: Order, visited: Set<Layer>): Slot[] {
  const slots: Slot[] = [];
  const visit = (layer: Layer, frozen: boolean): void => {
    if (visited.has(layer)) return;
    visited.add(layer);
    const isFrozen = frozen || (order.frozen && layer.config.trainable === false);
    const add = (name: string, trainable: boolean) => slots.push({ layer, name, trainable: trainable && !isFrozen });
    const { own, parts } = variablesOf(layer.className, layer.config);
    for (const { name, trainable } of adaptedVariables(layer, quantizedVariables(layer, own))) add(name, trainable);
    const gates = order.gates ? gateVariables(layer.className) : [];
    for (const name of gates) add(name, true);
    for (const part of gates.length > 0 ? [] : parts) {
      for (const variable of part.variables) add(weightName(part, variable), variable.trainable);
    }
    for (const inner of Object.values(layer.layers)) visit(inner, isFrozen);
    for (const inner of topLayers(layer, members)) visit(inner, isFrozen);
  };
  visit(root, false);
  return slots;
}

/** How much a weight's name speaks for a slot: three for the layer, two for the variable, one for one that ends like it. */
function agreement(slot: Slot, name: string): number {
  const path = name.replace(/:\d+$/, '').split('/');
  const last = path.at(-1)!.replace(/_\d+$/, '');
  const variable = slot.name.slice(slot.name.lastIndexOf('/') + 1);
  const part = slot.name.slice(0, Math.max(0, slot.name.lastIndexOf('/')));
  const ofLayer = path.includes(slot.layer.name) && (part === '' || path.includes(part));
  return (ofLayer ? 3 : 0) + (last === variable ? 2 : last.endsWith(`_${variable}`) ? 1 : 0);
}

/** The slots of the order that the names of the weights speak for most, with the weights in their order. */
function matchOrder(orders: Slot[][], weights: NamedWeight[]): [Slot, Weight][] | undefined {
  const scores = orders.map((slots) => slots.reduce((sum, slot, i) => sum + agreement(slot, weights[i]!.name), 0));
  const best = orders[scores.indexOf(Math.max(...scores))];
  return best?.map((slot, index): [Slot, Weight] => [slot, weights[index]!.weight]);
}

/** Weights by every part of their names. */
function indexPaths(weights: NamedWeight[]): Map<string, NamedWeight[]> {
  const byPath = new Map<string, NamedWeight[]>();
  for (const weight of weights) {
    for (const part of new Set(weight.name.split('/'))) {
      const others = byPath.get(part);
      if (others) others.push(weight);
      else byPath.set(part, [weight]);
    }
  }
  return byPath;
}

/** The slots with their weights when every slot's layer and variable are those of exactly one weight. */
function matchNames(slots: Slot[], byPath: Map<string, NamedWeight[]>): [Slot, Weight][] | undefined {
  if (slots.length === 0) return undefined;
  const pairs: [Slot, Weight][] = [];
  const taken = new Set<NamedWeight>();
  for (const slot of slots) {
    const candidates = (byPath.get(slot.layer.name) ?? []).map((weight) => ({
      weight,
      score: agreement(slot, weight.name),
    }));
    // `recurrent_kernel` ends like `kernel`, and is none where there is a `kernel`.
    const best = Math.max(4, ...candidates.map(({ score }) => score));
    const matches = candidates.filter(({ score }) => score === best).map(({ weight }) => weight);
    if (matches.length !== 1 || taken.has(matches[0]!)) return undefined;
    taken.add(matches[0]!);
    pairs.push([slot, matches[0]!.weight]);
  }
  return pairs;
}
