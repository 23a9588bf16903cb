import { lookUp } from './config.js';
import { ModelFileError } from './errors.js';
import type { Hdf5Group } from './hdf5.js';
import type { Members } from './layers.js';
import { quote } from './limits.js';
import type { Layer, Weight } from './model.js';
import { quantizationOf, quantizedUnsaid, quantizedVariables, zerosLost } from './quantized.js';
import { variablesOf, weightName } from './variables.js';

/** A weight with the name that the file gives it, such as `dense_1/kernel:0`. */
export interface NamedWeight {
  name: string;
  weight: Weight;
}

/** Variables that a class of layer may have, and that Keras keeps by name instead of number. */
const named: Record<string, readonly string[]> = {
  IndexLookup: ['idf_weights'],
  IntegerLookup: ['idf_weights'],
  StringLookup: ['idf_weights'],
  TextVectorization: ['idf_weights'],
};

/** A class name as the name of a group: `SeparableConv2D` is `separable_conv2d`. */
const snakeCase = (className: string): string =>
  className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** Numbers names as Keras does: `dense`, `dense_1`, `dense_2`. */
function numbering(): (className: string) => string {
  const used = new Map<string, number>();
  return (className) => {
    const name = snakeCase(className === 'GroupQueryAttention' ? 'GroupedQueryAttention' : className);
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  };
}

/**
 * Gives the layers of a model their weights out of the tree that Keras 3 writes, and tf.keras since 2.12: variables by
 * number in `vars`, parts by the attribute that holds them, the layers of a model by class and number in `layers`. A layer
 * that is in several places is in the file once, where it comes first.
 *
 * @returns the paths of the layers in the tree
 * @throws ModelFileError `model_weights_missing`, `model_damaged`
 */
export function attachTree(root: Layer, members: Members, store: Hdf5Group): Map<Layer, string> {
  const paths = new Map<Layer, string>();

  const visit = (layer: Layer, group: Hdf5Group | undefined, path: string): void => {
    if (paths.has(layer)) return;
    paths.set(layer, path);
    const { own, parts } = variablesOf(layer.className, layer.config);
    const names = quantizedVariables(layer, own).map(({ name }) => name);
    assign(layer, names, group);
    for (const name of lookUp(named, layer.className) ?? []) {
      const weight = group?.groups.get('vars')?.datasets.get(name);
      if (weight) layer.weights.set(name, weight);
    }
    for (const part of parts) {
      const partNames = part.variables.map((variable) => weightName(part, variable));
      assign(layer, partNames, attribute(group, part.attribute));
    }
    const numbered = numbering();
    for (const [name, inner] of Object.entries(layer.layers)) {
      const [list, index] = name.split('/');
      const found = attribute(group, list!);
      if (index === undefined) visit(inner, found, `${path}/${name}`);
      else {
        const number = numbered(inner.className);
        visit(inner, found?.groups.get(number), `${path}/${list}/${number}`);
      }
    }
    visitMembers(layer, group, path);
  };

  const visitMembers = (model: Layer, group: Hdf5Group | undefined, path: string): void => {
    const layers = group?.groups.get('layers') ?? group?.groups.get(OLD_LAYERS);
    const old = layers !== undefined && layers === group?.groups.get(OLD_LAYERS);
    const once = numberMembers(model, false);
    const fits = once.every(([name, layer]) => !holdsVariables(layer, members) || layers?.groups.has(name));
    for (const [name, layer] of old && !fits ? numberMembers(model, true) : once)
      visit(layer, layers?.groups.get(name), path === '' ? `layers/${name}` : `${path}/layers/${name}`);
  };

  const numberMembers = (model: Layer, twice: boolean): [name: string, layer: Layer][] => {
    const numbered = numbering();
    return (members.get(model) ?? []).flatMap(({ className, layer }): [string, Layer][] => {
      if (layer?.className.startsWith('ops.')) return [];
      const name = numbered(className);
      if (twice && layer && holdsVariables(layer, members)) numbered(className);
      return layer ? [[name, layer]] : [];
    });
  };

  visit(root, unfold(store), '');
  return paths;
}

