import { brokenConfig } from './config.js';
import { type Argument, type Call, type Layer, TensorReference } from './model.js';

/** The `output` of the call that makes a tensor. */
export const callOf = (tensor: string): string => tensor.slice(0, tensor.lastIndexOf(':'));

/**
 * The calls that lead to the outputs, in the order in which Keras runs them: the deepest first, and those of one depth as
 * `map_graph` of `keras.Function` meets them on its way back from the outputs. The order tells where a call takes the mask off
 * a tensor that another is called with too.
 *
 * @param outputs - the ids of the model's outputs, flattened
 * @throws ModelFileError `model_damaged` when calls wait for one another
 */
export function orderCalls(calls: readonly Call[], outputs: readonly string[]): Call[] {
  const byOutput = new Map(calls.map((call) => [call.output, call]));
  const parents = new Map(calls.map((call) => [call, tensorsOf(call).flatMap((id) => byOutput.get(callOf(id)) ?? [])]));
  const roots = outputs.flatMap((id) => byOutput.get(callOf(id)) ?? []);
  const depths = depthsOf(inputsFirst(roots, parents), parents);
  return [...depths].sort(([, a], [, b]) => b - a).map(([call]) => call);
}

type Parents = ReadonlyMap<Call, readonly Call[]>;

/** What leads to `roots`, each call behind those it needs: a walk in depth, without recursion, as chains may be long. */
function inputsFirst(roots: readonly Call[], parents: Parents): Call[] {
  const done = new Set<Call>();
  const begun = new Set<Call>();
  const waiting = [...roots].reverse();
  for (let call = waiting.at(-1); call !== undefined; call = waiting.at(-1)) {
    const needed = begun.has(call) ? [] : parents.get(call)!.filter((parent) => !done.has(parent));
    if (done.has(call) || needed.length === 0) {
      done.add(call);
      waiting.pop();
    } else {
      if (needed.some((parent) => begun.has(parent))) throw brokenConfig('its layers wait for one another in a circle');
      waiting.push(...needed.reverse());
    }
    begun.add(call);
  }
  return [...done];
}

/** How many calls lie between each call and an output at most. All calls of a layer count as deep as its deepest so far. */
function depthsOf(inputsFirst: readonly Call[], parents: Parents): Map<Call, number> {
  const depths = new Map<Call, number>();
  const ofLayers = new Map<Layer, number>();
  for (const call of inputsFirst.toReversed()) {
    const depth = Math.max(depths.get(call) ?? 0, ofLayers.get(call.layer) ?? 0);
    ofLayers.set(call.layer, depth);
    depths.set(call, depth);
    for (const parent of parents.get(call)!) depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
  }
  return depths;
}

/** The ids of the tensors that a call is given, as Keras flattens them: dicts and keywords by their sorted keys. */
export function tensorsOf({ args, kwargs }: Call): string[] {
  const idsIn = (argument: Argument): string[] => {
    if (argument instanceof TensorReference) return [argument.id];
    if (Array.isArray(argument)) return argument.flatMap(idsIn);
    if (argument === null || typeof argument !== 'object') return [];
    return Object.keys(argument)
      .sort()
      .flatMap((key) => idsIn(argument[key]!));
  };
  return [...args, kwargs].flatMap(idsIn);
}
