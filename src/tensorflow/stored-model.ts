import { open, readFile, writeFile } from 'node:fs/promises';
import type { io } from '@tensorflow/tfjs-core';
import { ModelFileError } from '../keras/errors.js';
import type { Signature } from '../support/tensor.js';
import type { Plan } from './plan.js';
import type { SavedSignature } from './saved-model-file.js';

/** A model as it is kept for the inference processes: a JSON file of this, and its weights in another beside it. */
export type StoredModel = { signature: Signature } & (LayersModelFile | GraphModelFile | SavedModelFile);

/** Layers of TensorFlow.js. */
export interface LayersModelFile {
  format: 'layers-model';
  plan: Plan;
  /** In the order in which they stand in the file of weights. */
  weights: { shape: number[]; dtype: 'float32' | 'int32' | 'bool' }[];
}

/** Operations of TensorFlow, as TensorFlow.js converts them. */
export interface GraphModelFile {
  format: 'graph-model';
  /** `model.json` but for its manifest, whose weights stand in the file of weights one after the other. */
  artifacts: io.ModelArtifacts;
  /** Bytes of them all. */
  weightBytes: number;
}

/** A SavedModel, in a folder beside the file. */
export interface SavedModelFile {
  format: 'saved-model';
  saved: SavedSignature;
}

/** A model that is ready to be stored. */
export interface PreparedModel {
  model: StoredModel;
  weights: readonly Uint8Array<ArrayBuffer>[];
}

/** Where the weights of a stored model are. */
const dataPath = (path: string): string => `${path}.data`;

/** Where a stored SavedModel is. */
export const savedModelFolder = (path: string): string => `${path}.saved_model`;

/** Writes a model, the weights first. */
export async function storeModel(path: string, { model, weights }: PreparedModel): Promise<void> {
  const file = await open(dataPath(path), 'w');
  try {
    for (const bytes of weights) await file.writeFile(bytes);
  } finally {
    await file.close();
  }
  await writeFile(path, JSON.stringify(model));
}

/** What `storeModel` has written. */
export const readStoredModel = async (path: string): Promise<StoredModel> => JSON.parse(await readFile(path, 'utf8'));

/**
 * The weights of a stored model, one after the other.
 * @param lengths in bytes
 */
export async function readStoredWeights(path: string, lengths: readonly number[]): Promise<Uint8Array<ArrayBuffer>[]> {
  const file = await open(dataPath(path));
  try {
    const weights: Uint8Array<ArrayBuffer>[] = [];
    for (const length of lengths) {
      const bytes = new Uint8Array(length);
      const { bytesRead } = length > 0 ? await file.read(bytes, 0, length) : { bytesRead: 0 };
      if (bytesRead < length) throw new ModelFileError('model_damaged', 'The stored weights are cut off.');
      weights.push(bytes);
    }
    return weights;
  } finally {
    await file.close();
  }
}
