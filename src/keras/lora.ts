import { ModelFileError } from './errors.js';
import { quote } from './limits.js';
import type { Layer, Weight } from './model.js';
import type { Variable } from './variables.js';

/** The weight of a class of layer to which `enable_lora` adds the product of two factors. */
const adapted: Record<string, string> = {
  Dense: 'kernel',
  EinsumDense: 'kernel',
  Embedding: 'embeddings',
  ReversibleEmbedding: 'embeddings',
  Conv1D: 'kernel',
  Conv2D: 'kernel',
  Conv3D: 'kernel',
};

/** The name of the weight that has adapters in this layer's config, undefined where none has. */
function adaptedWeight({ className, config }: Layer): string | undefined {
  const rank = config.lora_rank;
  return typeof rank === 'number' && rank > 0 && Object.hasOwn(adapted, className) ? adapted[className] : undefined;
}

/**
 * A layer's variables with those that `enable_lora` adds: the weight itself is frozen, and two factors are trained. Keras keeps
 * them so in whole-model HDF5 files; the other containers hold the sum alone.
 */
export function adaptedVariables(layer: Layer, own: Variable[]): Variable[] {
  const weight = adaptedWeight(layer);
  if (weight === undefined) return own;
  const factors = ['a', 'b'].map((factor) => ({ name: `lora_${weight}_${factor}`, trainable: true }));
  return [
    ...own.map((variable) => (variable.name === weight ? { ...variable, trainable: false } : variable)),
    ...factors,
  ];
}

/**
 * Replaces a weight and its factors by what Keras computes with: `weight + lora_alpha / lora_rank · a b`, where `b` is a matrix and
 * `a` has its rank as the last axis.
 *
 * @throws ModelFileError `model_damaged` when their shapes don't belong together
 */
export function mergeAdapters(layer: Layer): void {
  const name = adaptedWeight(layer);
  const [weight, a, b] = [name, `lora_${name}_a`, `lora_${name}_b`].map((key) => layer.weights.get(key ?? ''));
  if (name === undefined || !weight || !a || !b) return;
  const rank = a.shape.at(-1);
  const fits = rank === b.shape[0] && [...a.shape.slice(0, -1), ...b.shape.slice(1)].join() === weight.shape.join();
  if (!fits) {
    throw new ModelFileError(
      'model_damaged',
      `The factors that LoRA added to the ${layer.className} layer ${quote(layer.name)} don't fit its ${name}.`,
    );
  }
  const { lora_alpha: alpha = rank } = layer.config;
  const data = product(a, b);
  for (let i = 0; i < data.length; i++) data[i] = Number(weight.data[i]) + (Number(alpha ?? rank) / rank!) * data[i]!;
  layer.weights.set(name, { ...weight, dtype: 'float32', data });
  for (const factor of ['a', 'b']) layer.weights.delete(`lora_${name}_${factor}`);
}

/** The product of two matrices; what stands before the last axis of `a` counts as one. */
function product(a: Weight, b: Weight): Float32Array {
  const [inner, columns] = b.shape as [number, number];
  const result = new Float32Array((a.data.length / inner) * columns);
  for (let i = 0; i < result.length; i += columns) {
    for (let k = 0; k < inner; k++) {
      const factor = Number(a.data[(i / columns) * inner + k]);
      for (let j = 0; j < columns; j++) result[i + j]! += factor * Number(b.data[k * columns + j]);
    }
  }
  return result;
}
