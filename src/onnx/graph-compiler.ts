import { callOf } from '../keras/call-order.js';
import { computeDType, isHalf } from '../keras/config.js';
import { ModelFileError } from '../keras/errors.js';
import { limits } from '../keras/limits.js';
import type { Argument, Call, Graph, Layer } from '../keras/model.js';
import { TensorReference } from '../keras/model.js';
import { flattenOutputs } from '../keras/outputs.js';
import { trainingRefusal } from '../keras/training.js';
import { InternalSignal } from '../support/errors.js';
import { lookUp } from '../support/look-up.js';
import type { TensorInfo } from '../support/tensor.js';
import { LayerConfig, LayerConfigError } from './config.js';
import { arraysAsTensors } from './constants.js';
import type { CallArgument, LayerCall } from './context.js';
import { GraphBuilder, ShapeError, type Value } from './graph.js';
import { convertedInputs } from './input-types.js';
import { LayerArguments } from './layer-arguments.js';
import { layerKey } from './layer-key.js';
import { layerTable, supportsMasking } from './layers/index.js';
import { stringArrangements } from './layers/strings.js';
import { checkWeightSizes } from './layers/weight-sizes.js';
import { maskedInputs, withMask } from './masks.js';
import { isString, readsStrings, StringGraph, takesNone } from './string-graph.js';
import { findUnsupportedIn, type UnsupportedLayer } from './unsupported.js';
import { weightConstant } from './weights.js';

/** Told of every call in a graph, the model's own or a nested one's, with what the call returns. */
export type CompileObserver = (call: Call, outputs: readonly TensorInfo[]) => void;

/** Classes of operations, whose numbers may be sizes and axes: they tell them apart from tensors themselves. */
const isOperation = ({ className }: Layer): boolean => /^ops\.|OpLambda$|^TensorFlowOpLayer$/.test(className);

/** Functions have no dtype of their own: that of a tensor of half precision goes along with it. */
const inHalf = (layer: Layer, { dtype }: TensorReference, value: Value): Value =>
  isOperation(layer) && isHalf(dtype) ? withMask(value, value.mask, dtype) : value;

/** A setting of a layer that can't be expressed; caught where the layer is known. */
class UnsupportedSetting extends InternalSignal {}

/** A layer is refused, or stands behind one that is: what it returns is unknown. Compiling goes on, to find the others. */
class UncompiledLayer extends InternalSignal {}

/**
 * Emits graphs call by call. A layer that is refused is noted, and what stands behind it is left out, so that one pass finds all of
 * them.
 */
export class GraphCompiler {
  readonly graph = new GraphBuilder();
  readonly strings = new StringGraph(this.graph);
  private readonly weights = new Map<Layer, Map<string, Value>>();
  private calls = 0;

  /** @param unsupported the layers that are known to be refused; others are added as they are found */
  constructor(
    private readonly kerasVersion: number,
    readonly unsupported: UnsupportedLayer[],
    private readonly observe: CompileObserver,
  ) {}

  /** Emits a graph's calls. @returns its outputs, flattened */
  run(graph: Graph, inputs: readonly Value[]): Value[] {
    const tensors = new Map<string, Value>();
    const unknown = new Set<string>();
    graph.inputs.forEach(({ id, name }, index) => {
      const input = inputs[index];
      if (!input) throw new ModelFileError('model_damaged', `The model is called without its input "${name}".`);
      tensors.set(id, input);
    });
    const lookUp = ({ id }: TensorReference): Value => {
      if (unknown.has(callOf(id))) throw new UncompiledLayer();
      return tensors.get(id) ?? missingTensor(id);
    };
    for (const call of graph.calls) {
      try {
        const outputs = this.callInGraph(call, lookUp);
        outputs.forEach((output, index) => {
          tensors.set(`${call.output}:${index}`, output);
        });
        this.observe(call, outputs.map(infoOf));
      } catch (error) {
        if (!(error instanceof UncompiledLayer)) throw error;
        unknown.add(call.output);
      }
    }
    return flattenOutputs(graph.outputs).map(({ reference }) => lookUp(reference));
  }

  private callInGraph(call: Call, lookUp: (reference: TensorReference) => Value): Value[] {
    const resolve = (argument: Argument): CallArgument => {
      if (argument instanceof TensorReference) return inHalf(call.layer, argument, lookUp(argument));
      if (Array.isArray(argument)) return argument.map(resolve);
      if (argument !== null && typeof argument === 'object')
        return Object.fromEntries(Object.entries(argument).map(([key, value]) => [key, resolve(value)]));
      return argument;
    };
    const ready = (argument: Argument) =>
      isOperation(call.layer) ? resolve(argument) : arraysAsTensors(this.graph, resolve(argument));
    const kwargs = Object.entries(call.kwargs).map(([key, value]) => [key, ready(value)] as const);
    return this.call(call.layer, call.args.map(ready), Object.fromEntries(kwargs));
  }

