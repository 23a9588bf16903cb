import { arrays, asList, isHalf, isObject, tidyValue } from './config.js';
import { type Argument, type Config, type ConfigValue, TensorReference } from './model.js';

/** Where a symbolic tensor comes from: the layer, which of its calls, which of that call's outputs. */
export interface History {
  layer: string;
  node: number;
  tensor: number;
  /** Its dtype, where that is of half precision and the file says so: Keras 3 does. */
  dtype?: string;
}

/** The arguments of a call, with a History in the place of every tensor. */
export interface RawCall {
  args: RawArgument[];
  kwargs: Record<string, RawArgument>;
}

export type RawArgument =
  | { history: History }
  | { list: RawArgument[] }
  | { dict: Record<string, RawArgument> }
  | { constant: ConfigValue };

const CONSTANT = '_CONSTANT_VALUE';

const isIndex = (value: ConfigValue | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** `["layer", 0, 0]`, as `input_layers`, `output_layers` and the nodes of Keras 1 and 2 have it. */
export function asHistory(value: ConfigValue | undefined): History | undefined {
  if (!Array.isArray(value)) return undefined;
  const [layer, node, tensor] = value;
  return typeof layer === 'string' && isIndex(node) && isIndex(tensor) ? { layer, node, tensor } : undefined;
}

/** One entry of `inbound_nodes`, of any Keras. In those of Keras 3, arrays and whole floats stay objects that tell their dtype. */
export function readNode(node: ConfigValue): RawCall {
  if (!isObject(node)) return readLegacyNode(node);
  if ('args' in node || 'kwargs' in node) {
    const kwargs = Object.entries(isObject(node.kwargs) ? node.kwargs : {});
    return {
      args: asList(node.args).map(readArgument),
      kwargs: Object.fromEntries(kwargs.map(([key, value]) => [key, readArgument(value)])),
    };
  }
  return readLegacyNode(node);
}

/** Keras 3: tensors are `{"class_name": "__keras_tensor__", …}`, as deep as they may be. */
function readArgument(value: ConfigValue): RawArgument {
  if (Array.isArray(value)) return { list: value.map(readArgument) };
  if (!isObject(value)) return { constant: value };
  if (value.class_name === '__keras_tensor__' && isObject(value.config)) {
    const history = asHistory(value.config.keras_history);
    const { dtype } = value.config;
    if (history) return { history: isHalf(dtype) ? { ...history, dtype } : history };
  }
  if (arrays.has(value.class_name)) return { constant: value };
  if ('class_name' in value && !hasTensor(value)) return { constant: tidyValue(value) };
  return readDict(value, readArgument);
}

const hasTensor = (value: ConfigValue): boolean =>
  isObject(value)
    ? value.class_name === '__keras_tensor__' || Object.values(value).some(hasTensor)
    : Array.isArray(value) && value.some(hasTensor);

function readDict(value: Config, read: (value: ConfigValue) => RawArgument): RawArgument {
  const dict: Record<string, RawArgument> = {};
  for (const [key, child] of Object.entries(value)) dict[key] = read(child);
  return { dict };
}

/**
 * Keras 1 and 2: the first argument's tensors, each `["layer", 0, 0, {kwargs}]`, in a list, a dict, or deeper. A list of one
 * is that one. Tensors in kwargs are `["layer", 0, 0]`.
 */
function readLegacyNode(node: ConfigValue): RawCall {
  let kwargs: Record<string, RawArgument> = {};
  const read = (value: ConfigValue): RawArgument => {
    if (Array.isArray(value) && typeof value[0] === 'string' && value.length >= 3 && value.length <= 4) {
      if (isObject(value[3])) kwargs = readKeywords(value[3]);
      if (value[0] === CONSTANT) return { constant: tidyValue(value[2]!) };
      const history = asHistory(value);
      if (history) return { history };
    }
    if (Array.isArray(value)) return { list: value.map(read) };
    return isObject(value) ? readDict(value, read) : { constant: value };
  };
  const first = read(node);
  return { args: [unwrap(first)], kwargs };
}

function unwrap(argument: RawArgument): RawArgument {
  const children = 'list' in argument ? argument.list : 'dict' in argument ? Object.values(argument.dict) : [];
  return children.length === 1 && !('constant' in children[0]!) ? children[0]! : argument;
}

function readKeywords(value: Config): Record<string, RawArgument> {
  const read = (child: ConfigValue): RawArgument => {
    const history = Array.isArray(child) && child.length === 3 ? asHistory(child) : undefined;
    if (history) return { history };
    if (Array.isArray(child)) return { list: child.map(read) };
    return isObject(child) && !('class_name' in child) ? readDict(child, read) : { constant: tidyValue(child) };
  };
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, read(child)]));
}

/** Calls `visit` with every tensor of an argument. */
export function eachHistory(argument: RawArgument, visit: (history: History) => void): void {
  if ('history' in argument) visit(argument.history);
  else if ('list' in argument) for (const child of argument.list) eachHistory(child, visit);
  else if ('dict' in argument) for (const child of Object.values(argument.dict)) eachHistory(child, visit);
}

/** The argument with the ids of tensors that `resolve` gives. */
export function resolveArgument(argument: RawArgument, resolve: (history: History) => string): Argument {
  if ('history' in argument) return new TensorReference(resolve(argument.history), argument.history.dtype);
  if ('list' in argument) return argument.list.map((child) => resolveArgument(child, resolve));
  if ('constant' in argument) return argument.constant;
  const entries = Object.entries(argument.dict).map(([key, child]) => [key, resolveArgument(child, resolve)] as const);
  return Object.fromEntries(entries);
}
