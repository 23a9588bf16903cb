import type { CallArgument, LayerCall, LayerHandler } from '../../context.js';
import type { Value } from '../../graph.js';
import { Arguments } from './arguments.js';

/** Emits what an operation computes. */
export type Emit = (args: Arguments) => Value | Value[];

/** What an operation means, whichever API it was called by. */
export interface Operation {
  /**
   * The names of the positional arguments in order, of any version: what one takes in a call another takes in its constructor.
   * The last may be `*rest`, a list of those that follow.
   */
  parameters: readonly string[];
  /** Names of others that the operation doesn't always ask for. All else that it is given it has to ask for. */
  others: readonly string[];
  emit: Emit;
}

/** Operations by the name of their class in Keras 3. */
export type OperationTable = Record<string, Operation>;

/** @param parameters and others: names with spaces between */
export const operation = (parameters: string, emit: Emit, others = ''): Operation => ({
  parameters: parameters.split(' '),
  others: others.split(' '),
  emit,
});

/** Gives positional arguments their names. */
export function bind(
  parameters: readonly string[],
  args: readonly CallArgument[],
  named: Readonly<Record<string, CallArgument>>,
): Map<string, CallArgument> {
  const values = new Map(Object.entries(named));
  parameters.forEach((parameter, index) => {
    if (parameter.startsWith('*')) values.set(parameter.slice(1), args.slice(index));
    else if (index < args.length) values.set(parameter, args[index]!);
  });
  return values;
}

/** What no operation's result depends on: how it is stored, and how fast it comes. */
const inert = 'name dtype trainable sparse ragged synchronized sorted is_stable assume_unique flash_attention'.split(
  ' ',
);

/**
 * A handler for Keras 3's node of this operation: what the constructor takes is in the config, the rest in the call. An argument
 * that the operation doesn't know is refused.
 */
export const kerasOperation =
  ({ parameters, others, emit }: Operation): LayerHandler =>
  (_, call: LayerCall) => {
    const args = new Arguments(call, bind(parameters, call.args, { ...call.config.values, ...call.kwargs }));
    const outputs = emit(args);
    const known = new Set([...parameters, ...others, ...inert]);
    const unknown = args.unasked.find((name) => !known.has(name));
    return unknown === undefined
      ? outputs
      : args.unsupported(`it has an argument that is not known, ${unknown.slice(0, 60)}`);
  };