  /**
   * Emits one call of a layer or nested model.
   * @throws ModelFileError `model_too_large` when nested models that call nested models make too many
   */
  call(layer: Layer, args: readonly CallArgument[], kwargs: Readonly<Record<string, CallArgument>>): Value[] {
    if (++this.calls > limits.calls)
      throw new ModelFileError('model_too_large', `The model calls layers more than ${limits.calls} times.`);
    return this.graph.scope(layer.name, () => {
      if (!layer.graph) this.checkSupported(layer);
      const given = new LayerArguments(layer.className, args, kwargs);
      try {
        return isOperation(layer) ? this.handle(layer, given) : this.callLayer(layer, given);
      } catch (error) {
        if (error instanceof UnsupportedSetting || error instanceof LayerConfigError)
          throw this.refuse(layer, error.message);
        if (error instanceof ShapeError)
          throw new ModelFileError(
            'model_damaged',
            `The layer "${layer.name}" (${layerKey(layer)}) can't be built: ${error.message}.`,
            { cause: error },
          );
        throw error;
      }
    });
  }

  /** @returns the outputs of a layer or nested model, with the masks that they carry */
  private callLayer(layer: Layer, given: LayerArguments): Value[] {
    const { inputs } = given;
    if (inputs.length === 0)
      throw new ModelFileError('model_damaged', `The layer "${layer.name}" (${layer.className}) has no input.`);
    const reason = trainingRefusal(layer, given.get('training'), this.kerasVersion);
    if (reason !== undefined) throw new UnsupportedSetting(reason);
    const outputs = layer.graph
      ? this.run(layer.graph, convertedInputs(layer, maskedInputs(given)))
      : this.handle(layer, given);
    const { unknown } = given;
    if (unknown !== undefined)
      throw new UnsupportedSetting(`it is called with an argument that is not supported, ${unknown.slice(0, 60)}`);
    if (layer.graph) return outputs;
    const mask = supportsMasking.has(layer.className) ? given.previousMasks[0] : undefined;
    // An input that is returned as it came must not bring its mask past a layer that drops masks.
    const dtype = computeDType(layer);
    return outputs.map((output) =>
      withMask(output, (inputs.includes(output) ? undefined : output.mask) ?? mask, dtype),
    );
  }

  private handle(layer: Layer, given: LayerArguments): Value[] {
    const key = layerKey(layer);
    const handler =
      given.inputs.some(isString) && !readsStrings.has(key) ? lookUp(stringArrangements, key) : layerTable[key]!;
    if (!handler) throw new UnsupportedSetting(takesNone);
    return [handler(given.inputs, this.context(layer, given))].flat();
  }

  /** Most refusals are known from the start, but not those of layers that stand in for activations. */
  private checkSupported(layer: Layer): void {
    const found = findUnsupportedIn(layer, layerTable);
    found.forEach((one) => {
      this.note(one);
    });
    if (found.length > 0) throw new UncompiledLayer();
  }

  private refuse(layer: Layer, reason: string): UncompiledLayer {
    this.note({ name: layer.name, className: layerKey(layer), reason });
    return new UncompiledLayer();
  }

  private note(layer: UnsupportedLayer): void {
    const isThis = ({ name, reason }: UnsupportedLayer) => name === layer.name && reason === layer.reason;
    if (!this.unsupported.some(isThis)) this.unsupported.push(layer);
  }

  private context(layer: Layer, given: LayerArguments): LayerCall {
    const rawWeight = (name: string) => {
      const weight = layer.weights.get(name);
      if (weight) return weight;
      throw new ModelFileError(
        'model_weights_missing',
        `The model file has no weight "${name}" for layer "${layer.name}".`,
      );
    };
    const once = (key: string, make: () => Value) => {
      const known = this.weights.get(layer) ?? new Map<string, Value>();
      this.weights.set(layer, known);
      const value = known.get(key) ?? make();
      known.set(key, value);
      return value;
    };
    const weight = (name: string, perm?: readonly number[], shape?: readonly number[]) =>
      once(`${name}:${perm?.join() ?? ''}:${shape?.join() ?? ''}`, () =>
        weightConstant(this.graph, name, rawWeight(name), perm, shape),
      );
    const config = new LayerConfig(layer.config);
    checkWeightSizes(layer, config);
    return {
      graph: this.graph,
      strings: this.strings,
      layer,
      kerasVersion: this.kerasVersion,
      config,
      args: given.args,
      kwargs: given.kwargs,
      previousMasks: given.previousMasks,
      argument: (name) => given.get(name),
      tensor: (name) => given.tensor(name),
      flag: (name) => given.flag(name),
      rawWeight,
      weight,
      hasWeight: (name) => layer.weights.has(name),
      optionalWeight: (name) => (layer.weights.has(name) ? weight(name) : undefined),
      call: (other, inputs) => this.call(other, [inputs.length === 1 ? inputs[0]! : [...inputs]], {}),
      of: (other) => this.context(other, new LayerArguments(other.className, [], {})),
      once,
      unsupported: (reason) => {
        throw new UnsupportedSetting(reason);
      },
    };
  }
}

function missingTensor(id: string): never {
  throw new ModelFileError(
    'model_damaged',
    `The model's graph refers to a tensor that no layer makes: "${id.slice(0, 80)}".`,
  );
}

/** Name, type and shape of a value. */
export const infoOf = ({ name, type, shape }: Value): TensorInfo => ({ name, type, shape: [...shape] });
