import { ModelFileError } from './errors.js';
import { quote } from './limits.js';

/** The files of a `.keras` archive. */
export const archiveFiles = { config: 'config.json', metadata: 'metadata.json', weights: 'model.weights.h5' } as const;

/** What programs put into zips beside what they were told to. */
const added = /(^|\/)(__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/;

/** Model files that a zip may be around. */
const isModelFile = (name: string): boolean => /\.(keras|h5|hdf5|onnx)$/i.test(name) && !/\.weights\.h5$/i.test(name);

/** A zip of something else: what its names are like, and what its owner is told, of the first ones that are so. */
type OtherZip = [is: RegExp, message: (names: string) => string];

const unpack = (what: string) => (names: string) =>
  `This is a zip around ${what} (${names}). Unpack it, and give what is in it.`;

const otherZips: OtherZip[] = [
  [
    /(^|\/)model\.weights\.npz$/,
    () => 'This .keras archive keeps its weights as NumPy arrays. Save it again with the present Keras.',
  ],
  [/(^|\/)data\.pkl$/, () => 'This is a PyTorch model. Give a Keras or an ONNX model (torch.onnx.export).'],
  [/(^|\/)saved_model\.pb$/, unpack('a TensorFlow SavedModel')],
  [
    /\.mlmodel$|(^|\/)com\.apple\.CoreML\//,
    () => 'This is a zip of a Core ML model. Give the Keras model that it was converted from.',
  ],
  [/(^|\/)model\.json$/, unpack("a model.json, as TensorFlow.js's are")],
  [
    /\.npy$/,
    () =>
      'This is a file of NumPy arrays (.npz): weights without an architecture. Load them into the model where it was ' +
      "trained, and save it with model.save('model.keras').",
  ],
  [
    /\.tflite$/,
    (names) => `This is a zip of a TensorFlow Lite model (${names}). Give the Keras model that it was converted from.`,
  ],
  [
    /\.weights\.h5$|\.ckpt|\.safetensors$/,
    (names) =>
      `This is a zip of weights without an architecture (${names}). Save the whole model with model.save('model.keras').`,
  ],
];

const some = (names: readonly string[]): string =>
  [...names.slice(0, 3).map((name) => quote(name)), ...(names.length > 3 ? [`${names.length - 3} more`] : [])].join(
    ', ',
  );

/**
 * Where in a zip the files of a `.keras` archive are: the empty text where Keras puts them, else their folder, with a slash, where
 * there is one only and no other model.
 *
 * @throws ModelFileError `model_format_unsupported` for zips of anything else, naming what they are
 */
export function archiveTop(all: readonly string[]): string {
  const names = new Set(all.filter((name) => !added.test(name)));
  const { config, weights } = archiveFiles;
  if (names.has(config) && names.has(weights)) return '';
  const tops = [...names].flatMap((name) => {
    const top = name.endsWith(`/${config}`) ? name.slice(0, -config.length) : undefined;
    return top !== undefined && names.has(top + weights) ? [top] : [];
  });
  const models = [...tops, ...[...names].filter(isModelFile)];
  if (tops.length === 1 && models.length === 1) return tops[0]!;
  throw new ModelFileError('model_format_unsupported', describe([...names], models));
}

function describe(names: readonly string[], models: readonly string[]): string {
  if (models.length === 1) return unpack('a model')(some(models));
  if (models.length > 1) return `This is a zip of several models (${some(models)}). Unpack it, and give one of them.`;
  for (const [is, message] of otherZips) {
    const found = names.filter((name) => is.test(name));
    if (found.length > 0) return message(some(found));
  }
  const lacks = names.some((name) => name.endsWith(archiveFiles.config)) ? archiveFiles.weights : archiveFiles.config;
  return `This is a zip, but no Keras model: it holds no ${lacks}. ${contentsOf(names)}`;
}

const contentsOf = (names: readonly string[]): string =>
  names.length === 0
    ? 'It is empty: copy or download it again.'
    : `In it are ${some(names)}: unpack it, and give the model file.`;
