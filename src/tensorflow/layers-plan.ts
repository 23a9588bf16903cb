import { bindArguments, firstParameter } from '../keras/call-parameters.js';
import { ModelFileError } from '../keras/errors.js';
import { settingRefusal } from '../keras/layer-settings.js';
import { limits } from '../keras/limits.js';
import {
  type Argument,
  type Call,
  type Config,
  type ConfigValue,
  type Graph,
  type KerasModel,
  type Layer,
  TensorReference,
  type Weight,
} from '../keras/model.js';
import { countOutputs, flattenOutputs } from '../keras/outputs.js';
import { trainingRefusal } from '../keras/training.js';
import { variablesOf, weightName } from '../keras/variables.js';
import { majorVersion } from '../keras/version.js';
import { InternalSignal } from '../support/errors.js';
import type { NumericType } from '../support/tensor.js';
import type { Plan, PlannedLayer, TensorPosition } from './plan.js';
import { activationNames, type LayerRule, layerRules } from './rules.js';
import { computedTypes } from './tensors.js';

/** A model as TensorFlow.js builds it, with its weights. */
export interface PlannedModel {
  plan: Plan;
  /** Those that the plan's layers name by number. */
  weights: Weight[];
}

/** A layer that TensorFlow.js has not got, or not as it is set. */
interface Refusal {
  name: string;
  className: string;
  reason: string;
}

class UnplannedLayer extends InternalSignal {}

const camelCase = (text: string): string => text.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** A setting's value in TensorFlow.js's words: `channels_last` is `channelsLast`. */
const settingValue = (value: ConfigValue): unknown => (typeof value === 'string' ? camelCase(value) : value);

const hasWeights = ({ weights, layers }: Layer): boolean => weights.size > 0 || Object.values(layers).some(hasWeights);

class Planner {
  readonly refusals: Refusal[] = [];
  readonly weights: Weight[] = [];
  /** What the calls of the plan give, as far as is known: whole numbers stay whole where no weights are multiplied with them. */
  private readonly types: Plan['inputs'][number]['dtype'][] = [];
  private calls = 0;

  constructor(private readonly kerasVersion: number) {}

  plan(graph: Graph): Plan {
    const plan: Plan = { inputs: [], layers: [], calls: [], outputs: [] };
    const places = new Map<Layer, number>();
    const masked = new Set<number>();
    const names = new Set<string>();
    plan.inputs = graph.inputs.map(({ name, shape, dtype }) => {
      if (dtype === 'string') this.refusals.push({ name, className: 'InputLayer', reason: 'it takes strings' });
      return { name: unique(plain(name), names), shape, dtype: computedTypes[dtype as NumericType] ?? 'float32' };
    });

    const place = (layer: Layer): number => {
      const known = places.get(layer);
      if (known !== undefined) return known;
      const planned = this.layer(layer);
      planned.config.name = unique(plain(layer.name), names);
      places.set(layer, plan.layers.length);
      return plan.layers.push(planned) - 1;
    };
    const run = ({ inputs, calls, outputs }: Graph, given: TensorPosition[]): TensorPosition[] => {
      const tensors = new Map(inputs.map(({ id }, index) => [id, given[index]!]));
      const find = ({ id }: TensorReference): TensorPosition => {
        const found = tensors.get(id);
        if (found) return found;
        throw new UnplannedLayer();
      };
      for (const call of calls) {
        if (++this.calls > limits.calls)
          throw new ModelFileError('model_too_large', `The model calls layers more than ${limits.calls} times.`);
        try {
          const positions = this.inputsOf(call).map(find);
          const returned = call.layer.graph
            ? run(call.layer.graph, positions)
            : this.leaf(call.layer, plan, place, positions, masked);
          returned.forEach((position, index) => {
            tensors.set(`${call.output}:${index}`, position);
          });
        } catch (error) {
          if (!(error instanceof UnplannedLayer)) throw error;
        }
      }
      return flattenOutputs(outputs).map(({ reference }) => find(reference));
    };
    try {
      plan.outputs = run(
        graph,
        graph.inputs.map((_, index): TensorPosition => [-1 - index, 0]),
      );
    } catch (error) {
      if (!(error instanceof UnplannedLayer)) throw error;
    }
    return plan;
  }

