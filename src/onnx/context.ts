import type { Argument, Layer, Weight } from '../keras/model.js';
import type { LayerConfig } from './config.js';
import { type GraphBuilder, Value } from './graph.js';
import type { StringGraph } from './string-graph.js';

/** An argument of a call with its tensors in place. */
export type CallArgument = Value | Exclude<Argument, object> | CallArgument[] | { [key: string]: CallArgument };

/** All tensors in an argument, in Keras's order: dicts by their sorted keys. */
export function tensorsIn(argument: CallArgument | undefined): Value[] {
  if (argument instanceof Value) return [argument];
  if (Array.isArray(argument)) return argument.flatMap(tensorsIn);
  if (argument === null || typeof argument !== 'object') return [];
  return Object.keys(argument)
    .sort()
    .flatMap((key) => tensorsIn(argument[key]));
}

/** One call of a layer as its handler sees it. */
export interface LayerCall {
  readonly graph: GraphBuilder;
  readonly layer: Layer;
  /** The major version of the Keras that wrote the file: a few layers changed their meaning. 3 where the file does not say. */
  readonly kerasVersion: number;
  readonly config: LayerConfig;
  /** An operation's positional arguments as the model gives them, which it binds itself. Layers ask by name. */
  readonly args: readonly CallArgument[];
  readonly kwargs: Readonly<Record<string, CallArgument>>;
  /**
   * What a layer is called with beside its inputs, by the name of Keras's parameter; undefined when it is not given or null. A
   * call with an argument that nothing asked for is refused.
   */
  argument(name: string): CallArgument | undefined;
  /** Like {@link argument}, where nothing but a tensor will do. */
  tensor(name: string): Value | undefined;
  /** Like {@link argument}, of True or False; False when it is not given. */
  flag(name: string): boolean;
  /** The masks that Keras lets a layer pass on: the keyword `mask`, or else those of its inputs. */
  readonly previousMasks: readonly (Value | undefined)[];
  /** Whether the layer has this variable. */
  hasWeight(name: string): boolean;
  /** A variable as Keras stores it. @throws ModelFileError when the file lacks it */
  rawWeight(name: string): Weight;
  /**
   * A variable as a float32 (or integer) constant, its axes permuted and then reshaped if asked. The same constant for every
   * call.
   */
  weight(name: string, perm?: readonly number[], shape?: readonly number[]): Value;
  /** A variable that some settings leave out, such as a bias. */
  optionalWeight(name: string): Value | undefined;
  /** Compiles a call of another layer: a wrapped one, or a nested model. Returns its outputs flattened. */
  call(layer: Layer, inputs: readonly Value[]): Value[];
  /** The view of a layer that this one wraps, for wrappers that do more than call it. */
  of(layer: Layer): LayerCall;
  /** What `make` gives, made at the layer's first call and kept for the others: a constant worked out of weights. */
  once(key: string, make: () => Value): Value;
  /** What is done with strings beside the graph. */
  readonly strings: StringGraph;
  /** Refuses this layer for a setting that can't be expressed. */
  unsupported(reason: string): never;
}

/**
 * Emits what a layer computes.
 * @param inputs all tensors in the first argument, in order
 * @returns the outputs, flattened
 */
export type LayerHandler = (inputs: Value[], call: LayerCall) => Value | Value[];

/** Handlers by Keras class name. */
export type LayerTable = Record<string, LayerHandler>;
