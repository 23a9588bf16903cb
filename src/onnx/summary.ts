import { ModelFileError } from '../keras/errors.js';
import { type Argument, type Call, type Graph, type KerasModel, type Layer, TensorReference } from '../keras/model.js';
import type { TensorInfo } from '../support/tensor.js';
import { compile } from './compile.js';
import { layerTable } from './layers/index.js';
import { findUnsupportedIn, type UnsupportedLayer, UnsupportedLayersError } from './unsupported.js';

/** A tensor that a model or layer takes or gives; the first axis is the batch, null is an axis of any size. */
export interface TensorSummary {
  name: string;
  /** As in TensorInfo, or the dtype in Keras's words where the model can't be compiled. */
  type: string;
  shape: (number | null)[];
}

/** A layer as Keras's `model.summary()` has it. */
export interface LayerSummary {
  name: string;
  className: string;
  /** What its first call returns; null for a layer that can't be compiled, or that stands behind one. */
  outputs: Omit<TensorSummary, 'name'>[] | null;
  /** Numbers in its weights, those of layers inside it too; null where a class is unknown. */
  parameters: number | null;
  /** The tensors that it is called with, as Keras names them: `conv1[0][0]` is the first output of conv1's first call. */
  connectedTo: string[];
  /** The layers of a nested model. */
  layers?: LayerSummary[];
}

/** What is in a model file. */
export interface ModelSummary {
  container: KerasModel['container'] | 'onnx' | 'saved-model' | 'graph-model';
  kerasVersion: string | null;
  /** Of an ONNX file, these and what follows but the inputs and outputs are empty. */
  name: string | null;
  className: string | null;
  inputs: TensorSummary[];
  /** null where layers can't be compiled. */
  outputs: TensorSummary[] | null;
  layers: LayerSummary[];
  /** Of all layers whose class is known, each counted once. */
  parameters: number | null;
  /** Every layer that can't be compiled, with the reason. */
  unsupported: UnsupportedLayer[];
  /** Why the model can't be compiled although every layer is supported: something in it is damaged. */
  problem: string | null;
}

/**
 * Sums up a Keras model, whether or not it can be compiled.
 * @throws ModelFileError `model_too_large`
 */
export function summarize(model: KerasModel): ModelSummary {
  const returned = new Map<Call, readonly TensorInfo[]>();
  const { container, kerasVersion = null, name, className, graph } = model;
  return {
    container,
    kerasVersion,
    name,
    className,
    inputs: graph.inputs.map((input) => ({ name: input.name, type: input.dtype, shape: input.shape })),
    ...tryCompile(model, returned),
    layers: summarizeGraph(graph, className, returned),
    parameters: countParameters(graph.calls.map(({ layer }) => layer)),
  };
}

function tryCompile(
  model: KerasModel,
  returned: Map<Call, readonly TensorInfo[]>,
): Pick<ModelSummary, 'outputs' | 'unsupported' | 'problem'> & Partial<Pick<ModelSummary, 'inputs'>> {
  const failed = { outputs: null, unsupported: [], problem: null };
  try {
    const { inputs, outputs } = compile(model, (call, tensors) => {
      if (!returned.has(call)) returned.set(call, tensors);
    });
    return { inputs, outputs, unsupported: [], problem: null };
  } catch (error) {
    if (error instanceof UnsupportedLayersError) return { ...failed, unsupported: [...error.layers] };
    if (error instanceof ModelFileError && error.code !== 'model_too_large')
      return { ...failed, problem: error.message };
    throw error;
  }
}

/** The layers of a graph, inputs of functional models among them, in the order of their first calls. */
function summarizeGraph(
  graph: Graph,
  className: string,
  returned: ReadonlyMap<Call, readonly TensorInfo[]>,
): LayerSummary[] {
  const callsOf = new Map<Layer, Call[]>();
  for (const call of graph.calls) {
    const others = callsOf.get(call.layer);
    if (others) others.push(call);
    else callsOf.set(call.layer, [call]);
  }
  const inputs = className === 'Sequential' ? [] : graph.inputs;
  return [
    ...inputs.map(
      ({ name, dtype, shape }): LayerSummary => ({
        name,
        className: 'InputLayer',
        outputs: [{ type: dtype, shape }],
        parameters: 0,
        connectedTo: [],
      }),
    ),
    ...[...callsOf].map(([layer, calls]): LayerSummary => {
      const outputs = returned.get(calls[0]!)?.map(({ type, shape }) => ({ type, shape })) ?? null;
      return {
        name: layer.name,
        className: layer.className,
        outputs,
        parameters: isKnown(layer) ? countParameters([layer]) : null,
        connectedTo: [...new Set(calls.flatMap(({ args, kwargs }) => sourcesOf([...args, ...Object.values(kwargs)])))],
        ...(layer.graph && { layers: summarizeGraph(layer.graph, layer.className, returned) }),
      };
    }),
  ];
}

const isKnown = (layer: Layer): boolean => findUnsupportedIn(layer, layerTable).length === 0;

/** The tensors in arguments, as `layer[call][output]`. */
function sourcesOf(argument: Argument): string[] {
  if (argument instanceof TensorReference) return [argument.id.replace(/\/(\d+):(\d+)$/, '[$1][$2]')];
  if (argument === null || typeof argument !== 'object') return [];
  return Object.values(argument).flatMap(sourcesOf);
}

/** Numbers in the weights of layers and of all that they hold, each layer counted once. */
function countParameters(layers: readonly Layer[]): number {
  const seen = new Set<Layer>();
  const count = (layer: Layer): number => {
    if (seen.has(layer)) return 0;
    seen.add(layer);
    const inner = [...Object.values(layer.layers), ...(layer.graph?.calls.map((call) => call.layer) ?? [])];
    const own = [...layer.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    return inner.reduce((sum, other) => sum + count(other), own);
  };
  return layers.reduce((sum, layer) => sum + count(layer), 0);
}
