import { open } from 'node:fs/promises';
import { readArchive } from './archive.js';
import { ModelFileError } from './errors.js';
import type { KerasModel } from './model.js';

/** What a file does not say. */
export interface ReadOptions {
  /** The file with the weights of an architecture in JSON. */
  weights?: string;
  /** The input's shape without the batch axis, for a Sequential that was saved before it was built. */
  inputShape?: (number | null)[];
}

/**
 * Reads a Keras model file.
 *
 * @throws ModelFileError
 */
export async function readKerasModel(path: string, options: ReadOptions = {}): Promise<KerasModel> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const shape: (number | null)[] | undefined = options.inputShape && [null, ...options.inputShape];
    if (path === '') throw new ModelFileError('model_not_found', '');
    return await readArchive(path, file, size, shape);
  } finally {
    await file.close();
  }
}
