import { openFile } from '../support/files.js';
import { ProtobufError, readFields, text } from '../support/protobuf-reader.js';

/**
 * What the compiler notes in the models that it writes (`metadata_props` of onnx.proto's `ModelProto`), for those who serve them
 * later: whether rows of a batch depend on each other, the SHA-256 of the file beside it without which it is not whole (it says what is
 * done with strings), and what the Keras model gave away of what it was trained on.
 */
export const metadataNames = {
  batchDependent: 'keras_serve.mixes_rows',
  strings: 'keras_serve.strings',
  hints: 'keras_serve.hints',
} as const;

/** The number of the field in `ModelProto`. It is written before the graph, so it is in the first bytes of a file. */
const metadataField = 14;
const startBytes = 65_536;

/** The metadata of an ONNX file that stand before its graph. @throws as `openFile` does */
export async function readMetadata(path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const file = await openFile(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    for (const field of readFields(buffer.subarray(0, bytesRead)))
      if (field.field === metadataField && 'bytes' in field) found.set(text(field.bytes, 1), text(field.bytes, 2));
  } catch (error) {
    // The graph is longer than what was read.
    if (!(error instanceof ProtobufError)) throw error;
  } finally {
    await file.close();
  }
  return found;
}
