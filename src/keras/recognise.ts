import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtobufError, readHeads } from '../support/protobuf-reader.js';
import { archiveFiles } from './archive.js';
import { ModelFileError } from './errors.js';
import { type OpenModelFile, readPart } from './source.js';

/** The kinds of file that can be read, by their content; a `folder` is an unpacked `.keras` archive. */
export type FileKind = 'zip' | 'hdf5' | 'json' | 'gzip' | 'onnx' | 'folder';

const HDF5 = '\x89HDF\r\n\x1a\n';
const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/**
 * Recognises a file by its first bytes, whatever its name.
 *
 * @throws ModelFileError `model_format_unsupported` or `model_format_unknown`, naming what the file is and what to do
 */
export async function recognise(source: OpenModelFile): Promise<FileKind> {
  if ((await source.file.stat()).isDirectory()) return recogniseFolder(source.path);
  if (source.size === 0) {
    throw new ModelFileError('model_format_unknown', 'The file is empty. Copy or download it again.');
  }
  const start = await readPart(source, 0, 4096);
  const bytes = start.toString('latin1');
  const text = bytes.startsWith(BYTE_ORDER_MARK) ? bytes.slice(BYTE_ORDER_MARK.length) : bytes;
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'zip';
  if (text.startsWith(HDF5) || (await hasUserBlock(source))) return 'hdf5';
  if (bytes.startsWith('\x1f\x8b')) return 'gzip';
  for (const [sign, code, message] of otherFormats) {
    const matches = typeof sign === 'string' ? text.startsWith(sign) : sign.test(text);
    if (matches) throw new ModelFileError(code, message);
  }
  if (/^\s*[{["]/.test(text)) return 'json';
  if (await isOnnx(source)) return 'onnx';
  if (text.startsWith('\x08\x01\x12')) throw new ModelFileError('model_format_unsupported', savedModel);
  throw new ModelFileError(
    'model_format_unknown',
    'This is no model file of a known kind: neither .keras, .h5, model.json nor .onnx by its content.',
  );
}

/** HDF5 may begin after 512, 1024, 2048, … bytes of something else. */
async function hasUserBlock(source: OpenModelFile): Promise<boolean> {
  for (let offset = 512; offset < Math.min(source.size, 2 ** 20); offset *= 2) {
    if ((await readPart(source, offset, HDF5.length)).toString('latin1') === HDF5) return true;
  }
  return false;
}

const savedModel =
  "This is a TensorFlow SavedModel, which holds TensorFlow's operations, not Keras layers: the TensorFlow engine serves its " +
  'folder as it is (--engine auto or tensorflow). For anything else, save it as .keras where it was trained: ' +
  "keras.models.load_model(folder).save('model.keras'), with the Keras that wrote it.";

const pickled =
  "This is a Python pickle (scikit-learn, joblib or PyTorch), which is a program, not data, and is never run. Save the Keras model with model.save('model.keras').";

type OtherFormat = [sign: RegExp | string, code: ModelFileError['code'], message: string];

const otherFormats: OtherFormat[] = [
  [
    /^version https:\/\/git-lfs/,
    'model_format_unknown',
    'This is a Git LFS pointer, not the model: run `git lfs pull` where the repository was cloned, or download the file itself.',
  ],
  [
    /^\s*<(!doctype|html|head|!--)/i,
    'model_format_unknown',
    'This is a web page, not a model: the download went wrong. Download the file itself ("raw"), signed in if need be.',
  ],
  [
    /^\s*<\?xml/,
    'model_format_unknown',
    'This is XML, as file stores answer when they refuse a download. Download the file again.',
  ],
  [
    /^\s*(---\s*\n)?(backend|class_name|config|keras_version):\s/,
    'model_format_unsupported',
    'This is an architecture in YAML, which Keras no longer reads. Where it was made, save the model with model.save, or its architecture with model.to_json().',
  ],
  ...['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'].map(
    (sign): OtherFormat => [sign, 'model_format_unsupported', pickled],
  ),
  [
    /^.{4}TFL3/s,
    'model_format_unsupported',
    'This is a TensorFlow Lite model. Give the Keras model that it was converted from.',
  ],
  ['\x93NUMPY', 'model_format_unsupported', 'This is a NumPy array, not a model.'],
  ...['7z\xbc\xaf', 'Rar!', 'BZh', '\xfd7zXZ'].map(
    (sign): OtherFormat => [
      sign,
      'model_format_unsupported',
      'This is a packed archive. Unpack it, and give the model file in it.',
    ],
  ),
  [/^GGUF/, 'model_format_unsupported', 'This is a GGUF model (llama.cpp), not a Keras model.'],
  [
    /^.{8}\{"/s,
    'model_format_unsupported',
    'This is a safetensors file: weights without architecture, and not from Keras.',
  ],
];

/** Whether a folder with these files is a TensorFlow SavedModel. */
export const isSavedModelFolder = (names: readonly string[]): boolean =>
  ['saved_model.pb', 'saved_model.pbtxt', 'keras_metadata.pb'].some((name) => names.includes(name));

async function recogniseFolder(path: string): Promise<FileKind> {
  const names = await readdir(path);
  if (names.includes(archiveFiles.config) && names.includes(archiveFiles.weights)) return 'folder';
  if (isSavedModelFolder(names)) {
    throw new ModelFileError('model_format_unsupported', savedModel);
  }
  const hint = names.includes('model.json')
    ? `Give the file in it: ${join(path, 'model.json')}.`
    : 'Give the model file itself.';
  throw new ModelFileError('model_format_unknown', `This is a folder. ${hint}`);
}

/** The first bytes of a file, among which an ONNX model's graph begins. */
const startBytes = 65_536;
/** Most bytes of what stands before the graph: names, versions and a note. */
const mostBefore = 4096;

/** Whether a file is an ONNX model, which the engine runs as it is. */
export async function isOnnx(source: OpenModelFile): Promise<boolean> {
  const bytes = await readPart(source, 0, startBytes);
  let hasVersion = false;
  try {
    // ModelProto of onnx.proto: ir_version is field 1, model_version 5, graph 7; the others are texts and messages.
    for (const { field, wire, value, start, length } of readHeads(bytes)) {
      const isNumber = field === 1 || field === 5;
      if (field < 1 || field > 25 || wire !== (isNumber ? 0 : 2) || start + length > source.size) return false;
      if (field === 1) hasVersion = value > 0n && value < 100n;
      if (field === 7 && hasVersion) return length > 0;
      if (field < 6 && length > mostBefore) return false;
    }
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
  }
  return false;
}
