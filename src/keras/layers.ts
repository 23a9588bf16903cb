import {
  asDType,
  asList,
  asShape,
  asText,
  brokenConfig,
  inputDType,
  isObject,
  lookUp,
  nameOf,
  tidyConfig,
} from './config.js';
import { ModelFileError } from './errors.js';
import { asEntries, builtShapeOf, functionalGraph, inputShapeOf, type Member, sequentialGraph } from './graph.js';
import { fromMergedSequential } from './keras1.js';
import { type Dialect, modernise } from './keras2.js';
import { limits, quote } from './limits.js';
import type { Config, ConfigValue, Layer } from './model.js';
import { fromTheano } from './theano.js';

/** Wrapped layers by class: the keys of the config that hold them, which are the attributes too. */
const wrapped: Record<string, string[]> = {
  TimeDistributed: ['layer'],
  SpectralNormalization: ['layer'],
  Bidirectional: ['layer', 'backward_layer'],
  Pipeline: ['layers'],
  RNN: ['cell'],
  StackedRNNCells: ['cells'],
};

/** What a model is made of, in the order of its config: weights are kept in that order. */
export type Members = Map<Layer, Member[]>;

/** Turns entries of a config, `{"class_name", "config", …}`, into layers. One for a model file: layers are shared in it. */
export class LayerReader {
  /** Of every model that was read, by its layer. */
  readonly members: Members = new Map();
  readonly #shared = new Map<number | string, { className: string; layer: Layer }>();
  readonly #dialect: Dialect;
  readonly #inputShape: (number | null)[] | undefined;
  #layers = 0;
  #calls = 0;

  /**
   * @param dialect - who wrote the config
   * @param inputShape - of the model, when it was saved before it was built; with the batch axis first
   */
  constructor(dialect: Dialect, inputShape?: (number | null)[]) {
    this.#dialect = dialect;
    this.#inputShape = inputShape;
  }

  /** @throws ModelFileError `model_damaged`, `model_too_large`, `model_not_built` */
  read(entry: Config, depth = 0): Layer {
    if (++this.#layers > limits.layers || depth > limits.layerDepth) {
      throw new ModelFileError(
        'model_too_large',
        'The model has too many layers, or layers inside layers without end.',
      );
    }
    const className = asText(entry.class_name);
    if (className === undefined) throw brokenConfig('a layer has no class');
    const merged = fromMergedSequential(entry);
    if (merged) return this.read(merged, depth);
    // Until Keras 2.2 the config of a Sequential was the list of its layers.
    if (Array.isArray(entry.config))
      return this.#make(className, { ...entry, config: { layers: entry.config } }, depth);
    const id = entry.shared_object_id;
    const shareable = typeof id === 'number' || typeof id === 'string';
    const known = shareable ? this.#shared.get(id) : undefined;
    if (known?.className === className) return known.layer;
    const layer = this.#make(className, entry, depth);
    if (shareable) this.#shared.set(id, { className, layer });
    return layer;
  }

  #make(className: string, entry: Config, depth: number): Layer {
    const modern = modernise(className, isObject(entry.config) ? entry.config : {}, this.#dialect);
    const { config } = modern;
    const padded = this.#dialect.theano ? fromTheano(modern.className, config) : undefined;
    if (padded) return this.#make('Sequential', padded, depth);
    const module = asText(entry.module) ?? '';
    const layer: Layer = {
      name: nameOf(entry),
      className: this.#classOf(modern.className, config, module, asText(entry.registered_name)),
      module,
      config: {},
      builtShape: builtShapeOf(entry),
      weights: new Map(),
      layers: {},
    };
    if (isModelConfig(layer.className, config)) this.#makeModel(layer, entry, config, depth);
    else this.#makeLayer(layer, config, depth);
    return layer;
  }

  /**
   * The class by the name that tells it from others: `ops.Add` for operations, and for classes that are not Keras's own the
   * name under which they are registered, `package>Class`, as such a class may be called like one of Keras's.
   */
  #classOf(className: string, config: Config, module: string, registeredName: string | undefined): string {
    if (/^keras(_core)?\.(src\.)?ops(\.|$)/.test(module)) return `ops.${className}`;
    // Keras 3 names no modules in `.h5`. Of its own classes only models, operations and a few layers are not `trainable`.
    const isLayer = module !== '' || 'trainable' in config || 'layers' in config || bareLayers.has(className);
    if (!this.#dialect.legacy && !isLayer && registeredName === undefined) return `ops.${className}`;
    if (registeredName?.includes('>')) return registeredName;
    return ownModules.test(module) ? className : `${module}>${className}`;
  }

