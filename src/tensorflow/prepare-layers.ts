import { ModelFileError } from '../keras/errors.js';
import type { KerasDType, KerasModel, Weight } from '../keras/model.js';
import { outputNames } from '../keras/outputs.js';
import type { TensorType } from '../support/tensor.js';
import { buildLayersModel } from './layers-model.js';
import type { PlannedModel } from './layers-plan.js';
import type { TensorFlow } from './runtime.js';
import type { LayersModelFile, PreparedModel } from './stored-model.js';
import { typeOf } from './tensors.js';
import { trialRun } from './trial-run.js';

/** Types of inputs: every float is float32, in which TensorFlow.js computes. */
const floats: readonly KerasDType[] = ['float16', 'bfloat16', 'float64'];
const inputType = (dtype: KerasDType): TensorType => (floats.includes(dtype) ? 'float32' : (dtype as TensorType));

const weightType = ({ dtype }: Weight): LayersModelFile['weights'][number]['dtype'] =>
  dtype === 'bool' ? 'bool' : /float/.test(dtype) ? 'float32' : 'int32';

const converters = {
  float32: (numbers: ArrayLike<number | bigint>) => Float32Array.from(numbers, Number),
  int32: (numbers: ArrayLike<number | bigint>) => Int32Array.from(numbers, Number),
  bool: (numbers: ArrayLike<number | bigint>) => Uint8Array.from(numbers, Number),
};

function weightData(weight: Weight): Uint8Array<ArrayBuffer> {
  const { data } = weight;
  const type = weightType(weight);
  const array =
    data instanceof Float32Array && type === 'float32' ? data : converters[type](data as ArrayLike<number | bigint>);
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

/**
 * Builds a Keras model of TensorFlow.js's layers and runs it once.
 * @throws ModelFileError `model_unsupported_layers` where TensorFlow.js refuses a layer after all
 */
export async function prepareLayersModel(
  tensorflow: TensorFlow,
  keras: KerasModel,
  { plan, weights }: PlannedModel,
): Promise<PreparedModel> {
  const data = weights.map(weightData);
  const file: LayersModelFile = {
    format: 'layers-model',
    plan,
    weights: weights.map((weight) => ({ shape: weight.shape, dtype: weightType(weight) })),
  };
  try {
    const runnable = buildLayersModel(tensorflow, file, data);
    const inputs = keras.graph.inputs.map(({ name, dtype, shape }) => ({ name, type: inputType(dtype), shape }));
    const given = await trialRun(tensorflow, runnable, inputs);
    const outputs = outputNames(keras.graph).map((name, index) => ({
      name,
      type: given ? typeOf(given[index]!.dtype) : ('float32' as const),
      shape: [...runnable.outputShapes[index]!],
    }));
    runnable.dispose();
    return { model: { ...file, signature: { inputs, outputs } }, weights: data };
  } catch (error) {
    if (error instanceof ModelFileError) throw error;
    const reason = (error as Error).message.replace(/\s+/g, ' ').slice(0, 500);
    throw new ModelFileError('model_unsupported_layers', `TensorFlow.js can't run the model: ${reason}`, {
      cause: error,
    });
  }
}
