import { extname, parse } from 'node:path';
import { CARD_FILE } from './card-file.js';

/** The endings of model files, the newest format first, and what is made of a model last. */
const endings = ['.keras', '.h5', '.hdf5', '.json', '.onnx'];
const endingOf = (name: string): string => extname(name).toLowerCase();

const isArchitecture = (name: string) => name.toLowerCase() === 'model.json';
const isWeights = (name: string) => /\.weights\.(h5|json)$/i.test(name);
const isModelFile = (name: string) =>
  isArchitecture(name) || (endingOf(name) !== '.json' && endings.includes(endingOf(name)) && !isWeights(name));

/** What looks as if it were served, and is not. */
export interface PassedOver {
  name: string;
  /** Why, for brackets behind the name. */
  reason: string;
}

type LookAlike = [name: RegExp, reason: string];

/** What names that are none of a model's say of a file, for its owner to know that it is not served. */
const lookAlikes: LookAlike[] = [
  [/_\d{5}\.weights\.h5$/i, 'a shard of weights without their model'],
  [/\.weights\.(h5|json)$/i, 'weights without their model'],
  [/\.safetensors$/i, 'weights without their model'],
  [/\.ckpt(\.index|\.meta|-\d+\.(index|meta))?$/i, 'a checkpoint: weights without their model'],
  [/\.tflite$/i, 'a TensorFlow Lite model'],
  [/\.(mlmodel|mlpackage)$/i, 'a Core ML model'],
  [/\.(pt|pth)$/i, 'a PyTorch model'],
  [/\.(pb|pbtxt)$/i, 'a TensorFlow graph'],
  [/\.gguf$/i, 'a GGUF model'],
  [/\.(keras|h5|hdf5|onnx)\.(zip|gz|bz2|xz|tar|tgz)$/i, 'packed'],
  [/^serve\.json$/i, `a card is called ${CARD_FILE}`],
];

/** What else says why there is no model in a folder; beside one these are scalers, tables and data. */
const inItsPlace: LookAlike[] = [
  [/\.(pkl|pickle|joblib)$/i, 'a Python pickle, which is never run'],
  [/\.np[yz]$/i, 'NumPy arrays'],
  [/\.data-\d{5}-of-\d{5}$|\.index$/i, 'a checkpoint: weights without their model'],
  [/\.(zip|tar|tgz|gz|bz2|xz|7z|rar)$/i, 'packed'],
];

const lookingAlike = (names: readonly string[], alikes: readonly LookAlike[]): PassedOver[] =>
  [...names].sort().flatMap((name) => {
    const alike = alikes.find(([pattern]) => pattern.test(name));
    return alike ? [{ name, reason: alike[1] }] : [];
  });

/** The folders that are other programs' models. */
export const foldersPassedOver = (names: readonly string[]): PassedOver[] =>
  lookingAlike(names, [[/\.mlpackage$/i, 'a Core ML model']]);

/** The model files among the names of a folder's files, and what looks like one; of several of one name the newest counts. */
export function modelFilesAmong(names: readonly string[]): { models: string[]; passedOver: PassedOver[] } {
  const architectures = names.filter(isArchitecture).map((name) => parse(name).name);
  // A `model.json` has its weights beside it, which are no model of their own.
  const weights = new Set(
    architectures.flatMap((stem) => ['.h5', '_weights.h5', '.weights.h5', '.weights.json'].map((end) => stem + end)),
  );
  const isShard = (name: string) =>
    architectures.some((stem) => name.startsWith(stem) && /^_\d{5}\.weights\.h5$/.test(name.slice(stem.length)));
  const models = new Map<string, string>();
  const passedOver: PassedOver[] = [];
  const rank = (name: string) => endings.indexOf(endingOf(name));
  for (const name of [...names].sort((one, other) => rank(one) - rank(other))) {
    if (weights.has(name) || isShard(name)) continue;
    const stem = parse(name).name;
    const newer = models.get(stem);
    const alike = name !== CARD_FILE && lookAlikes.find(([pattern]) => pattern.test(name));
    if (!isModelFile(name)) alike && passedOver.push({ name, reason: alike[1] });
    else if (newer === undefined) models.set(stem, name);
    else passedOver.push({ name, reason: `${newer}, of the same name, is served` });
  }
  return { models: [...models.values()].sort(), passedOver: passedOver.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** What a folder without a model holds that its owner may take for one. */
export const inPlaceOfModel = (names: readonly string[]): PassedOver[] =>
  lookingAlike(names, [...lookAlikes, ...inItsPlace]);

/** Whether a name, such as a folder's, ends as those of model files do. */
export const endsAsModel = (name: string): boolean => endings.includes(endingOf(name));

/** Whether a folder is itself a model: an unpacked `.keras` archive, or a SavedModel, of which the reader says why it can't be served. */
export const isModelFolder = (names: readonly string[]): boolean =>
  names.includes('saved_model.pb') || (names.includes('config.json') && names.includes('model.weights.h5'));
