import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtobufError, readHeads } from '../support/protobuf-reader.js';
import { archiveFiles } from './archive-names.js';
import { ModelFileError } from './errors.js';
import { otherFolder, savedModel } from './other-folders.js';
import { otherFormat } from './other-formats.js';
import { checkpointPart, otherProtobuf } from './other-protobufs.js';
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
  const other = otherFormat(text, source.path);
  if (other) throw new ModelFileError(other.code, other.message);
  if (/^\s*[{["]/.test(text)) return 'json';
  if (await isOnnx(source)) return 'onnx';
  const message = (await foreign(source)) ?? (text.startsWith('\x08\x01\x12') ? savedModel : undefined);
  if (message) throw new ModelFileError('model_format_unsupported', message);
  throw new ModelFileError(
    'model_format_unknown',
    'This is no model file of a known kind: neither .keras, .h5, model.json nor .onnx by its content.',
  );
}

/** What a file of TensorFlow's or Core ML's is. */
const foreign = async (source: OpenModelFile): Promise<string | undefined> =>
  otherProtobuf(await readPart(source, 0, startBytes)) ??
  checkpointPart(await readPart(source, Math.max(0, source.size - 48), 48), source.path);

/** HDF5 may begin after 512, 1024, 2048, … bytes of something else. */
async function hasUserBlock(source: OpenModelFile): Promise<boolean> {
  for (let offset = 512; offset < Math.min(source.size, 2 ** 20); offset *= 2) {
    if ((await readPart(source, offset, HDF5.length)).toString('latin1') === HDF5) return true;
  }
  return false;
}

async function recogniseFolder(path: string): Promise<FileKind> {
  const names = await readdir(path);
  if (names.includes(archiveFiles.config) && names.includes(archiveFiles.weights)) return 'folder';
  const message = otherFolder(names);
  if (message) throw new ModelFileError('model_format_unsupported', message);
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
