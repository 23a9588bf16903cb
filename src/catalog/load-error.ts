import { basename, dirname, sep } from 'node:path';
import { InferenceError } from '../inference/errors.js';
import { KnownError } from '../support/errors.js';

/** Folders in a text, at the beginning of a path. */
const folders = /(?<![\w.:/\\~-])(?:~|[A-Za-z]:)?[/\\](?:[^\s"'/\\]+[/\\])+/g;

/** Why a model can't be loaded, as clients may read it: no folder is named. What happened is the `cause`. */
export class LoadError extends KnownError {
  readonly audience = 'client';
  /** That of a KnownError that says what is wrong with files, or `model_load_failed`. */
  readonly code: string;
  override readonly cause: Error;

  /** @param path of the model */
  constructor(cause: Error, path: string) {
    // What an engine or the system says tells clients nothing.
    const known = cause instanceof KnownError && !(cause instanceof InferenceError) ? cause : undefined;
    super(known ? withoutFolders(known.message, path) : 'The model can’t be loaded. The log has the details.');
    this.cause = cause;
    this.code = known?.code ?? 'model_load_failed';
  }
}

const withoutFolders = (message: string, path: string): string =>
  message
    .replaceAll(path, basename(path))
    .replaceAll(dirname(path) + sep, '')
    .replace(folders, '')
    .slice(0, 2000);
