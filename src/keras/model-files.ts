import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { archiveFiles } from './archive-names.js';
import { asList, isObject } from './config.js';
import { weightFilesBeside } from './json-model.js';
import { limits, parseJson } from './limits.js';
import type { Config } from './model.js';
import { isSavedModelFolder } from './other-folders.js';
import { isOnnx } from './recognise.js';
import { savedModelFiles } from './saved-model-files.js';
import { shardNames } from './sharded-weights.js';
import { type OpenModelFile, pathBeside, readPart, withSource } from './source.js';
import { type GraphModelContents, isGraphModel, isTensorflowJs, readGraphModel } from './tensorflowjs.js';
import { vocabularyFiles } from './vocabulary-files.js';

/**
 * Whether a file is an ONNX model by its content. Such a file is for the engine as it is.
 *
 * @throws ModelFileError when it can't be opened
 */
export async function isOnnxFile(path: string): Promise<boolean> {
  return withSource(path, async (source) => !(await isFolder(source)) && isOnnx(source));
}

/** What a model file is to the engines. */
export type ModelKind = 'keras' | 'onnx' | 'saved-model' | 'graph-model';

/**
 * What a model file is by its content: `keras` where only reading it can tell more.
 *
 * @throws ModelFileError when it can't be opened
 */
export async function modelKind(path: string): Promise<ModelKind> {
  return withSource(path, async (source) => {
    if (await isFolder(source)) return isSavedModelFolder(await readdir(path)) ? 'saved-model' : 'keras';
    if (await isOnnx(source)) return 'onnx';
    const json = await readJson(source).catch(() => undefined);
    return json && isTensorflowJs(json) && isGraphModel(json) ? 'graph-model' : 'keras';
  });
}

/**
 * Reads a TensorFlow.js graph model.
 *
 * @throws ModelFileError
 */
export async function readGraphModelFile(path: string): Promise<GraphModelContents> {
  return withSource(path, async (source) => readGraphModel(path, (await readJson(source)) ?? {}));
}

/** The object that a JSON file holds; undefined for another file. */
async function readJson(source: OpenModelFile): Promise<Config | undefined> {
  const [first] = await readPart(source, 0, 1);
  if (first !== '{'.charCodeAt(0) || source.size > limits.jsonBytes) return undefined;
  const json = parseJson((await readPart(source, 0, source.size)).toString('utf8'), 'The file');
  return isObject(json) ? json : undefined;
}

const isFolder = async ({ file }: OpenModelFile): Promise<boolean> => (await file.stat()).isDirectory();

/**
 * Every file that a model is made of: what has to change for the model to change. Of a damaged model, those that can be
 * told.
 *
 * @throws ModelFileError when the model file can't be opened
 */
export async function modelFiles(path: string, { weights }: { weights?: string } = {}): Promise<string[]> {
  const vocabularies = (await vocabularyFiles(path)).map((name) => join(dirname(path), name));
  return [...(await filesOf(path)), ...(weights === undefined ? [] : await filesOf(weights)), ...vocabularies];
}

function filesOf(path: string): Promise<string[]> {
  return withSource(path, async (source) => {
    if (await isFolder(source)) {
      if (isSavedModelFolder(await readdir(path))) return savedModelFiles(path);
      const paths = Object.values(archiveFiles).map((name) => join(path, name));
      const there = await Promise.all(paths.map((file) => stat(file).catch(() => undefined)));
      return [...paths.filter((_, index) => there[index] !== undefined), ...(await assetsIn(path))];
    }
    return [path, ...((await isOnnx(source)) ? await filesBesideOnnx(path) : await filesOfJson(source))];
  });
}

/** The most files of assets: vocabularies of layers. */
const mostAssets = 1_000;

/** The files of `assets` in the folder of an unpacked archive, such as vocabularies, each in a folder for its layer. */
async function assetsIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [join(folder, 'assets')];
  for (let at = 0; at < folders.length && at < mostAssets && files.length < mostAssets; at++) {
    const entries = await readdir(folders[at]!, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(folders[at]!, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) files.push(path);
    }
  }
  return files.slice(0, mostAssets).sort();
}

/** What `convert` writes beside an ONNX model: its weights, and what is done with strings. */
async function filesBesideOnnx(path: string): Promise<string[]> {
  const names = await readdir(dirname(path));
  return ['.data', '.strings'].map((end) => `${path}${end}`).filter((file) => names.includes(basename(file)));
}

/** The shards that a `model.json` of TensorFlow.js or a `.weights.json` of Keras names, or the weights of an architecture. */
async function filesOfJson(source: OpenModelFile): Promise<string[]> {
  try {
    const json = await readJson(source);
    if (!json) return [];
    const manifest = asList(json.weightsManifest).flatMap((group) => (isObject(group) ? asList(group.paths) : []));
    const shards = [...manifest, ...shardNames(json)];
    if (shards.length > 0) return shards.map((name) => pathBeside(source.path, name));
    const weights = await weightFilesBeside(source.path);
    return (await Promise.all(weights.map(filesOf))).flat();
  } catch {
    return [];
  }
}