  /** @param masked calls whose first tensors have a mask */
  private leaf(
    layer: Layer,
    plan: Plan,
    place: (layer: Layer) => number,
    inputs: TensorPosition[],
    masked: Set<number>,
  ): TensorPosition[] {
    const rule = layerRules[layer.className];
    const isMasked = inputs.some(([call, tensor]) => tensor === 0 && masked.has(call));
    const types = [...new Set(inputs.map(([call]) => (call < 0 ? plan.inputs[-1 - call]!.dtype : this.types[call]!)))];
    // WebAssembly joins their bytes.
    if (layer.className === 'Concatenate' && types.length > 1)
      throw this.refuse(layer, `it joins tensors of ${types.join(' and ')}`);
    const index = plan.calls.push({ layer: place(layer), inputs }) - 1;
    this.types[index] = types.length > 1 || hasWeights(layer) ? 'float32' : types[0]!;
    if (isMasked && !rule?.masks) throw this.refuse(layer, 'masks reach it');
    const passes = rule?.masks === 'passed on' || layer.config.return_sequences === true;
    if ((isMasked && passes) || layer.className === 'Masking' || layer.config.mask_zero === true) masked.add(index);
    return Array.from({ length: countOutputs(layer) }, (_, tensor): TensorPosition => [index, tensor]);
  }

  /** The tensors that a call is given. What else it is given, TensorFlow.js's layers don't take. */
  private inputsOf({ layer, args, kwargs }: Call): TensorReference[] {
    if (!layer.graph) this.ruleOf(layer);
    const tensors = (argument: Argument): TensorReference[] => {
      if (argument instanceof TensorReference) return [argument];
      if (Array.isArray(argument)) return argument.flatMap(tensors);
      if (argument === null) return [];
      throw this.refuse(layer, 'it is called with a constant');
    };
    const bound = bindArguments(layer.className, args, kwargs);
    const inTraining = trainingRefusal(layer, bound.get('training'), this.kerasVersion);
    if (inTraining !== undefined) throw this.refuse(layer, inTraining);
    const first = firstParameter(layer.className);
    const extra = [...bound].find(([name, value]) => value !== null && name !== first && name !== 'training');
    if (extra) throw this.refuse(layer, `it is called with ${extra[0].slice(0, 40)}`);
    const found = tensors(bound.get(first) ?? null);
    if (found.length === 0) throw this.refuse(layer, 'it is called without a tensor');
    return found;
  }

  private ruleOf(layer: Layer): LayerRule {
    if (Object.hasOwn(layerRules, layer.className)) return layerRules[layer.className]!;
    throw this.refuse(layer, 'TensorFlow.js has no such layer');
  }

  private layer(layer: Layer): PlannedLayer {
    const { className, config, name } = layer;
    const rule = this.ruleOf(layer);
    for (const [key, value] of Object.entries(rule.only ?? {})) {
      const given = config[key];
      if (given !== undefined && given !== null && given !== value) throw this.refuse(layer, `its ${key} is set`);
    }
    const reason = settingRefusal(layer) ?? rule.refuse?.(config, layer);
    if (reason !== undefined) throw this.refuse(layer, reason);
    const planned = { className: rule.className ?? className, name, config: this.config(layer, rule) };
    if (className === 'Bidirectional') return { ...planned, ...this.twins(layer) };
    return { ...planned, inner: this.inner(layer), weights: this.weightsOf(layer) };
  }

