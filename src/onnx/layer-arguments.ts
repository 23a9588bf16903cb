import { bindArguments, firstParameter } from '../keras/call-parameters.js';
import { LayerConfigError } from './config.js';
import { type CallArgument, tensorsIn } from './context.js';
import { Value } from './graph.js';

/** What a layer is called with, by the names of Keras's parameters. Remembers what was asked for: the rest is not understood. */
export class LayerArguments {
  /** All tensors in the first argument, in order. */
  readonly inputs: Value[];
  /** The keyword `mask`, or else the masks of the inputs. One that is given by its place is used, but not passed on. */
  readonly previousMasks: readonly (Value | undefined)[];
  private readonly bound: ReadonlyMap<string, CallArgument>;
  private readonly asked = new Set<string>();

  constructor(
    className: string,
    readonly args: readonly CallArgument[],
    readonly kwargs: Readonly<Record<string, CallArgument>>,
  ) {
    this.bound = bindArguments(className, args, kwargs);
    this.inputs = tensorsIn(this.get(firstParameter(className)));
    this.previousMasks = asMasks(kwargs.mask) ?? this.inputs.map(({ mask }) => mask);
  }

  /** An argument, which is thereby understood; undefined when it is not given or null. */
  get(name: string): CallArgument | undefined {
    this.asked.add(name);
    return this.bound.get(name) ?? undefined;
  }

  /** @throws LayerConfigError when the argument is given and is no tensor */
  tensor(name: string): Value | undefined {
    const argument = this.get(name);
    if (argument === undefined || argument instanceof Value) return argument;
    throw new LayerConfigError(`its ${name} is no tensor`);
  }

  /** 1 and 0 count as True and False. @throws LayerConfigError when the argument is given and is none of these */
  flag(name: string): boolean {
    const argument = this.get(name) ?? false;
    if (typeof argument === 'boolean') return argument;
    if (argument === 0 || argument === 1) return argument === 1;
    throw new LayerConfigError(`its ${name} is neither true nor false`);
  }

  /** The name of an argument that is given and that nothing asked for. */
  get unknown(): string | undefined {
    return [...this.bound].find(([name, argument]) => argument !== null && !this.asked.has(name))?.[0];
  }
}

/** Masks as a layer takes them: one, or a list with nothing for inputs that have none. */
export function asMasks(argument: CallArgument | undefined): (Value | undefined)[] | undefined {
  if (argument === undefined || argument === null) return undefined;
  return (Array.isArray(argument) ? argument : [argument]).map((mask) => (mask instanceof Value ? mask : undefined));
}
