import { FunctionError } from '../../../python/error.js';
import type { CallArgument, LayerCall, LayerHandler, LayerTable } from '../../context.js';
import { Value } from '../../graph.js';
import { Evaluation, outputsOf } from './evaluate.js';
import { lambdaFunction, refusalOf } from './read.js';
import { type PythonValue, Sequence } from './values.js';

/** The input as the function gets it: a tensor, or a list of them. */
function inputOf(argument: CallArgument | undefined): PythonValue {
  if (argument instanceof Value) return argument;
  if (Array.isArray(argument)) return new Sequence(argument.map(inputOf));
  throw new FunctionError('it is called with something other than tensors');
}

/** What a function of Python works out, read from its code. It gets integers as they are; floats are float32 here anyway. */
const lambda: LayerHandler = (inputs, call: LayerCall) => {
  const read = lambdaFunction(call.layer);
  if (!read) return call.unsupported('its code is not read');
  try {
    const [first] = read.function.parameters;
    const parameters = new Map([...read.parameters, [first!, inputOf(call.args[0])]]);
    // What an operation can't do is said of the function that calls it.
    const unsupported = (reason: string): never => {
      throw new FunctionError(reason);
    };
    const own = { ...call, unsupported };
    const outputs = outputsOf(new Evaluation(own, { parameters, closure: read.closure }).value(read.function.value));
    // Keras keeps a mask on the tensor itself: whether it stays depends on the version.
    if (outputs.some((output) => output.mask && inputs.includes(output)))
      throw new FunctionError('it gives an input with a mask as it is');
    return outputs;
  } catch (error) {
    if (error instanceof FunctionError) return call.unsupported(refusalOf(read.function, error));
    throw error;
  }
};

/** https://keras.io/api/layers/core_layers/lambda/ */
export const lambdaLayers: LayerTable = { Lambda: lambda };
