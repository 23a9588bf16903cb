import { ModelFileError, readKerasModel } from '../src/keras/index.js';
import type { Tensor, Tensors } from '../src/support/tensor.js';
import { buildLayersModel } from '../src/tensorflow/layers-model.js';
import { planLayers } from '../src/tensorflow/layers-plan.js';
import { prepareLayersModel } from '../src/tensorflow/prepare-layers.js';
import { runTensors } from '../src/tensorflow/runnable.js';
import { loadTensorFlow } from '../src/tensorflow/runtime.js';
import type { LayersModelFile } from '../src/tensorflow/stored-model.js';
import { as, decode } from '../test/helpers/fixtures.js';
import type { Case } from './answer.js';

/** Whether a model, or a number that it is given, is refused. */
const isRefusal = (error: unknown): boolean =>
  (error instanceof ModelFileError && error.code === 'model_unsupported_layers') || error instanceof RangeError;

/** What computes: `TensorFlow 2.9.1`, or `WebAssembly` where the native library is not installed. */
export const tensorflowName = async (): Promise<string> => (await loadTensorFlow()).name;

/**
 * What the TensorFlow engine answers: the model file read, built of TensorFlow.js's layers and run on the recorded inputs.
 *
 * @returns undefined where TensorFlow.js has not got a layer
 * @throws ModelFileError
 */
export async function answerOnTensorflow({ model, weights, inputs = [] }: Case): Promise<Tensor[] | undefined> {
  const tensorflow = await loadTensorFlow();
  try {
    const keras = await readKerasModel(model, weights ? { weights } : {});
    const prepared = await prepareLayersModel(tensorflow, keras, planLayers(keras));
    const { signature } = prepared.model;
    const given: Tensors = {};
    signature.inputs.forEach((input, index) => {
      given[input.name] = as(decode(inputs.find(({ name }) => name === input.name) ?? inputs[index]!), input.type);
    });
    const runnable = buildLayersModel(tensorflow, prepared.model as LayersModelFile, prepared.weights);
    try {
      const results = await runTensors(tensorflow, runnable, signature, given);
      return signature.outputs.map(({ name }) => results[name]!);
    } finally {
      runnable.dispose();
    }
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
