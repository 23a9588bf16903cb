import type { serialization, Tensor as TfTensor } from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Plan, PlannedLayer, TensorPosition } from './plan.js';
import type { Runnable } from './runnable.js';
import type { TensorFlow } from './runtime.js';
import type { LayersModelFile } from './stored-model.js';

type TfLayer = import('@tensorflow/tfjs-layers').layers.Layer;
type LayersModel = import('@tensorflow/tfjs-layers').LayersModel;

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** Bytes as numbers; they are copied where they don't begin at a multiple of the numbers' size. */
function typed(dtype: keyof typeof arrays, bytes: Uint8Array<ArrayBuffer>) {
  const array = arrays[dtype];
  const { buffer, byteOffset } = byteOffsetFits(bytes, array.BYTES_PER_ELEMENT) ? bytes : bytes.slice();
  return new array(buffer, byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);
}

const byteOffsetFits = ({ byteOffset }: Uint8Array, size: number): boolean => byteOffset % size === 0;

/** Bytes of the weights of a layers model. */
export const weightLengths = ({ weights }: LayersModelFile): number[] =>
  weights.map(({ shape, dtype }) => shape.reduce((product, size) => product * size, arrays[dtype].BYTES_PER_ELEMENT));

/** What weights are until they get their own: by default random, which takes long, and kernels that WebAssembly hasn't got. */
const initializers = {
  kernelInitializer: 'zeros',
  recurrentInitializer: 'zeros',
  depthwiseInitializer: 'zeros',
  pointwiseInitializer: 'zeros',
  embeddingsInitializer: 'zeros',
  biasInitializer: 'zeros',
  unitForgetBias: false,
};

/** What TensorFlow.js's WebAssembly backend computes without complaint, and wrong. */
const wrongOnWasm: Record<string, (config: PlannedLayer['config'], input: readonly unknown[]) => string | undefined> = {
  BatchNormalization: ({ axis }, input) =>
    axis === -1 || axis === input.length - 1 ? undefined : `its axis is not the last, ${needsNative}`,
  Conv3DTranspose: () => `it is transposed in three dimensions, ${needsNative}`,
  MaxPooling3D: ({ padding }) => (padding === 'same' ? `its padding is the same, ${needsNative}` : undefined),
  AveragePooling3D: ({ padding }) => (padding === 'same' ? `its padding is the same, ${needsNative}` : undefined),
  PReLU: ({ sharedAxes }) =>
    Array.isArray(sharedAxes) && sharedAxes.length > 0 ? `it has shared axes, ${needsNative}` : undefined,
};
const needsNative = "which needs TensorFlow's native library";

class Builder {
  /** Layers that have weights, to be given them once they are built. */
  private readonly weighted: { layer: TfLayer; places: number[] }[] = [];

  constructor(private readonly tensorflow: TensorFlow) {}

  model({ inputs, layers, calls, outputs }: Plan): LayersModel {
    const { layers: tf } = this.tensorflow;
    const symbols = inputs.map(({ name, shape, dtype }) => tf.input({ name, batchShape: shape, dtype }));
    const made = layers.map((layer) => this.layer(layer));
    const results: SymbolicTensor[][] = [];
    const find = ([call, tensor]: TensorPosition): SymbolicTensor =>
      call < 0 ? symbols[-1 - call]! : results[call]![tensor]!;
    for (const call of calls) {
      const given = call.inputs.map(find);
      const planned = layers[call.layer]!;
      const wrong = this.tensorflow.node
        ? undefined
        : wrongOnWasm[planned.className]?.(planned.config, given[0]!.shape);
      if (wrong) throw new TypeError(`the layer "${planned.name}" (${planned.className}): ${wrong}`);
      try {
        results.push([made[call.layer]!.apply(given.length === 1 ? given[0]! : given)].flat() as SymbolicTensor[]);
      } catch (error) {
        const { name, className } = planned;
        throw new TypeError(`the layer "${name}" (${className}) can't be built: ${(error as Error).message}`);
      }
    }
    return tf.model({ inputs: symbols, outputs: distinct(outputs).map(find) });
  }

  private layer(planned: PlannedLayer): TfLayer {
    const inner = Object.entries(planned.inner).map(([key, value]) => [
      key,
      Array.isArray(value)
        ? value.map((one) => this.layer(one))
        : 'calls' in value
          ? this.model(value)
          : this.layer(value),
    ]);
    const map = this.tensorflow.core.serialization.SerializationMap.getMap().classNameMap;
    const [make] = map[planned.className] ?? [];
    if (!make) throw new TypeError(`TensorFlow.js has no layer ${planned.className}`);
    const config = {
      ...initializers,
      // A separable convolution has two kernels, and refuses the initializer of one.
      ...(planned.className.startsWith('Separable') && { kernelInitializer: undefined }),
      ...planned.config,
      ...Object.fromEntries(inner),
    } as serialization.ConfigDict;
    const layer = new (make as unknown as new (config: serialization.ConfigDict) => TfLayer)(config);
    if (planned.weights.length > 0) this.weighted.push({ layer, places: planned.weights });
    return layer;
  }

  setWeights(tensors: readonly TfTensor[]): void {
    for (const { layer, places } of this.weighted) layer.setWeights(places.map((place) => tensors[place]!));
  }
}

/** The tensors that a plan gives, each once: TensorFlow.js gives none twice. */
const distinct = (positions: readonly TensorPosition[]): TensorPosition[] => [
  ...new Map(positions.map((position) => [position.join(), position])).values(),
];

/** A model of layers, with the shapes of what it gives. */
export interface LayersRunnable extends Runnable {
  outputShapes: (number | null)[][];
}

/**
 * Builds a model of TensorFlow.js's layers.
 * @throws TypeError where TensorFlow.js refuses a layer
 */
export function buildLayersModel(
  tensorflow: TensorFlow,
  { plan, weights }: LayersModelFile,
  bytes: readonly Uint8Array<ArrayBuffer>[],
): LayersRunnable {
  const { core } = tensorflow;
  const builder = new Builder(tensorflow);
  const model = builder.model(plan);
  core.tidy(() => {
    const tensors = weights.map(({ shape, dtype }, index) => core.tensor(typed(dtype, bytes[index]!), shape, dtype));
    builder.setWeights(tensors);
  });
  const given = distinct(plan.outputs).map((position) => position.join());
  const places = plan.outputs.map((position) => given.indexOf(position.join()));
  return {
    outputShapes: places.map((place) => model.outputs[place]!.shape),
    run(inputs) {
      const results = [model.predictOnBatch(inputs.length === 1 ? inputs[0]! : inputs)].flat();
      return places.map((place) => results[place]!);
    },
    dispose: () => void model.dispose(),
  };
}