  private config(layer: Layer, { keep = [], more }: LayerRule): PlannedLayer['config'] {
    const { config } = layer;
    const kept = keep.flatMap((key): [string, ConfigValue][] => {
      const value = config[key];
      return value === undefined || value === null ? [] : [[key, value]];
    });
    const settings: Config = { ...Object.fromEntries(kept), ...more?.(config) };
    return Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [
        camelCase(key),
        key.endsWith('activation') ? this.activation(layer, value) : settingValue(value),
      ]),
    );
  }

  private activation(layer: Layer, value: ConfigValue): string {
    const found =
      typeof value === 'string' && Object.hasOwn(activationNames, value) ? activationNames[value] : undefined;
    if (found !== undefined && !layer.layers.activation) return found;
    const shown = (JSON.stringify(value) ?? '').slice(0, 60);
    throw this.refuse(layer, `TensorFlow.js has no activation ${shown}`);
  }

  private inner(layer: Layer): PlannedLayer['inner'] {
    const { layers, className } = layer;
    const wrap = (inner: Layer) => (inner.graph ? this.innerPlan(layer, inner.graph) : this.layer(inner));
    if (className === 'StackedRNNCells') return { cells: Object.keys(layers).map((key) => this.layer(layers[key]!)) };
    return Object.fromEntries(
      Object.entries(layers)
        .filter(([key]) => key !== 'activation')
        .map(([key, inner]) => [key, wrap(inner)]),
    );
  }

  private innerPlan(layer: Layer, graph: Graph): Plan {
    const plan = this.plan(graph);
    if (plan.outputs.length !== 1) throw this.refuse(layer, 'the model that it wraps has several outputs');
    return plan;
  }

  /** TensorFlow.js makes both directions of one layer, and takes the weights of both at once. */
  private twins(layer: Layer): Pick<PlannedLayer, 'inner' | 'weights'> {
    const { forward_layer: forward, backward_layer: backward } = layer.layers;
    const [first, second] = [this.layer(forward!), this.layer(backward!)];
    const same = ({ className, config }: PlannedLayer) =>
      JSON.stringify([className, { ...config, goBackwards: undefined }]);
    if (same(first) !== same(second) || !first.config.goBackwards === !second.config.goBackwards)
      throw this.refuse(layer, 'its backward layer is not the twin of its forward layer');
    const weights = [...first.weights, ...second.weights];
    return { inner: { layer: { ...first, weights: [] } }, weights };
  }

  /** Places of a layer's weights in the file, in the order of Keras 2 and TensorFlow.js: what can be trained first. */
  private weightsOf(layer: Layer): number[] {
    const { own, parts } = variablesOf(layer.className, layer.config);
    const all = [
      ...own.map((variable) => ({ ...variable })),
      ...parts.flatMap((part) => part.variables.map((variable) => ({ ...variable, name: weightName(part, variable) }))),
    ];
    return [...all.filter(({ trainable }) => trainable), ...all.filter(({ trainable }) => !trainable)].map(
      ({ name }) => {
        const weight = layer.weights.get(name);
        if (weight) return this.weights.push(weight) - 1;
        throw new ModelFileError(
          'model_weights_missing',
          `The model file has no weight "${name}" for layer "${layer.name}".`,
        );
      },
    );
  }

  private refuse({ name, className }: Layer, reason: string): UnplannedLayer {
    if (!this.refusals.some((other) => other.name === name && other.reason === reason))
      this.refusals.push({ name, className, reason });
    return new UnplannedLayer();
  }
}

/** A name as TensorFlow.js takes it for variables. */
const plain = (name: string): string => `l_${name.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 200)}`;

/** A name that is not taken yet: TensorFlow.js wants one for every layer of a model. */
function unique(name: string, taken: Set<string>): string {
  let one = name;
  for (let count = 1; taken.has(one); count++) one = `${name}_${count}`;
  taken.add(one);
  return one;
}

/**
 * Says how TensorFlow.js builds a Keras model of its own layers. Nested models are put in the place of their calls.
 * @throws ModelFileError `model_unsupported_layers` that lists every layer which TensorFlow.js has not got;
 *   `model_weights_missing`, `model_too_large`
 */
export function planLayers(model: KerasModel): PlannedModel {
  const planner = new Planner(majorVersion(model.kerasVersion));
  const plan = planner.plan(model.graph);
  const { refusals, weights } = planner;
  if (refusals.length === 0 && plan.outputs.length > 0) return { plan, weights };
  if (refusals.length === 0)
    throw new ModelFileError('model_damaged', "The model's graph refers to a tensor that no layer makes.");
  const lines = refusals.map(({ name, className, reason }) => `  ${name} (${className}): ${reason}`);
  const subject = refusals.length === 1 ? '1 layer' : `${refusals.length} layers`;
  throw new ModelFileError(
    'model_unsupported_layers',
    `The model has ${subject} that TensorFlow.js can't run:\n${lines.join('\n')}`,
  );
}
