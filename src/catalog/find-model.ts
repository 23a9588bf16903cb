import { stat } from 'node:fs/promises';
import type { ModelCard } from '../../schemas/card.js';
import {
  architectureOf,
  cardOf,
  findApplication,
  readApplications,
  servedName,
  similarApplications,
} from '../applications/application.js';
import type { DownloadEvent } from '../applications/download.js';
import { findWeights } from '../applications/weights.js';
import type { ModelSource } from '../inference/compile-messages.js';
import { ModelFileError } from '../keras/index.js';
import { readFolder } from './folder.js';
import { FolderModels } from './folder-models.js';
import { insteadIn, several } from './folder-notices.js';
import { findModelFile } from './model-path.js';

/** Where what a model lacks comes from. */
export interface FindOptions {
  /** A file with weights, in place of the model's own. */
  weights?: string;
  /** The address that stands for `https://storage.googleapis.com`, where Keras publishes weights. */
  weightsUrl?: string;
  /** Is told how a download goes. */
  onDownload?: (event: DownloadEvent) => void;
  /** Gives a download up. */
  signal?: AbortSignal;
}

/** A model's files; with its card where it is known without one. */
export interface FoundModelFile extends Pick<ModelSource, 'path' | 'weights'> {
  card?: ModelCard;
}

/**
 * The files of a model: a model file, the one in a folder, or those of a Keras Application by its name, whose weights are
 * downloaded if Keras hasn't got them. What is on disk goes before a name.
 *
 * @throws ModelFileError `model_not_found`
 * @throws WeightsError
 */
export async function findModel(model: string, options: FindOptions = {}): Promise<FoundModelFile> {
  const { weights, weightsUrl, onDownload: onEvent, signal } = options;
  if (/[/\\.]/.test(model) || (await stat(model).catch(() => undefined)))
    return { path: await modelFile(model), weights };
  const applications = await readApplications();
  const application = findApplication(model, applications);
  if (application)
    return {
      path: architectureOf(application),
      weights: weights ?? (await findWeights(application, { weightsUrl, onEvent, signal })),
      card: await cardOf(application),
    };
  const names = similarApplications(model, applications).map(servedName);
  const hint =
    names.length > 0 ? `Did you mean ${names.join(' or ')}?` : 'keras-serve applications lists those of Keras.';
  throw new ModelFileError('model_not_found', `There is no file, folder or Keras Application "${model}". ${hint}`);
}

/** The model file that a path means. @throws ModelFileError that names those further down, where a folder has none of its own */
async function modelFile(path: string): Promise<string> {
  return findModelFile(path).catch(async (cause) => {
    const folder = await readFolder(path).catch(() => undefined);
    if (folder?.models.length !== 0) throw cause;
    const below = await new FolderModels().below(folder);
    const more = below.length > 0 ? [several(path, below), 'Name the one that is meant.'] : insteadIn(folder);
    throw new ModelFileError('model_not_found', [`The folder "${path}" has no model file.`, ...more].join(' '), {
      cause,
    });
  });
}
