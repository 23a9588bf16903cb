import { orderCalls } from './call-order.js';
import { asList, asShape, asText, brokenConfig, inputDType, isObject } from './config.js';
import { quote } from './limits.js';
import {
  type Call,
  type Config,
  type ConfigValue,
  type Graph,
  type GraphInput,
  type KerasDType,
  type Layer,
  type OutputStructure,
  TensorReference,
} from './model.js';
import { countOutputs } from './outputs.js';
import { asHistory, eachHistory, type History, type RawCall, readNode, resolveArgument } from './references.js';

/** A layer of a functional model with its calls, as the config lists them. */
export interface Member {
  name: string;
  /** As the file has it: the names of groups of weights come from it. */
  className: string;
  /** Undefined for an InputLayer. */
  layer: Layer | undefined;
  /** The config of the layer, for an InputLayer. */
  config: Config;
  nodes: ConfigValue[];
}

/** The id of a tensor that a layer's call returns. */
const tensorId = (layer: string, node: number, tensor: number): string => `${layer}/${node}:${tensor}`;

/** The input that an InputLayer stands for. */
export function graphInput(name: string, config: Config): GraphInput {
  const shape = asShape(config.batch_shape) ?? asShape(config.batch_input_shape);
  if (shape === undefined) throw brokenConfig(`the input ${quote(name)} has no shape`);
  const input = { name, shape, dtype: inputDType(name, config.dtype ?? config.input_dtype), id: tensorId(name, 0, 0) };
  return config.optional === true ? { ...input, optional: true } : input;
}

/** The graph of a Functional model. */
export function functionalGraph(config: Config, members: Member[]): Graph {
  const byName = new Map<string, Member>();
  for (const member of members) {
    if (byName.has(member.name)) throw brokenConfig(`two layers are called ${quote(member.name)}`);
    byName.set(member.name, member);
  }
  const raw = new Map(members.map((member) => [member, member.layer ? member.nodes.map(readNode) : []]));
  const find = ({ layer, node, tensor }: History, base: Map<Member, number>): string => {
    const member = byName.get(layer);
    if (!member) throw brokenConfig(`a tensor comes from a layer ${quote(layer)} that is not there`);
    if (!member.layer) return tensorId(layer, 0, tensor);
    const index = node - (base.get(member) ?? 0);
    if (index < 0 || index >= raw.get(member)!.length) {
      throw brokenConfig(`a tensor comes from call ${node} of the layer ${quote(layer)}, which is called less often`);
    }
    return tensorId(layer, index, tensor);
  };

  const inCalls = callHistories(raw);
  const inOutputs: History[] = [];
  mapHistories(config.output_layers, (history) => inOutputs.push(history));
  const legacy = isLegacy(members);
  const callBase = firstNodes(byName, raw, legacy ? [...inCalls, ...inOutputs] : inCalls, () => legacy);
  const outputBase = legacy
    ? callBase
    : firstNodes(byName, raw, inOutputs, ({ className }) => className !== 'Sequential');
  const calls: Call[] = [];
  for (const [member, nodes] of raw) {
    nodes.forEach(({ args, kwargs }, index) => {
      const resolve = (history: History) => find(history, callBase);
      calls.push({
        layer: member.layer!,
        args: args.map((argument) => resolveArgument(argument, resolve)),
        kwargs: Object.fromEntries(
          Object.entries(kwargs).map(([key, argument]) => [key, resolveArgument(argument, resolve)]),
        ),
        output: `${member.name}/${index}`,
      });
    });
  }

  const inputs = readInputs(config.input_layers, byName);
  const outputs = readOutputs(config.output_layers, (history) => find(history, outputBase));
  const ends = inOutputs.map((history) => find(history, outputBase));
  return { inputs, calls: orderCalls(calls, ends), outputs };
}

function callHistories(raw: Map<Member, RawCall[]>): History[] {
  const histories: History[] = [];
  for (const { args, kwargs } of [...raw.values()].flat()) {
    for (const argument of [...args, ...Object.values(kwargs)]) {
      eachHistory(argument, (history) => histories.push(history));
    }
  }
  return histories;
}

/** Keras 1 and 2 write a call as a list, Keras 3 as a dict. */
const isLegacy = (members: Member[]): boolean => members.some(({ nodes }) => nodes.some(Array.isArray));