/** tf.keras on Windows joined names with `\\`, which is none of HDF5's separators: `layers\\dense` for `layers/dense`. */
function unfold(store: Hdf5Group): Hdf5Group {
  if (![...store.groups.keys()].some((name) => name.includes('\\'))) return store;
  const tree: Hdf5Group = { ...store, groups: new Map() };
  for (const [name, group] of store.groups) {
    let into = tree;
    for (const part of name.split('\\')) {
      const inner = into.groups.get(part) ?? { attributes: {}, groups: new Map(), datasets: new Map() };
      into.groups.set(part, inner);
      into = inner;
    }
    for (const [key, inner] of group.groups) into.groups.set(key, inner);
    for (const [key, weight] of group.datasets) into.datasets.set(key, weight);
  }
  return tree;
}

/**
 * tf.keras 2.12 to 2.14 name the layers so, and all but 2.14 count every one that has weights twice: `dense`, `dense_2`,
 * `dense_4`.
 */
const OLD_LAYERS = '_layer_checkpoint_dependencies';

function holdsVariables(layer: Layer, members: Members): boolean {
  const { own, parts } = variablesOf(layer.className, layer.config);
  if (own.length + parts.length > 0 || Object.values(layer.layers).some((inner) => holdsVariables(inner, members)))
    return true;
  return (members.get(layer) ?? []).some((member) => member.layer && holdsVariables(member.layer, members));
}

/** Keras visits public names before private ones, so a part is under whichever of both its class has. */
const attribute = (group: Hdf5Group | undefined, name: string): Hdf5Group | undefined =>
  group?.groups.get(name) ?? group?.groups.get(`_${name}`);

function assign(layer: Layer, names: string[], group: Hdf5Group | undefined): void {
  if (names.length === 0) return;
  const found = group?.groups.get('vars')?.datasets ?? new Map<string, Weight>();
  const numbers = [...found.keys()].filter((key) => /^\d+$/.test(key)).sort((a, b) => Number(a) - Number(b));
  // SpectralNormalization keeps the kernel of the layer that it wraps as its own, before its vector.
  const extra = layer.className === 'SpectralNormalization' && numbers.length === 2 ? 1 : 0;
  if (numbers.length === 0) throw missing(layer);
  quantizationOf(layer);
  if (numbers.length - extra !== names.length)
    throw unexpected(
      layer,
      names,
      [...found].map(([key, weight]) => ({ name: key, weight })),
    );
  for (const [index, name] of names.entries()) layer.weights.set(name, found.get(numbers[index + extra]!)!);
}

/** The error of a layer whose weights are not in the file. */
export const missing = (layer: Layer): ModelFileError =>
  new ModelFileError(
    'model_weights_missing',
    `The file has no weights for the ${layer.className} layer ${quote(layer.name)}. It may hold the weights of another model.`,
  );

/** Weights that a message names, at most. */
const mostNamed = 6;

/** The error of a layer whose weights in the file are others than its class has. */
export function unexpected(layer: Layer, expected: readonly string[], found: readonly NamedWeight[]): ModelFileError {
  const isQuantized = found.some(({ weight }) => /^u?int8$/.test(weight.dtype)) || isFloat8(found);
  if (isQuantized && !layer.graph && !quantizationOf(layer)) return quantizedUnsaid(layer);
  const lost = zerosLost(layer, expected, found.length);
  if (lost) return lost;
  const held = found
    .slice(0, mostNamed)
    .map(({ name, weight }) => `${quote(name)} ${weight.dtype} (${weight.shape.join(', ')})`);
  return new ModelFileError(
    'model_damaged',
    `The ${layer.className} layer ${quote(layer.name)} should have ${count(expected.length)} (${expected.join(', ')}), ` +
      `but the file has ${count(found.length)}: ${held.join(', ')}${found.length > mostNamed ? ', …' : ''}.`,
  );
}

/** Whether weights have with them what quantizing to float8 adds: scales, and the greatest values of the last 1024 runs, for three tensors. */
const isFloat8 = (found: readonly NamedWeight[]): boolean =>
  ['', '1024'].every((shape) => found.filter(({ weight }) => String(weight.shape) === shape).length >= 3);

const count = (weights: number): string => (weights === 1 ? '1 weight' : `${weights} weights`);
