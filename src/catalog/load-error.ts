import { basename, dirname, sep } from 'node:path';
import { InferenceError } from '../inference/errors.js';

/** Folders in a text, at the beginning of a path. */
const folders = /(?<![\w.:/\\~-])(?:~|[A-Za-z]:)?[/\\](?:[^\s"'/\\]+[/\\])+/g;

/** Why a model can't be loaded, as clients may read it: no folder is named. What happened is the `cause`. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  /** That of a ModelFileError or CardError, or `model_load_failed`. */
  readonly code: string;
  override readonly cause: Error;

  /** @param path of the model */
  constructor(cause: Error & { code?: unknown }, path: string) {
    const { code, message } = cause;
    const isForClients = typeof code === 'string' && /^[a-z_]+$/.test(code) && !(cause instanceof InferenceError);
    super(isForClients ? withoutFolders(message, path) : 'The model can’t be loaded. The log has the details.');
    this.cause = cause;
    this.code = isForClients ? code : 'model_load_failed';
  }
}

const withoutFolders = (message: string, path: string): string =>
  message
    .replaceAll(path, basename(path))
    .replaceAll(dirname(path) + sep, '')
    .replace(folders, '')
    .slice(0, 2000);
