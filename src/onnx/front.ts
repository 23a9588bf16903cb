import { type Argument, type Call, type Graph, type KerasModel, type Layer, TensorReference } from '../keras/model.js';
import { kindOf } from './kinds.js';

/** How a model begins: what happens to its input before the first layer that learns something of it. */
export interface Front {
  /** The calls that do the same arithmetic with every pixel, such as `Rescaling`, in order. */
  scaling: Call[];
  /** What comes next; undefined where nothing does. */
  next: Call | undefined;
  /** The graphs that `next` is in, outermost first, with the names and classes of the models that they belong to. */
  around: { name: string; className: string; graph: Graph }[];
}

/** Kinds of calls that do the same arithmetic with every pixel. */
const scalingKinds = new RegExp(
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
const passingKinds = new RegExp(
  [
    '^(Identity|Dropout|SpatialDropout2D|GaussianNoise|GaussianDropout|AlphaDropout|Random\\w+)$',
    '^(Resizing|CenterCrop|Cropping2D|UpSampling2D|Permute|Reshape|Concatenate)$',
    '^ops\\.(Identity|Cast|GetItem|Flip|Take|Transpose|Reshape|Concatenate|(image\\.)?(Resize|RGBToGrayscale|CropImages))$',
    '^(TFOpLambda|SlicingOpLambda)\\(tf\\.(__operators__\\.getitem|cast|identity|reverse|transpose|reshape|concat|image\\.\\w+)\\)$',
    '^TensorFlowOpLayer\\((Cast|StridedSlice|ReverseV2|Identity|Transpose|Reshape|ConcatV2|Resize\\w+)\\)$',
  ].join('|'),
);

/** Those among them that do nothing unless their activation does. */
const isLinearActivation = ({ className, config }: Layer): boolean =>
  className === 'Activation' && config.activation === 'linear';

/** The tensors in arguments. */
export function referencesIn(argument: Argument): string[] {
  if (argument instanceof TensorReference) return [argument.id];
  if (argument === null || typeof argument !== 'object') return [];
  return Object.values(argument).flatMap(referencesIn);
}

const inputsOf = ({ args, kwargs }: Call): string[] => [...args, ...Object.values(kwargs)].flatMap(referencesIn);

/** The most calls that are looked at: a model's own front is short. */
const maxSteps = 1000;

/** The front of a model with one input; of several inputs, that of the first. */
export function frontOf({ name, className, graph }: KerasModel): Front {
  let steps = 0;
  type Path = Pick<Front, 'scaling' | 'around'>;

  /** @returns the front, or the path so far where the tensor is what the graph returns */
  function follow(tensor: string, { scaling, around }: Path): Front | Path {
    const here = around.at(-1)!.graph;
    const calls = here.calls.filter((call) => inputsOf(call).includes(tensor));
    const fronts = calls.slice(0, 8).map((call) => step(call, tensor, { scaling, around }));
    const found = fronts.filter((front): front is Front => 'next' in front);
    // Where the input takes several ways, that of the arithmetic counts.
    const [best] = found.sort((a, b) => b.scaling.length - a.scaling.length);
    return best ?? fronts[0] ?? { scaling, around };
  }

  function step(call: Call, tensor: string, path: Path): Front | Path {
    const { layer, output } = call;
    const { scaling, around } = path;
    const end = { scaling, around, next: call };
    const inputs = inputsOf(call);
    if (++steps > maxSteps || inputs.some((input) => input !== tensor)) return end;
    if (layer.graph) {
      const inner = layer.graph.inputs[inputs.indexOf(tensor)];
      if (!inner) return end;
      const model = { name: layer.name, className: layer.className, graph: layer.graph };
      const front = follow(inner.id, { scaling, around: [...around, model] });
      return 'next' in front ? front : follow(`${output}:0`, { scaling: front.scaling, around });
    }
    const kind = kindOf(layer);
    if (passingKinds.test(kind) || isLinearActivation(layer)) return follow(`${output}:0`, path);
    if (scalingKinds.test(kind)) return follow(`${output}:0`, { scaling: [...scaling, call], around });
    return end;
  }

  const [input] = graph.inputs;
  const around = [{ name, className, graph }];
  const front = input ? follow(input.id, { scaling: [], around }) : { scaling: [], around };
  return { next: undefined, ...front };
}

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
