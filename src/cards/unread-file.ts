import { FileSizeError, NoFileError } from '../support/files.js';
import { UnreadSignal } from './contents/read-process.js';

/** The most bytes that are read of one file beside a model, and of all of its kind together. */
export interface MostBytes {
  bytes: number;
  total: number;
}

/**
 * Why a file beside a model isn't read: it goes on after its name. Undefined where it is gone by now.
 * @throws whatever else went wrong
 */
export function whyUnread(error: unknown, most: MostBytes): string | undefined {
  if (error instanceof UnreadSignal) return error.message;
  if (error instanceof NoFileError) return `is ${error.what}, no file`;
  if (error instanceof FileSizeError)
    return error.maxBytes === most.bytes
      ? `is larger than ${most.bytes / 2 ** 20} MB`
      : `makes more than ${most.total / 2 ** 20} MB with the other files beside the model`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return code === 'ENOENT' ? undefined : `can't be read (${code})`;
}
