import { stat } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { asText, isObject } from './config.js';
import type { Contents } from './contents.js';
import { ModelFileError } from './errors.js';
import { limits, parseJson } from './limits.js';
import type { ConfigValue } from './model.js';
import { otherFormat } from './other-formats.js';
import { isShardedWeights, readShardedWeights } from './sharded-weights.js';
import { type OpenModelFile, readPart } from './source.js';
import { isTensorflowJs, readTensorflowJs } from './tensorflowjs.js';

/**
 * Reads a JSON file: an architecture (`model.to_json()`), or the `model.json` of a TensorFlow.js layers model with its
 * shards.
 *
 * @throws ModelFileError
 */
export async function readJsonModel(source: OpenModelFile): Promise<Contents> {
  if (source.size > limits.jsonBytes) throw new ModelFileError('model_too_large', 'The JSON file is too long.');
  const entry = parseEntry(await readPart(source, 0, source.size));
  const architecture = architectureOf(entry);
  if (architecture) return architecture;
  if (isObject(entry) && isShardedWeights(entry)) return readShardedWeights(source.path, entry);
  if (isObject(entry) && isTensorflowJs(entry)) return readTensorflowJs(source.path, entry);
  throw new ModelFileError(
    'model_format_unknown',
    'This is JSON, but no Keras model: it has neither class_name and config (model.to_json()) nor modelTopology (TensorFlow.js).',
  );
}

/** Far more than any architecture takes when it is packed. */
const gzippedBytes = 2 ** 24;

/**
 * Reads an architecture in JSON (`model.to_json()`) that is packed with gzip.
 *
 * @throws ModelFileError `model_format_unsupported` for anything else that is
 */
export async function readGzippedJson(source: OpenModelFile): Promise<Contents> {
  const other = new ModelFileError('model_format_unsupported', await gzipOf(source));
  if (source.size > gzippedBytes) throw other;
  const bytes = await promisify(gunzip)(await readPart(source, 0, source.size), {
    maxOutputLength: limits.jsonBytes,
  }).catch(() => undefined);
  const architecture = bytes?.[0] === '{'.charCodeAt(0) ? architectureOf(parseEntry(bytes)) : undefined;
  if (architecture) return architecture;
  throw other;
}

/** What a file that is compressed with gzip is, by the start of what is in it. */
async function gzipOf(source: OpenModelFile): Promise<string> {
  const packed = 'This file is compressed with gzip. Unpack it, and give the model file that is in it.';
  try {
    const start = gunzipSync(await readPart(source, 0, 4096), { finishFlush: constants.Z_SYNC_FLUSH });
    return otherFormat(start.toString('latin1', 0, 4096), source.path)?.message ?? packed;
  } catch {
    return packed;
  }
}

function parseEntry(bytes: Buffer): ConfigValue {
  const entry = parseJson(bytes.toString('utf8'), 'The file');
  // json.dump(model.to_json()) makes JSON of JSON.
  return typeof entry === 'string' ? parseJson(entry, 'The file') : entry;
}

function architectureOf(entry: ConfigValue): Contents | undefined {
  if (!isObject(entry) || asText(entry.class_name) === undefined || !('config' in entry)) return undefined;
  return { architecture: { container: 'json', entry, kerasVersion: asText(entry.keras_version) } };
}

/** Endings of the files that hold the weights of `model.json`, as Keras's guides name them: `model.weights.h5`, `model.h5`. */
const weightEndings = ['.weights.h5', '.weights.json', '.h5', '_weights.h5'];

/** The files that may be the weights of an architecture: those beside it under the same name. */
export async function weightFilesBeside(path: string): Promise<string[]> {
  const files: string[] = [];
  for (const ending of weightEndings) {
    const weights = join(dirname(path), parse(path).name + ending);
    const found = await stat(weights).catch(() => undefined);
    if (found?.isFile()) files.push(weights);
  }
  return files;
}

/**
 * The file with the weights of an architecture, when it lies beside it under the same name.
 *
 * @throws ModelFileError where Keras 3 wrote them twice, whole and in shards: nothing says which are the newer ones
 */
export async function weightsBeside(path: string): Promise<string | undefined> {
  const files = await weightFilesBeside(path);
  const twice = files.filter((file) => /\.weights\.(h5|json)$/.test(file)).map((file) => basename(file));
  if (twice.length < 2) return files[0];
  throw new ModelFileError(
    'model_weights_missing',
    `Beside the architecture lie ${twice.join(' and ')}, either of which may be its weights. Remove one of them, or say which (--weights).`,
  );
}
