import { archiveFiles } from './archive-names.js';
import { saveAsKeras } from './other-formats.js';

/** What the owner of a SavedModel is told. */
export const savedModel =
  "This is a TensorFlow SavedModel, which holds TensorFlow's operations, not Keras layers: the TensorFlow engine serves its " +
  'folder as it is (--engine auto or tensorflow). For anything else, save it as .keras where it was trained: ' +
  "keras.models.load_model(folder).save('model.keras'), with the Keras that wrote it.";

/** Whether a folder with these files is a TensorFlow SavedModel. */
export const isSavedModelFolder = (names: readonly string[]): boolean =>
  ['saved_model.pb', 'saved_model.pbtxt', 'keras_metadata.pb'].some((name) => names.includes(name));

/** Folders of other kinds, by the names in them. */
const otherFolders: [is: (names: readonly string[]) => boolean, message: string][] = [
  [isSavedModelFolder, savedModel],
  [
    (names) => names.includes('Manifest.json') && names.includes('Data'),
    'This is a Core ML package (.mlpackage). Give the Keras model that it was converted from.',
  ],
  [
    (names) => names.includes(archiveFiles.config) && names.includes('model.weights.json'),
    'This is a folder of an architecture and weights in shards. Give its config.json as the model, and its model.weights.json ' +
      'as the weights (--weights).',
  ],
  [
    (names) => names.includes(archiveFiles.config) && names.includes('model.weights.npz'),
    "This folder keeps a model's weights as NumPy arrays. Save the model again with the present Keras, as .keras.",
  ],
  [
    (names) => names.includes('_CHECKPOINT_METADATA') || names.includes('manifest.ocdbt'),
    `This is an Orbax checkpoint, which holds weights without an architecture. Load it where the model was trained. ${saveAsKeras}`,
  ],
  [
    (names) =>
      names.some((name) => name.endsWith('.index')) && names.some((name) => /\.data-\d{5}-of-\d{5}$/.test(name)),
    "This is a folder of TensorFlow checkpoints, which hold weights without an architecture; those of a SavedModel's variables " +
      `are served with the folder around them. Load them where the model was trained. ${saveAsKeras}`,
  ],
];

/** What a folder of other programs is that is no model of Keras, by the names in it. */
export const otherFolder = (names: readonly string[]): string | undefined =>
  otherFolders.find(([is]) => is(names))?.[1];
