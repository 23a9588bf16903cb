import { asText, isObject } from './config.js';
import type { Contents } from './contents.js';
import { ModelFileError } from './errors.js';
import { readHdf5 } from './hdf5.js';
import { limits, parseJson } from './limits.js';
import type { Config } from './model.js';
import type { ModelSource } from './source.js';
import { findZipEntries, readZipEntry, type ZipEntry } from './zip.js';

const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const WEIGHTS = 'model.weights.h5';

/** Vocabularies of millions of words have this many bytes. */
const VOCABULARY_BYTES = 2 ** 26;

/**
 * Reads a `.keras` archive, by Keras 3 or by tf.keras 2.12 to 2.15: a zip of `config.json`, `metadata.json` and
 * `model.weights.h5`.
 *
 * @throws ModelFileError
 */
export async function readArchive(source: ModelSource): Promise<Contents> {
  const { path, file, size } = source;
  const entries = await findZipEntries(file, size, [CONFIG, METADATA, WEIGHTS]);
  const entry = await readJson(source, entries.get(CONFIG));
  const weights = entries.get(WEIGHTS);
  if (entry === undefined || weights === undefined) throw await nameZip(source, entry !== undefined);
  const metadata = await readJson(source, entries.get(METADATA));
  const group = await readHdf5({
    path,
    offset: weights.offset,
    length: weights.compressedSize,
    inflatedLength: weights.deflated ? weights.size : undefined,
  });
  const readVocabulary = async (layerPath: string): Promise<string | undefined> => {
    const name = `assets/${layerPath}/vocabulary.txt`;
    const vocabulary = (await findZipEntries(file, size, [name])).get(name);
    if (!vocabulary || vocabulary.size > VOCABULARY_BYTES) return undefined;
    return (await readZipEntry(file, vocabulary)).toString('utf8');
  };
  return {
    architecture: { container: 'keras', entry, kerasVersion: asText(metadata?.keras_version) },
    weights: { layout: 'tree', group, readVocabulary },
  };
}

async function readJson({ file }: ModelSource, entry: ZipEntry | undefined): Promise<Config | undefined> {
  if (!entry) return undefined;
  if (entry.size > limits.jsonBytes) throw new ModelFileError('model_too_large', `${entry.name} is too long.`);
  const value = parseJson((await readZipEntry(file, entry)).toString('utf8'), entry.name);
  if (isObject(value)) return value;
  throw new ModelFileError('model_damaged', `${entry.name} in the archive is no JSON object.`);
}

/** Other zips that are taken for models, by an entry that they have. */
const otherZips: [names: string[], message: string][] = [
  [
    ['model.weights.npz'],
    'This .keras archive keeps its weights as NumPy arrays. Save it again with the present Keras.',
  ],
  [['data.pkl', 'archive/data.pkl', 'model/data.pkl'], 'This is a PyTorch model. Give a Keras or an ONNX model.'],
  [
    ['saved_model.pb', 'model/saved_model.pb'],
    'This is a zip of a TensorFlow SavedModel. Save the model as .keras instead.',
  ],
  [['model.json'], 'This is a zip around a TensorFlow.js model. Unpack it, and give its model.json.'],
  [
    ['keras_model.h5', 'model.h5', 'model.keras', 'converted_keras/keras_model.h5'],
    'This is a zip around a model. Unpack it, and give the model file in it.',
  ],
];

async function nameZip({ file, size }: ModelSource, hasConfig: boolean): Promise<ModelFileError> {
  const names = otherZips.flatMap(([list]) => list);
  const found = await findZipEntries(file, size, names);
  const message = otherZips.find(([list]) => list.some((name) => found.has(name)))?.[1];
  return new ModelFileError(
    'model_format_unsupported',
    message ?? `This is a zip, but no Keras model: it holds no ${hasConfig ? WEIGHTS : CONFIG}.`,
  );
}
