import { KnownError } from '../support/errors.js';

/** A version of a model, as it lies on disk. */
export interface FoundVersion {
  version: number;
  /** The model file, or the folder that is the model. */
  path: string;
  /** The folder above, whose card counts where the version has none. */
  cardFolder?: string;
  /** Another one whenever one of its files has changed. */
  fingerprint: string;
}

/** A model on disk with its versions, the newest first. */
export interface FoundModel {
  name: string;
  /** What it was called by version 0.1, where that is another name: it is found under it too. */
  alias?: string;
  /** The model file, or the folder of the versions. */
  path: string;
  versions: FoundVersion[];
}

/** What there is to serve. */
export interface FoundModels {
  /** In the order of their names. */
  models: FoundModel[];
  /** Sentences on what looks like a model but isn't served, and on what is as it was when last looked at. */
  notices: string[];
}

/** Models that can't be served together, or none that can be served. */
export class ModelsError extends KnownError {
  readonly audience = 'operator';
  constructor(
    readonly code: 'model_names_equal' | 'models_too_many' | 'models_not_loaded' | 'model_unknown',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What is said where two have one name. @param what they are: `models called pets` */
export const namesEqual = (what: string, one: string, other: string): ModelsError =>
  new ModelsError(
    'model_names_equal',
    `There are two ${what}: ${one} and ${other}. Give each a folder of its own, with another "name" in its serve.json.`,
  );
