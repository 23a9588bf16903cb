import { open, readFile, writeFile } from 'node:fs/promises';
import { readHeads, text } from '../support/protobuf-reader.js';
import { encodeFields } from './protobuf.js';

/** Kernels read what was packed for them with instructions that end the process where it doesn't begin at a multiple of so many bytes. */
const alignment = 64;
/** `ModelProto.graph`, `GraphProto.initializer`, `TensorProto.external_data` */
const entriesOfTensors = [7, 5, 13];
/** How ONNX Runtime calls an entry that says where a packed weight lies: `kernel+hash|offset;length;checksum`, or several of these. */
const packed = /^prepacked_\d+$/;

/** A message with other bytes in the place of the messages at a path of field numbers. */
function withMessages(bytes: Buffer, [number, ...rest]: readonly number[], change: (one: Buffer) => Buffer): Buffer {
  const chunks: Uint8Array[] = [];
  let end = 0;
  for (const { field, wire, start, length } of readHeads(bytes)) {
    const content = bytes.subarray(start, start + length);
    if (field === number && wire === 2) {
      const changed = rest.length > 0 ? withMessages(content, rest, change) : change(content);
      chunks.push(encodeFields([[field, changed]]));
    } else chunks.push(bytes.subarray(end, start + length));
    end = start + length;
  }
  return Buffer.concat(chunks);
}

/**
 * Lays packed weights that ONNX Runtime (1.30) wrote beside a model where its kernels can read them: it puts those under 1 MB right behind
 * what comes before.
 * @param model path of the model
 * @param data path of its weights
 */
export async function alignPrepacked(model: string, data: string): Promise<void> {
  const weights = await open(data, 'r+');
  try {
    let { size } = await weights.stat();
    const moves: { from: number; length: number; to: number }[] = [];
    const moved = (offset: string, length: string): string => {
      if (Number(offset) % alignment === 0) return `${offset};${length};`;
      const to = Math.ceil(size / alignment) * alignment;
      moves.push({ from: Number(offset), length: Number(length), to });
      size = to + Number(length);
      return `${to};${length};`;
    };
    const before = await readFile(model);
    const after = withMessages(before, entriesOfTensors, (entry) => {
      const [name, value] = [text(entry, 1), text(entry, 2)];
      if (!packed.test(name)) return entry;
      const places = value.replace(/(\d+);(\d+);/g, (_, offset: string, length: string) => moved(offset, length));
      return encodeFields([
        [1, Buffer.from(name)],
        [2, Buffer.from(places)],
      ]);
    });
    for (const { from, length, to } of moves) {
      const { buffer } = await weights.read(Buffer.alloc(length), 0, length, from);
      await weights.write(buffer, 0, length, to);
    }
    if (moves.length > 0) await writeFile(model, after);
  } finally {
    await weights.close();
  }
}
