import { type KerasModel, type ModelKind, readGraphModelFile } from '../keras/index.js';
import { compile } from '../onnx/compile.js';
import { prepareGraphModel } from '../tensorflow/graph-model.js';
import { planLayers } from '../tensorflow/layers-plan.js';
import { prepareLayersModel } from '../tensorflow/prepare-layers.js';
import { loadTensorFlow } from '../tensorflow/runtime.js';
import { prepareSavedModel } from '../tensorflow/saved-model.js';
import { storeModel } from '../tensorflow/stored-model.js';
import type { ModelSource, OptimizedModel } from './compile-messages.js';
import { hintsOf } from './model-hints.js';

/** Whether the rows of a batch depend on each other: the compiler follows them; what it can't compile is taken to. */
function batchDependent(model: KerasModel): boolean {
  try {
    return compile(model).batchDependent;
  } catch {
    return true;
  }
}

/**
 * Stores a Keras model for TensorFlow, as layers of TensorFlow.js.
 * @param output path of the file to write, with its weights beside it
 * @throws ModelFileError
 */
export async function prepareKerasModel(keras: KerasModel, output: string): Promise<OptimizedModel> {
  // Says what is refused before TensorFlow is loaded.
  const planned = planLayers(keras);
  const hints = await hintsOf(keras);
  const prepared = await prepareLayersModel(await loadTensorFlow(), keras, planned);
  const signature = { ...prepared.model.signature, batchDependent: batchDependent(keras) };
  await storeModel(output, { ...prepared, model: { ...prepared.model, signature } });
  return { engine: 'tensorflow', signature, hints };
}

/**
 * Stores a model of TensorFlow's operations.
 * @param output path of the file to write, with what belongs to it beside it
 * @throws ModelFileError
 */
export async function prepareOperations(
  kind: Extract<ModelKind, 'saved-model' | 'graph-model'>,
  { path, signature }: ModelSource,
  output: string,
): Promise<OptimizedModel> {
  const prepared =
    kind === 'saved-model'
      ? await prepareSavedModel(loadTensorFlow, path, output, signature)
      : await prepareGraphModel(await loadTensorFlow(), await readGraphModelFile(path));
  await storeModel(output, prepared);
  return { engine: 'tensorflow', signature: prepared.model.signature, hints: null };
}
