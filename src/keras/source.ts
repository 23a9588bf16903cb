import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NoFileError, openFile } from '../support/files.js';
import { ModelFileError } from './errors.js';
import { quote } from './limits.js';

/** A model file that is open. */
export interface OpenModelFile {
  path: string;
  file: FileHandle;
  size: number;
}

/**
 * Opens a file for as long as `use` takes.
 *
 * @throws ModelFileError `model_not_found`, `model_unreadable`, `model_format_unknown`
 */
export async function withSource<T>(path: string, use: (source: OpenModelFile) => Promise<T>): Promise<T> {
  let file: FileHandle | undefined;
  try {
    file = await openFile(path);
    const { size } = await file.stat();
    return await use({ path, file, size });
  } catch (error) {
    throw asModelFileError(error);
  } finally {
    await file?.close();
  }
}

const reasons: Record<string, [ModelFileError['code'], string]> = {
  ENOENT: ['model_not_found', 'There is no such file.'],
  ENOTDIR: ['model_not_found', 'There is no such file.'],
  EACCES: ['model_unreadable', 'This process has no permission to read the file.'],
  EPERM: ['model_unreadable', 'This process has no permission to read the file.'],
  EISDIR: ['model_format_unknown', 'This is a folder. Give the model file in it.'],
};

function asModelFileError(error: unknown): unknown {
  if (error instanceof NoFileError)
    return new ModelFileError('model_format_unknown', `This is ${error.what}, no file. Give the model file itself.`);
  if (error instanceof ModelFileError || !(error instanceof Error) || !('code' in error)) return error;
  const [code, message] = reasons[String(error.code)] ?? ['model_unreadable', `The file can't be read: ${error.code}.`];
  return new ModelFileError(code, message, { cause: error });
}

/** Up to `length` bytes from `offset` on; fewer at the end of the file. */
export async function readPart({ file, size }: OpenModelFile, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
  return buffer.subarray(0, bytesRead);
}

/**
 * The path of a file that a model names, which has to be in the model's own folder.
 *
 * @throws ModelFileError for a name that leads elsewhere
 */
export function pathBeside(path: string, name: unknown): string {
  if (typeof name === 'string' && /^[^/\\\0]+$/.test(name) && name !== '.' && name !== '..')
    return join(dirname(path), name);
  throw new ModelFileError(
    'model_format_unsupported',
    `The model names the file ${quote(name)}, which is not beside it. Paths and URLs in a model are never followed.`,
  );
}
