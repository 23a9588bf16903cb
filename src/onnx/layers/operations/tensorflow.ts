import type { CallArgument, LayerCall, LayerHandler, LayerTable } from '../../context.js';
import { functionClasses } from '../../layer-key.js';
import { Arguments } from './arguments.js';
import { nodeDefOf } from './node-def.js';
import type { OperationTable } from './operation.js';
import { type Parameter, type TensorflowFunction, tensorflowFunctions } from './tensorflow-functions.js';
import { tensorflowNodes } from './tensorflow-nodes.js';

/** Arguments of any function that say nothing of what it computes. */
const ignored = new Set(['name', 'layout', 'use_cudnn_on_gpu']);

const given = (value: CallArgument | undefined): value is Exclude<CallArgument, null> =>
  value !== undefined && value !== null;

/** Gives a function's arguments the names that the operation has for them. */
function translate(
  call: LayerCall,
  parameters: readonly Parameter[],
  args: readonly CallArgument[],
  named: Readonly<Record<string, CallArgument>>,
): Map<string, CallArgument> {
  const values = new Map<string, CallArgument>();
  parameters.forEach(({ name, target, fallback, rest }, index) => {
    const value = rest ? args.slice(index) : (args[index] ?? named[name]);
    if (given(value)) values.set(target, value);
    else if (fallback !== undefined && !values.has(target)) values.set(target, fallback);
  });
  const known = new Set(parameters.map(({ name }) => name));
  const other = Object.entries(named).find(([name, value]) => given(value) && !known.has(name) && !ignored.has(name));
  // What follows the parameters that mean something is a name.
  const follows = parameters.at(-1)?.rest ? [] : args.slice(parameters.length).filter(given);
  if (follows.some((value) => typeof value !== 'string'))
    call.unsupported(`it has ${args.length} arguments of which ${parameters.length} are known`);
  if (other) call.unsupported(`it has an argument that is not known, ${JSON.stringify(other[0]).slice(0, 60)}`);
  return values;
}

/** What a call of a function emits, its arguments by its own parameters. */
export function functionHandler(
  operations: OperationTable,
  { operation, parameters }: TensorflowFunction,
): LayerHandler {
  const { emit } = operations[operation]!;
  return (_, call) => emit(new Arguments(call, translate(call, parameters, call.args, call.kwargs)));
}

/** The inputs of a node: tensors of the call with the constants of the config between them. */
function nodeInputs({ args, config }: LayerCall): CallArgument[] {
  const [first] = args;
  const inputs = Array.isArray(first) ? [...first] : [...args];
  const constants = config.raw('constants');
  if (typeof constants === 'object' && constants !== null && !Array.isArray(constants)) {
    for (const [index, value] of Object.entries(constants).sort(([a], [b]) => Number(a) - Number(b)))
      inputs.splice(Number(index), 0, value);
  }
  return inputs;
}

function nodeHandler(operations: OperationTable, { operation, parameters }: TensorflowFunction): LayerHandler {
  const { emit } = operations[operation]!;
  const bar = parameters.findIndex(({ name }) => name === '|');
  const positional = bar < 0 ? parameters : parameters.slice(0, bar);
  const named = bar < 0 ? [] : parameters.slice(bar + 1);
  return (_, call) => {
    const attributes = nodeDefOf(call.layer.config)?.attributes ?? {};
    const wanted = Object.fromEntries(named.map(({ name }) => [name, attributes[name] ?? null]));
    const inputs = translate(call, positional, nodeInputs(call), {});
    const settings = translate(call, named, [], wanted);
    return emit(new Arguments(call, new Map([...inputs, ...settings])));
  };
}

/** Calls of TensorFlow's functions as Keras 2 writes them, by the kind of layer that each is. */
export function tensorflowLayers(operations: OperationTable): LayerTable {
  const functions = Object.entries(tensorflowFunctions).flatMap(([name, one]) => {
    const handler = functionHandler(operations, one);
    return functionClasses.flatMap((className) => [
      [`${className}(tf.${name})`, handler] as const,
      [`${className}(tf.compat.v1.${name})`, handler] as const,
    ]);
  });
  const nodes = Object.entries(tensorflowNodes).map(
    ([name, one]) => [`TensorFlowOpLayer(${name})`, nodeHandler(operations, one)] as const,
  );
  return Object.fromEntries([...functions, ...nodes]);
}
