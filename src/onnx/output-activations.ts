import { callOf, tensorsOf } from '../keras/call-order.js';
import { asText, isObject, lookUp } from '../keras/config.js';
import type { ConfigValue, Graph, Layer } from '../keras/model.js';
import { flattenOutputs } from '../keras/outputs.js';
import { activations } from './activations.js';
import { layerKey } from './layer-key.js';
import { lastFunction } from './layers/lambda/read.js';

/** What made a tensor: an activation, `linear` for none, undefined where it can't be told; or nothing, as it is an input. */
type Origin = { activation: string | undefined } | { input: number };

/** Kinds of calls that leave numbers as they are: they arrange or choose them, or act in training alone. */
const passingLayers = new RegExp(
  [
    '^(Identity|Dropout|SpatialDropout[123]D|GaussianNoise|GaussianDropout|AlphaDropout|ActivityRegularization)$',
    '^(Reshape|Flatten|Permute|RepeatVector|Cropping[123]D)$',
    '^ops\\.(Identity|StopGradient|Cast|Reshape|Ravel|Squeeze|ExpandDims|Transpose|Swapaxes|Moveaxis|GetItem|Slice|Flip)$',
    '^(TFOpLambda|SlicingOpLambda)\\(tf\\.(identity|stop_gradient|cast|reshape|squeeze|expand_dims|transpose|reverse)\\)$',
    '^(TFOpLambda|SlicingOpLambda)\\(tf\\.(__operators__\\.getitem|slice|strided_slice)\\)$',
    '^TensorFlowOpLayer\\((Identity|StopGradient|Cast|Reshape|Squeeze|ExpandDims|Transpose|ReverseV2|Slice|StridedSlice)\\)$',
  ].join('|'),
);

/** Calls of functions: the name stands last, behind dots. */
const functions = /^(?:ops\.|(?:TFOpLambda|TensorFlowOpLayer)\()(?:\w+\.)*(\w+)\)?$/;

/** `LeakyReLU`, `LeakyRelu` and `leaky_relu` differ in letters and underscores alone. */
const fold = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** Activations by folded names; those of layers and functions that have others than in `keras.activations`. */
const names: Record<string, string> = {
  ...Object.fromEntries(Object.keys(activations).map((name) => [fold(name), name])),
  exp: 'exponential',
  // No activations, but they tell as much: what comes out of them is no class's score.
  unitnormalization: 'l2_normalize',
  l2normalize: 'l2_normalize',
  normalize: 'l2_normalize',
  hardsigmoidkeras2: 'hard_sigmoid',
  prelu: 'prelu',
  thresholdedrelu: 'thresholded_relu',
};

/**
 * The activation that made each output of a graph, in flattened order, by its name in `keras.activations`; one of the model's own
 * as the file has it.
 */
export function activationsOf(graph: Graph): (string | undefined)[] {
  const known = new Map<Graph, Origin[]>();

  function originsOf(graph: Graph): Origin[] {
    const done = known.get(graph);
    if (done) return done;
    // Tensors on the way to an output are remembered, as others may come the same way.
    const origins = new Map(graph.inputs.map(({ id }, input): [string, Origin] => [id, { input }]));
    const calls = new Map(graph.calls.map((call) => [call.output, call]));

    /** What made a tensor, or the tensor that a call left as it was. */
    function before(id: string): Origin | string {
      const call = calls.get(callOf(id));
      if (!call) return unknown;
      const made = madeBy(call.layer, Number(id.slice(call.output.length + 1)));
      if ('activation' in made) return made;
      const given = tensorsOf(call);
      return given.length === (call.layer.graph?.inputs.length ?? 1) ? given[made.input]! : unknown;
    }

    function trace(output: string): Origin {
      const way: string[] = [];
      let found: Origin | string = output;
      while (typeof found === 'string' && way.length <= calls.size) {
        way.push(found);
        found = origins.get(found) ?? before(found);
      }
      const origin = typeof found === 'string' ? unknown : found;
      for (const id of way) origins.set(id, origin);
      return origin;
    }

    const all = flattenOutputs(graph.outputs).map(({ reference }) => trace(reference.id));
    known.set(graph, all);
    return all;
  }

  function madeBy(layer: Layer, output: number): Origin {
    if (layer.graph) return originsOf(layer.graph)[output] ?? unknown;
    // The states of recurrent layers are others' numbers.
    if (output > 0 || goesOn(layer)) return unknown;
    const { layer: wrapped, forward_layer: forward, cell } = layer.layers;
    const inner = wrapped ?? forward ?? cell;
    if (inner) return madeBy(inner, 0);
    const activation = activationOf(layer);
    const passes = passingLayers.test(layerKey(layer)) || (layer.className === 'Activation' && activation === 'linear');
    return passes ? { input: 0 } : { activation };
  }

  return originsOf(graph).map((origin) => ('activation' in origin ? origin.activation : undefined));
}

const unknown: Origin = { activation: undefined };

/** Whether a layer computes something of what its activation, or that of the layer in it, gives. */
const goesOn = ({ className, config }: Layer): boolean =>
  className === 'Highway' || config.merge_mode === 'sum' || config.merge_mode === 'mul';

/** The activation that a layer has or is, `linear` where it could have one and has none. */
function activationOf(layer: Layer): string | undefined {
  const { activation } = layer.config;
  if (activation === undefined) {
    const name = layer.className === 'Lambda' ? lastFunction(layer) : functions.exec(layerKey(layer))?.[1];
    return named(name ?? layer.className, layer.config);
  }
  if (activation === null) return 'linear';
  if (typeof activation === 'string') return lookUp(names, fold(activation)) ?? activation;
  if (!isObject(activation)) return undefined;
  const className = asText(activation.class_name);
  return className && (named(className, activation.config) ?? className);
}

/** The activation that a layer's class, or a function, is called after. */
function named(name: string, config: ConfigValue | undefined): string | undefined {
  const found = lookUp(names, fold(name));
  return found === 'relu' && isObject(config) && config.negative_slope ? 'leaky_relu' : found;
}