  #makeLayer(layer: Layer, config: Config, depth: number): void {
    const keys = lookUp(wrapped, layer.className) ?? [];
    const own = Object.entries(config).filter(([key]) => !keys.includes(key));
    layer.config = { ...tidyConfig(Object.fromEntries(own)), ...asWritten(layer.className, own) };
    for (const key of keys) {
      const value = config[key];
      asList(value).forEach((entry, index) => {
        if (isObject(entry)) layer.layers[`${key}/${index}`] = this.read(entry, depth + 1);
      });
      if (isObject(value)) layer.layers[key] = this.read(value, depth + 1);
    }
    if (layer.className === 'Bidirectional') this.#makeBothDirections(layer, config, depth);
    // The one layer with weights that stands in for an activation.
    const { activation } = config;
    if (isObject(activation) && activation.class_name === 'PReLU')
      layer.layers.activation = this.read(activation, depth + 1);
  }

  /** Without a config of its own, the backward layer is the forward layer's twin that goes the other way. */
  #makeBothDirections(layer: Layer, config: Config, depth: number): void {
    const { layer: forward, backward_layer: backward } = layer.layers;
    if (!forward || !isObject(config.layer)) throw brokenConfig(`${quote(layer.name)} wraps no layer`);
    const name = forward.name.replace(/^forward_/, '');
    forward.name = `forward_${name}`;
    layer.layers = {
      forward_layer: forward,
      backward_layer: backward ?? this.#reversed(config.layer, `backward_${name}`, depth),
    };
  }

  #reversed(entry: Config, name: string, depth: number): Layer {
    const config = isObject(entry.config) ? entry.config : {};
    const { shared_object_id: _shared, ...own } = entry;
    return this.read({ ...own, config: { ...config, name, go_backwards: config.go_backwards !== true } }, depth + 1);
  }

  #makeModel(layer: Layer, entry: Config, config: Config, depth: number): void {
    const sequential = !('input_layers' in config);
    const members = asEntries(config.layers).map((child) => this.#readMember(child, depth));
    this.members.set(layer, members);
    layer.graph = sequential ? this.#chain(layer, entry, config, members, depth) : functionalGraph(config, members);
    const { layers: _layers, input_layers: _inputs, output_layers: _outputs, ...rest } = config;
    layer.config = tidyConfig(rest);
  }

  #readMember(entry: Config, depth: number): Member {
    const className = asText(entry.class_name)!;
    const config = isObject(entry.config) ? entry.config : {};
    const nodes = asList(entry.inbound_nodes);
    this.#calls += nodes.length;
    if (this.#calls > limits.calls) throw new ModelFileError('model_too_large', 'The model calls too many layers.');
    const layer = className === 'InputLayer' ? undefined : this.read(entry, depth + 1);
    return { name: asText(entry.name) ?? nameOf(entry), className, layer, config, nodes };
  }

  #chain(layer: Layer, entry: Config, config: Config, members: Member[], depth: number) {
    const [first] = members;
    const layers = members.flatMap((member) => member.layer ?? []);
    const firstEntry = asEntries(config.layers)[0];
    const inner = first?.layer?.graph?.inputs;
    const shape =
      (firstEntry && inputShapeOf(firstEntry)) ??
      asShape(config.build_input_shape) ??
      inputShapeOf(entry) ??
      (inner?.length === 1 ? inner[0]!.shape : undefined) ??
      (depth === 0 ? this.#inputShape : []);
    if (shape === undefined) {
      throw new ModelFileError(
        'model_not_built',
        `The Sequential model ${quote(layer.name)} was saved before it was built, so the file does not say what shape its ` +
          'input has. Give it, without the batch axis: --input-shape 224,224,3.',
      );
    }
    const isInput = first !== undefined && !first.layer;
    const name = isInput ? first.name : `${first?.name ?? layer.name}_input`;
    const dtype = isInput ? inputDType(name, first.config.dtype) : asDType(inner?.[0]?.dtype ?? null);
    // A Sequential takes any batch, whatever that was with which it was built.
    return sequentialGraph({ name, shape: shape.length > 0 ? [null, ...shape.slice(1)] : shape, dtype }, layers);
  }
}

/** What a function is given is told apart as it is in Python: whole numbers from floats, arrays from lists. */
const asWritten = (className: string, config: readonly (readonly [string, ConfigValue])[]): Config =>
  className === 'Lambda' ? Object.fromEntries(config.filter(([key]) => key === 'function' || key === 'arguments')) : {};

/** Layers whose `get_config` leaves out what every layer has, `trainable` among it. None is called like an operation. */
const bareLayers: ReadonlySet<string> = new Set([
  'Discretization',
  'HashedCrossing',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
]);

/** Modules whose classes are Keras's own. A file of Keras 1 or 2 names none. */
const ownModules = /^($|(keras|tf_keras|keras_core)(\.|$)|tensorflow\.(python\.)?keras\.)/;

/** A class that extends Functional may do more than its graph says, so only Keras's own are taken for it. */
function isModelConfig(className: string, config: Config): boolean {
  return (
    Array.isArray(config.layers) &&
    (className === 'Sequential' || (className === 'Functional' && 'input_layers' in config))
  );
}
