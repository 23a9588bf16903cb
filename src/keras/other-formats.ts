// biome-ignore-all lint/suspicious/noControlCharactersInRegex: the signs of binary files have them.
import { constants, inflateSync } from 'node:zlib';
import type { ModelFileErrorCode } from './errors.js';

/** What a file is that is no model of Keras: by what it begins with, as Latin-1, and what its owner is told. */
type OtherFormat = [sign: RegExp, code: ModelFileErrorCode, message: string];

/** What every refusal of a model of another kind ends with. */
export const saveAsKeras = "Save the Keras model with model.save('model.keras').";

const pickled = `This is a Python pickle (scikit-learn, joblib or PyTorch), which is a program, not data, and is never run. ${saveAsKeras}`;

const unsupported = (sign: RegExp, message: string): OtherFormat => [sign, 'model_format_unsupported', message];
const unknown = (sign: RegExp, message: string): OtherFormat => [sign, 'model_format_unknown', message];

/** Of pickles: a PROTO opcode of protocol 2 and later; older ones begin with a dict, a list or a class, by their opcodes. */
const pickle = /^(?:\x80[\x02-\x05]|\([dlt]p?\d*\n|c[\w.]+\n\w+\n|[}\]]q\0)/;

const formats: OtherFormat[] = [
  unknown(
    /^version https:\/\/git-lfs/,
    'This is a Git LFS pointer, not the model: run `git lfs pull` where the repository was cloned, or download the file itself.',
  ),
  unknown(
    /^\s*<(!doctype|html|head|!--)/i,
    'This is a web page, not a model: the download went wrong. Download the file itself ("raw"), signed in if need be.',
  ),
  unknown(/^\s*<\?xml/, 'This is XML, as file stores answer when they refuse a download. Download the file again.'),
  unknown(
    /^\0{512}/,
    'The file begins with nothing but zeros: a download or a copy was cut short. Copy or download it again.',
  ),
  unsupported(
    /^\s*(---\s*\n)?(backend|class_name|config|keras_version):\s/,
    'This is an architecture in YAML, which Keras no longer reads. Where it was made, save the model with model.save, or its architecture with model.to_json().',
  ),
  unsupported(
    /^\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19/,
    'This is a PyTorch model, which is a Python pickle and is never run. Give a Keras or an ONNX model (torch.onnx.export).',
  ),
  unsupported(pickle, pickled),
  unsupported(/^.{4}TFL3/s, 'This is a TensorFlow Lite model. Give the Keras model that it was converted from.'),
  unsupported(
    /^\x93NUMPY/,
    "This is a NumPy array, not a model: numbers without an architecture. Save the whole model with model.save('model.keras').",
  ),
  unsupported(
    /^.{257}ustar/s,
    'This is a tar archive. Unpack it (tar -xf), and give the model file or the folder that is in it.',
  ),
  unsupported(/^GGUF/, 'This is a GGUF model (llama.cpp), not a Keras model. Give the Keras model, as .keras.'),
  unsupported(
    /^.{4}\0{4}\{"/s,
    `This is a safetensors file: weights without architecture, and not from Keras. Load them where the model was trained. ${saveAsKeras}`,
  ),
  unsupported(
    /^model_checkpoint_path:/,
    "This is the list of a folder's TensorFlow checkpoints, which are weights without an architecture. Load the newest into " +
      "the model (model.load_weights or tf.train.Checkpoint), and save it with model.save('model.keras').",
  ),
  unsupported(
    /^\s*saved_model_schema_version:/,
    "This is a TensorFlow SavedModel as text. Load it where it was made, and save it with model.save('model.keras').",
  ),
  unsupported(
    /^\s*node\s*\{\s*name:/,
    'This is a TensorFlow graph (GraphDef) as text, without Keras layers. Give the Keras model that it was made from.',
  ),
];

/** Programs that pack files, by what theirs begin with. */
const packers: [sign: RegExp, name: string][] = [
  [/^7z\xbc\xaf/, '7z'],
  [/^Rar!/, 'RAR'],
  [/^BZh/, 'bzip2'],
  [/^\xfd7zXZ/, 'xz'],
  [/^\]\0\0[\0-\x80]/, 'lzma'],
  [/^\x28\xb5\x2f\xfd/, 'Zstandard'],
  [/^\x04\x22\x4d\x18/, 'LZ4'],
];

/** How those who save pickles packed call them. */
const isPickleName = /\.(joblib|pkl|pickle)(\.\w+)?$/i;

/**
 * What a file that isn't one of ours is, by its first 4 KB.
 * @param start as Latin-1, without a byte order mark
 * @param path tells a pickle that is packed in a way that isn't unpacked here
 */
export function otherFormat(start: string, path: string): { code: ModelFileErrorCode; message: string } | undefined {
  const [, code, message] = formats.find(([sign]) => sign.test(start)) ?? [];
  if (code !== undefined) return { code, message: message! };
  const packer = packers.find(([sign]) => sign.test(start))?.[1];
  if (isZlibPickle(start) || (packer && isPickleName.test(path)))
    return { code: 'model_format_unsupported', message: pickled };
  const unpack = `This is a packed archive (${packer}). Unpack it, and give the model file in it.`;
  return packer === undefined ? undefined : { code: 'model_format_unsupported', message: unpack };
}

/** Whether this is a pickle that joblib compressed with zlib: two bytes say so, and what they begin is asked. */
function isZlibPickle(start: string): boolean {
  if (!/^x[\x01^\x9c\xda]/.test(start)) return false;
  try {
    const bytes = inflateSync(Buffer.from(start, 'latin1'), { finishFlush: constants.Z_SYNC_FLUSH });
    return pickle.test(bytes.toString('latin1', 0, 200));
  } catch {
    return false;
  }
}
