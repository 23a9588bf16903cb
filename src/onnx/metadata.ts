import { openFile } from '../support/files.js';
import { ProtobufError, readHeads, text } from '../support/protobuf-reader.js';

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

/** The number of the field in `ModelProto`. The compiler writes it before the graph; other programs that change a file, behind it. */
const metadataField = 14;
/** What is read at once, and at most of one entry; and how often. */
const windowBytes = 65_536;
const mostWindows = 64;

/** The metadata of an ONNX file, but entries of more than 64 KB. @throws as `openFile` does */
export async function readMetadata(path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    let position = 0;
    for (let window = 0; window < mostWindows && position < size; window++) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(windowBytes), 0, windowBytes, position);
      const read = readWindow(buffer.subarray(0, bytesRead), found);
      if (read === 0) break;
      position += read;
    }
  } finally {
    await file.close();
  }
  return found;
}

/** Collects the entries of a part of a file. @returns where the next field begins, or may: 0 where there is none */
function readWindow(bytes: Buffer, found: Map<string, string>): number {
  let end = 0;
  try {
    for (const { field, wire, start, length } of readHeads(bytes)) {
      const isEntry = field === metadataField && wire === 2;
      const isCut = start + length > bytes.length;
      // It is whole where the next part begins with it.
      if (isEntry && isCut && end > 0) return end;
      end = start + length;
      if (isEntry && !isCut) {
        const entry = bytes.subarray(start, end);
        found.set(text(entry, 1), text(entry, 2));
      }
    }
  } catch (error) {
    // The head of a field is cut off, or the file is something else.
    if (!(error instanceof ProtobufError)) throw error;
  }
  return end;
}
