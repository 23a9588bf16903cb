import { stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { asText, isObject } from './config.js';
import type { Contents } from './contents.js';
import { ModelFileError } from './errors.js';
import { limits, parseJson } from './limits.js';
import { isShardedWeights, readShardedWeights } from './sharded-weights.js';
import { type ModelSource, readPart } from './source.js';
import { isTensorflowJs, readTensorflowJs } from './tensorflowjs.js';

/**
 * Reads a JSON file: an architecture (`model.to_json()`), or the `model.json` of a TensorFlow.js layers model with its
 * shards.
 *
 * @throws ModelFileError
 */
export async function readJsonModel(source: ModelSource): Promise<Contents> {
  if (source.size > limits.jsonBytes) throw new ModelFileError('model_too_large', 'The JSON file is too long.');
  let entry = parseJson((await readPart(source, 0, source.size)).toString('utf8'), 'The file');
  // json.dump(model.to_json()) makes JSON of JSON.
  if (typeof entry === 'string') entry = parseJson(entry, 'The file');
  if (isObject(entry) && asText(entry.class_name) !== undefined && 'config' in entry) {
    return { architecture: { container: 'json', entry, kerasVersion: asText(entry.keras_version) } };
  }
  if (isObject(entry) && isShardedWeights(entry)) return readShardedWeights(source.path, entry);
  if (isObject(entry) && isTensorflowJs(entry)) return readTensorflowJs(source.path, entry);
  throw new ModelFileError(
    'model_format_unknown',
    'This is JSON, but no Keras model: it has neither class_name and config (model.to_json()) nor modelTopology (TensorFlow.js).',
  );
}

/** Endings of the files that hold the weights of `model.json`, as Keras's guides name them: `model.weights.h5`, `model.h5`. */
const weightEndings = ['.weights.h5', '.weights.json', '.h5', '_weights.h5'];

/** The file with the weights of an architecture, when it lies beside it under the same name. */
export async function weightsBeside(path: string): Promise<string | undefined> {
  for (const ending of weightEndings) {
    const weights = join(dirname(path), parse(path).name + ending);
    const found = await stat(weights).catch(() => undefined);
    if (found?.isFile()) return weights;
  }
  return undefined;
}
