import type { FileHandle } from 'node:fs/promises';
import { asText, isObject } from './config.js';
import { ModelFileError } from './errors.js';
import { readHdf5 } from './hdf5.js';
import { LayerReader } from './layers.js';
import { limits, parseJson } from './limits.js';
import type { Config, KerasModel } from './model.js';
import { attachWeights } from './weights.js';
import { findZipEntries, readZipEntry, type ZipEntry } from './zip.js';

const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const WEIGHTS = 'model.weights.h5';

/**
 * Reads a `.keras` archive, by Keras 3 or by tf.keras 2.12 to 2.15: a zip of `config.json`, `metadata.json` and
 * `model.weights.h5`.
 *
 * @throws ModelFileError
 */
export async function readArchive(
  path: string,
  file: FileHandle,
  size: number,
  inputShape?: (number | null)[],
): Promise<KerasModel> {
  const entries = await findZipEntries(file, size, [CONFIG, METADATA, WEIGHTS]);
  const config = await readJson(file, entries.get(CONFIG));
  const weights = entries.get(WEIGHTS);
  if (config === undefined || weights === undefined) {
    throw new ModelFileError(
      'model_format_unknown',
      `This is a zip, but no Keras model: it holds no ${config ? WEIGHTS : CONFIG}. Give the .keras file itself, not a zip around it.`,
    );
  }
  const metadata = await readJson(file, entries.get(METADATA));
  const reader = new LayerReader(inputShape);
  const root = reader.read(config);
  const group = await readHdf5({
    path,
    offset: weights.offset,
    length: weights.compressedSize,
    inflatedLength: weights.deflated ? weights.size : undefined,
  });
  attachWeights(root, reader.members, group);
  return {
    name: root.name,
    container: 'keras',
    kerasVersion: asText(metadata?.keras_version),
    className: root.className,
    graph: root.graph!,
  };
}

async function readJson(file: FileHandle, entry: ZipEntry | undefined): Promise<Config | undefined> {
  if (!entry) return undefined;
  if (entry.size > limits.jsonBytes) throw new ModelFileError('model_too_large', `${entry.name} is too long.`);
  const value = parseJson((await readZipEntry(file, entry)).toString('utf8'), entry.name);
  if (isObject(value)) return value;
  throw new ModelFileError('model_damaged', `${entry.name} in the archive is no JSON object.`);
}
