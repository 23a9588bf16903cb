import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveFiles } from './archive.js';
import { asList, isObject } from './config.js';
import { weightsBeside } from './json-model.js';
import { limits, parseJson } from './limits.js';
import { isOnnx } from './recognise.js';
import { shardNames } from './sharded-weights.js';
import { type ModelSource, pathBeside, readPart, withSource } from './source.js';

/**
 * Whether a file is an ONNX model by its content. Such a file is for the engine as it is.
 *
 * @throws ModelFileError when it can't be opened
 */
export async function isOnnxFile(path: string): Promise<boolean> {
  return withSource(path, async (source) => !(await isFolder(source)) && isOnnx(source));
}

const isFolder = async ({ file }: ModelSource): Promise<boolean> => (await file.stat()).isDirectory();

/**
 * Every file that a model is made of: what has to change for the model to change. Of a damaged model, those that can be
 * told.
 *
 * @throws ModelFileError when the model file can't be opened
 */
export async function modelFiles(path: string, { weights }: { weights?: string } = {}): Promise<string[]> {
  return [...(await filesOf(path)), ...(weights === undefined ? [] : await filesOf(weights))];
}

function filesOf(path: string): Promise<string[]> {
  return withSource(path, async (source) => {
    if (await isFolder(source)) {
      const paths = Object.values(archiveFiles).map((name) => join(path, name));
      const there = await Promise.all(paths.map((file) => stat(file).catch(() => undefined)));
      return paths.filter((_, index) => there[index] !== undefined);
    }
    const [first] = await readPart(source, 0, 1);
    const isJson = first === '{'.charCodeAt(0) && source.size <= limits.jsonBytes;
    return isJson ? [path, ...(await filesOfJson(source))] : [path];
  });
}

/** The shards that a `model.json` of TensorFlow.js or a `.weights.json` of Keras names, or the weights of an architecture. */
async function filesOfJson(source: ModelSource): Promise<string[]> {
  try {
    const json = parseJson((await readPart(source, 0, source.size)).toString('utf8'), 'The file');
    if (!isObject(json)) return [];
    const manifest = asList(json.weightsManifest).flatMap((group) => (isObject(group) ? asList(group.paths) : []));
    const shards = [...manifest, ...shardNames(json)];
    if (shards.length > 0) return shards.map((name) => pathBeside(source.path, name));
    const weights = await weightsBeside(source.path);
    return weights === undefined ? [] : await filesOf(weights);
  } catch {
    return [];
  }
}
