import { applyAdapted } from './adapted.js';
import { readArchive, readFolder } from './archive.js';
import { isObject } from './config.js';
import type { Architecture, Contents, WeightStore } from './contents.js';
import { ModelFileError } from './errors.js';
import { attachFlatWeights, attachGroupedWeights } from './flat-weights.js';
import { readHdf5Model } from './hdf5-model.js';
import { readGzippedJson, readJsonModel, weightsBeside } from './json-model.js';
import { defaultDataFormat } from './keras1.js';
import { LayerReader, type Members } from './layers.js';
import type { GuessedVocabulary, KerasModel, Layer } from './model.js';
import { recognise } from './recognise.js';
import { withShardAdvice } from './sharded-weights.js';
import { type OpenModelFile, withSource } from './source.js';
import { onlyVocabulary, vocabulariesBeside } from './vocabulary-files.js';
import { attachTree } from './weights.js';

/** What a file does not say. */
export interface ReadOptions {
  /**
   * A file whose weights are taken in place of the model file's own. An architecture in JSON has none: for `model.json`, a
   * `model.weights.h5` or `model.h5` beside it is taken when this is not given.
   */
  weights?: string;
  /** The input's shape without the batch axis, for a Sequential that was saved before it was built. */
  inputShape?: (number | null)[];
}

/**
 * Reads a Keras model: a `.keras` archive, a whole-model HDF5 file, an architecture in JSON (packed with gzip too) with its
 * weights, or a TensorFlow.js layers model. It is recognised by its content, whatever its name. Nothing in the file is run,
 * imported or followed.
 *
 * Layers of unknown classes are read too, without weights.
 *
 * @throws ModelFileError when there is no such file, or it can't be read, is of another kind, is damaged, or asks for more
 *   than any model needs
 */
export async function readKerasModel(path: string, options: ReadOptions = {}): Promise<KerasModel> {
  return withSource(path, async (source) => {
    const { architecture, weights } = await readContents(source);
    if (!architecture) {
      throw new ModelFileError(
        'model_format_unsupported',
        'This file holds weights without the architecture that they belong to. Save the whole model with ' +
          "model.save('model.keras'), or give the architecture (model.to_json()) as the model and this file as its weights.",
      );
    }
    const elsewhere = options.weights ?? (weights ? undefined : await weightsBeside(path));
    if (elsewhere === undefined) return buildModel(path, architecture, weights, options.inputShape);
    return withSource(elsewhere, async (weightSource) => {
      const contents = await readContents(weightSource);
      if (contents.weights) return buildModel(path, architecture, contents.weights, options.inputShape);
      throw new ModelFileError('model_weights_missing', 'The file that was given for the weights holds none.');
    }).catch((error) => {
      throw withShardAdvice(elsewhere, error);
    });
  });
}

const readers = {
  zip: readArchive,
  folder: readFolder,
  hdf5: readHdf5Model,
  json: readJsonModel,
  gzip: readGzippedJson,
};

async function readContents(source: OpenModelFile): Promise<Contents> {
  const kind = await recognise(source);
  if (kind !== 'onnx') return readers[kind](source);
  throw new ModelFileError('model_format_unsupported', 'This is an ONNX model, not a Keras model.');
}

async function buildModel(
  path: string,
  { container, entry, kerasVersion, training = entry.compile_config }: Architecture,
  weights: WeightStore | undefined,
  inputShape: ReadOptions['inputShape'],
): Promise<KerasModel> {
  const major = Number.parseInt(kerasVersion ?? '', 10);
  const legacy = Number.isNaN(major) ? !('module' in entry) : major < 3;
  const theano = weights?.layout === 'grouped' && weights.origin.backend === 'theano';
  const dialect = { legacy, dataFormat: defaultDataFormat(entry, theano), theano };
  const reader = new LayerReader(dialect, inputShape && [null, ...inputShape]);
  const root = reader.read(entry);
  if (!weights) {
    throw new ModelFileError(
      'model_weights_missing',
      'This file is an architecture without weights. Give the file with its weights too: --weights model.weights.h5.',
    );
  }
  const guessedVocabulary = await attach(root, reader.members, weights, path);
  const graph = root.graph ?? opaqueGraph(root);
  const loss = isObject(training) ? training.loss : undefined;
  return { name: root.name, container, kerasVersion, className: root.className, graph, loss, guessedVocabulary };
}

async function attach(
  root: Layer,
  members: Members,
  weights: WeightStore,
  path: string,
): Promise<GuessedVocabulary | undefined> {
  if (!root.graph) return undefined;
  const readBeside = vocabulariesBeside(path);
  const layers = [...members.values()].flat().flatMap(({ layer }) => layer ?? []);
  let readVocabulary = readBeside;
  switch (weights.layout) {
    case 'tree': {
      const paths = attachTree(root, members, weights.group);
      readVocabulary = async (layer) =>
        (await weights.readVocabulary?.(paths.get(layer) ?? '')) ?? (await readBeside(layer));
      break;
    }
    case 'grouped':
      attachGroupedWeights(root, members, weights.group, weights.origin);
      break;
    case 'list':
      attachFlatWeights(root, members, weights.weights, { keras1: false, backend: undefined });
  }
  return applyAdapted(layers, readVocabulary, () => onlyVocabulary(path));
}

/** A model of a class of its own has no layers to read: one call of that class, for the compiler to refuse by name. */
function opaqueGraph(layer: Layer): KerasModel['graph'] {
  return { inputs: [], calls: [{ layer, args: [], kwargs: {}, output: `${layer.name}/0` }], outputs: [] };
}
