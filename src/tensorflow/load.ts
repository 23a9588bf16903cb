import type { Signature } from '../support/tensor.js';
import { loadGraphModel } from './graph-model.js';
import { buildLayersModel, weightLengths } from './layers-model.js';
import type { Runnable } from './runnable.js';
import type { TensorFlow } from './runtime.js';
import { loadSavedModel } from './saved-model.js';
import { readStoredModel, readStoredWeights, type StoredModel, savedModelFolder } from './stored-model.js';

type Loader<Format> = (
  tensorflow: TensorFlow,
  model: Extract<StoredModel, { format: Format }>,
  path: string,
) => Promise<Runnable>;

const loaders: { [Format in StoredModel['format']]: Loader<Format> } = {
  'layers-model': async (tensorflow, model, path) =>
    buildLayersModel(tensorflow, model, await readStoredWeights(path, weightLengths(model))),
  'graph-model': async (tensorflow, model, path) =>
    loadGraphModel(tensorflow, model, await readStoredWeights(path, [model.weightBytes])),
  'saved-model': (tensorflow, model, path) => loadSavedModel(tensorflow, model, savedModelFolder(path)),
};

/** A model that runs, with what it takes and gives. */
export interface LoadedModel extends Runnable {
  signature: Signature;
}

/** Loads a stored model. @throws ModelFileError */
export async function loadStoredModel(tensorflow: TensorFlow, path: string): Promise<LoadedModel> {
  const model = await readStoredModel(path);
  const runnable = await (loaders[model.format] as Loader<string>)(tensorflow, model as never, path);
  return { ...runnable, signature: model.signature };
}