/**
 * The number that references give to a nested model's first call in its parent: 0 or 1. Keras counts the call that made the
 * model itself, but not always: Keras 3 does in `output_layers` and not in calls, Keras 2 when the model was made with its
 * inputs. So the references tell where they can: one that names call 0, or call n of n. Where they can't, `fromOne` does.
 */
function firstNodes(
  byName: Map<string, Member>,
  raw: Map<Member, RawCall[]>,
  histories: History[],
  fromOne: (model: Layer) => boolean,
): Map<Member, number> {
  const named = new Map<Member, { lowest: number; highest: number }>();
  for (const { layer, node } of histories) {
    const member = byName.get(layer);
    if (!member?.layer?.graph) continue;
    const { lowest, highest } = named.get(member) ?? { lowest: node, highest: node };
    named.set(member, { lowest: Math.min(node, lowest), highest: Math.max(node, highest) });
  }
  const first = new Map<Member, number>();
  for (const [member, { lowest, highest }] of named) {
    const counted = lowest > 0 && (highest >= raw.get(member)!.length || fromOne(member.layer!));
    first.set(member, counted ? 1 : 0);
  }
  return first;
}

function readInputs(structure: ConfigValue | undefined, byName: Map<string, Member>): GraphInput[] {
  const inputs: GraphInput[] = [];
  mapHistories(structure, ({ layer }, key) => {
    const member = byName.get(layer);
    if (!member || member.layer) throw brokenConfig(`the input ${quote(layer)} is no InputLayer`);
    inputs.push({ ...graphInput(layer, member.config), name: key ?? layer });
  });
  if (inputs.length === 0) throw brokenConfig('it has no inputs');
  return inputs;
}

/** Walks `input_layers` and `output_layers` in the order in which Keras flattens them: dicts by their sorted keys. */
function mapHistories(
  structure: ConfigValue | undefined,
  visit: (history: History, key: string | undefined) => void,
  key?: string,
): void {
  const history = asHistory(structure);
  if (history) visit(history, key);
  else if (Array.isArray(structure)) for (const child of structure) mapHistories(child, visit);
  else if (isObject(structure)) {
    for (const name of Object.keys(structure).sort()) mapHistories(structure[name], visit, name);
  }
}

function readOutputs(structure: ConfigValue | undefined, find: (history: History) => string): OutputStructure {
  const read = (value: ConfigValue | undefined): OutputStructure => {
    const history = asHistory(value);
    if (history) return new TensorReference(find(history));
    if (Array.isArray(value)) return value.map(read);
    if (!isObject(value)) throw brokenConfig('it has no outputs');
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, read(child)]));
  };
  const outputs = read(structure);
  if (Array.isArray(outputs) && outputs.length === 0) throw brokenConfig('it has no outputs');
  return outputs;
}

/** The graph of a Sequential: a chain. `shape` is its input's, with the batch axis first. */
export function sequentialGraph(
  input: { name: string; shape: (number | null)[]; dtype: KerasDType },
  layers: Layer[],
): Graph {
  const id = tensorId(input.name, 0, 0);
  let last: TensorReference | TensorReference[] = new TensorReference(id);
  const calls: Call[] = [];
  for (const [index, layer] of layers.entries()) {
    const call = index + 1;
    calls.push({ layer, args: [last], kwargs: {}, output: `${layer.name}/${call}` });
    const count = countOutputs(layer);
    const returned = Array.from(
      { length: count },
      (_, tensor) => new TensorReference(tensorId(layer.name, call, tensor)),
    );
    last = count === 1 ? returned[0]! : returned;
  }
  return { inputs: [{ ...input, id }], calls, outputs: last };
}

/** The shape in which a layer says that it was built, or takes its input, where its config has one. */
export function inputShapeOf(entry: Config): (number | null)[] | undefined {
  const config = isObject(entry.config) ? entry.config : {};
  const withoutBatch = asShape(config.input_shape);
  return (
    asShape(config.batch_shape) ??
    asShape(config.batch_input_shape) ??
    (withoutBatch && [null, ...withoutBatch]) ??
    builtShapeOf(entry)
  );
}

/** The shape of the input that a layer was built for, where its entry says so. */
export const builtShapeOf = ({ build_config: build }: Config): (number | null)[] | undefined =>
  isObject(build) ? asShape(build.input_shape) : undefined;

/** The keys of a list of entries that must be objects. */
export const asEntries = (value: ConfigValue | undefined): Config[] =>
  asList(value).map((entry) => {
    if (isObject(entry) && asText(entry.class_name) !== undefined) return entry;
    throw brokenConfig('it lists something that is no layer');
  });
