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
  emit: Emit;
}

/** Operations by the name of their class in Keras 3. */
export type OperationTable = Record<string, Operation>;

/** @param parameters names with spaces between */
export const operation = (parameters: string, emit: Emit): Operation => ({ parameters: parameters.split(' '), emit });

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

/** A handler for Keras 3's node of this operation: what the constructor takes is in the config, the rest in the call. */
export const kerasOperation =
  ({ parameters, emit }: Operation): LayerHandler =>
  (_, call: LayerCall) =>
    emit(new Arguments(call, bind(parameters, call.args, { ...call.config.values, ...call.kwargs })));
