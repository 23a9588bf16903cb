import { tensorsOf } from '../keras/call-order.js';
import { type Argument, type Call, type Graph, type KerasModel, type Layer, TensorReference } from '../keras/model.js';
import { layerKey } from './layer-key.js';
import { scales } from './layers/lambda/read.js';

/** How a model begins: what happens to its input before the first layers that make something of it. */
export interface Front {
  /** The calls that do the same arithmetic with every pixel, such as `Rescaling`, in order. */
  scaling: Call[];
  /** The models that the layers are in which come next, each before those around it, with their names. */
  models: Map<Graph, string>;
  /** The first call that makes something of the pixels, and the calls of the graph that it is in. */
  first?: { call: Call; calls: readonly Call[] };
}

/** A model and those around it, from the inside out. */
type Nesting = Pick<KerasModel, 'name' | 'graph'>[];

/** Kinds of calls that do the same arithmetic with every pixel. */
const scalingLayers = new RegExp(
  [
    '^(Rescaling|Normalization|BatchNormalization)$',
    '^ops\\.(TrueDivide|Divide|Multiply|Subtract|Add|Negative)$',
    '^TFOpLambda\\(tf\\.(math\\.)?(truediv|divide|multiply|subtract|add|negative)\\)$',
    '^TFOpLambda\\(tf\\.(nn\\.bias_add|image\\.per_image_standardization)\\)$',
    '^(TFOpLambda|SlicingOpLambda)\\(tf\\.__operators__\\.(add|sub|mul|truediv|div|neg)\\)$',
    '^TensorFlowOpLayer\\((RealDiv|Div|Mul|Sub|Add|AddV2|BiasAdd|Neg)\\)$',
  ].join('|'),
);

/** Kinds of calls after which pixels are as bright as before: they choose, move or mix them, or act in training alone. */
const passingLayers = new RegExp(
  [
    '^(Identity|Dropout|SpatialDropout2D|GaussianNoise|GaussianDropout|AlphaDropout|Random\\w+)$',
    '^(Resizing|CenterCrop|Cropping2D|UpSampling2D|Permute|Reshape|Concatenate)$',
    '^ops\\.(Identity|Cast|GetItem|Flip|Take|Transpose|Reshape|Concatenate|Stack|(image\\.)?(Resize|RGBToGrayscale|CropImages))$',
    '^(TFOpLambda|SlicingOpLambda)\\(tf\\.(__operators__\\.getitem|cast|identity|reverse|gather|transpose|reshape|concat|stack|image\\.\\w+)\\)$',
    '^TensorFlowOpLayer\\((Cast|StridedSlice|ReverseV2|Identity|Transpose|Reshape|ConcatV2|Pack|Resize\\w+)\\)$',
  ].join('|'),
);

/** Those among them that do nothing unless their activation does. */
const isLinearActivation = ({ className, config }: Layer): boolean =>
  className === 'Activation' && config.activation === 'linear';

/** The tensors in arguments. */
function referencesIn(argument: Argument): string[] {
  if (argument instanceof TensorReference) return [argument.id];
  if (argument === null || typeof argument !== 'object') return [];
  return Object.values(argument).flatMap(referencesIn);
}

/** The most calls that are looked at, those of nested models each time that they are called. */
const maxCalls = 100_000;

/** The front of a model with one input; of several inputs, that of the first. */
export function frontOf({ name, graph }: Pick<KerasModel, 'name' | 'graph'>): Front {
  const front: Front = { scaling: [], models: new Map() };
  let calls = 0;

  /** @returns whether what goes into the innermost model comes out, scaled at most */
  function follow(nesting: Nesting, inputs: string[]): boolean {
    const { calls: inner, outputs } = nesting[0]!.graph;
    const tensors = new Set(inputs);
    for (const call of inner) {
      if (++calls > maxCalls) return false;
      const taken = tensorsOf(call);
      if (!taken.some((id) => tensors.has(id))) continue;
      if (taken.every((id) => tensors.has(id)) && passes(call, nesting)) tensors.add(`${call.output}:0`);
      else if (!call.layer.graph) {
        front.first ??= { call, calls: inner };
        for (const { name, graph } of nesting) front.models.set(graph, name);
      }
    }
    return referencesIn(outputs).every((id) => tensors.has(id));
  }

  function passes(call: Call, nesting: Nesting): boolean {
    const { name, graph } = call.layer;
    if (graph) return follow([{ name, graph }, ...nesting], idsOf(graph.inputs));
    const key = layerKey(call.layer);
    const isScaling = scalingLayers.test(key) || scales(call.layer);
    if (isScaling) front.scaling.push(call);
    return isScaling || passingLayers.test(key) || isLinearActivation(call.layer);
  }

  follow([{ name, graph }], idsOf(graph.inputs.slice(0, 1)));
  return front;
}

const idsOf = (inputs: Graph['inputs']): string[] => inputs.map(({ id }) => id);

/**
 * The arithmetic at the front as a model of its own, for single pixels: float32 (batch, 1, 1, channels), or with the channels
 * second.
 */
export function frontModel({ graph, ...model }: KerasModel, { scaling }: Front): KerasModel {
  const channelsFirst = isChannels(graph.inputs[0]?.shape[1]) && !isChannels(graph.inputs[0]?.shape[3]);
  const channels = graph.inputs[0]?.shape[channelsFirst ? 1 : 3] ?? 3;
  const shape = channelsFirst ? [null, channels, 1, 1] : [null, 1, 1, channels];
  const calls = scaling.map((call, index): Call => {
    const before = new TensorReference(index === 0 ? 'pixels:0' : `front_${index - 1}:0`);
    return {
      ...call,
      args: call.args.map((argument) => replaceTensors(argument, before)),
      kwargs: Object.fromEntries(
        Object.entries(call.kwargs).map(([key, argument]) => [key, replaceTensors(argument, before)]),
      ),
      output: `front_${index}`,
    };
  });
  return {
    ...model,
    graph: {
      inputs: [{ name: 'pixels', id: 'pixels:0', shape, dtype: 'float32' }],
      calls,
      outputs: new TensorReference(`front_${calls.length - 1}:0`),
    },
  };
}

const isChannels = (size: number | null | undefined): boolean => size === 1 || size === 3 || size === 4;

function replaceTensors(argument: Argument, by: TensorReference): Argument {
  if (argument instanceof TensorReference) return by;
  if (Array.isArray(argument)) return argument.map((one) => replaceTensors(one, by));
  if (argument === null || typeof argument !== 'object') return argument;
  return Object.fromEntries(Object.entries(argument).map(([key, one]) => [key, replaceTensors(one, by)]));
}
