import { open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { limits } from './limits.js';
import { isOnnx } from './recognise.js';
import { withSource } from './source.js';

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Whether a file is an ONNX model by its content. Such a file is for the engine as it is.
 *
 * @throws ModelFileError when it can't be opened
 */
export async function isOnnxFile(path: string): Promise<boolean> {
  return withSource(path, async (source) => !(await source.file.stat()).isDirectory() && isOnnx(source));
}

/** The shards that a TensorFlow.js `model.json` names, beside it: names that point elsewhere are left out. */
async function shardsOf(path: string): Promise<string[]> {
  try {
    const { weightsManifest } = JSON.parse(await readFile(path, 'utf8')) as { weightsManifest: { paths: string[] }[] };
    return weightsManifest
      .flatMap(({ paths }) => paths.filter((name) => basename(name) === name))
      .map((name) => join(dirname(path), name));
  } catch {
    return [];
  }
}

/** Every file that a model is made of: what has to change for the model to change. */
export async function modelFiles(path: string, { weights }: { weights?: string } = {}): Promise<string[]> {
  const { size } = await stat(path);
  const isJson = size <= limits.jsonBytes && (await firstBytes(path, 1)).toString() === '{';
  return [path, ...(isJson ? await shardsOf(path) : []), ...(weights ? [weights] : [])];
}
