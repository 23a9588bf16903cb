import { ProtobufError, readHeads } from '../support/protobuf-reader.js';

/** Where a file ends that TensorFlow writes as a table: `.index` of a checkpoint. The magic number of LevelDB's table format. */
const tableEnd = Buffer.from('57fb808b247547db', 'hex');

/** A field of a message that begins a file. */
interface Part {
  field: number;
  wire: number;
  value: bigint;
  /** What of it is there. */
  bytes: Buffer;
}

/** The most fields of a message that are looked at. */
const most = 64;

/** The first fields of a message, of which the last may be cut off; those before bytes that are none. */
function partsOf(bytes: Buffer): Part[] {
  const parts: Part[] = [];
  try {
    for (const { field, wire, value, start, length } of readHeads(bytes)) {
      parts.push({ field, wire, value, bytes: bytes.subarray(start, start + length) });
      if (parts.length === most) break;
    }
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
  }
  return parts;
}

const isWord = (part: Part | undefined, field: number, sign: RegExp): boolean =>
  part?.field === field && part.wire === 2 && sign.test(part.bytes.toString('latin1'));

/** GraphDef of graph.proto begins with a node: its name, then its operation. */
function isGraph(parts: readonly Part[]): boolean {
  const [first] = parts;
  if (first?.field !== 1 || first.wire !== 2) return false;
  const [name, operation] = partsOf(first.bytes);
  return isWord(name, 1, /^[\w./>-]+$/) && isWord(operation, 2, /^[A-Za-z_]\w*$/);
}

/** MetaGraphDef of meta_graph.proto: what it says of itself, among that the operations that it needs; then the graph. */
function isMetaGraph([info, graph]: readonly Part[]): boolean {
  const aboutItself = info?.field === 1 && info.wire === 2 ? partsOf(info.bytes) : [];
  return (
    graph?.field === 2 &&
    graph.wire === 2 &&
    isGraph(partsOf(graph.bytes)) &&
    aboutItself.every(({ field, wire }) => field <= 8 && (wire === 2 || wire === 0))
  );
}

/** Model of Core ML's Model.proto: a version, a description, and one kind of model, whose fields have numbers from 200 on. */
const isCoreMl = ([version, description, ...others]: readonly Part[]): boolean =>
  version?.field === 1 &&
  version.wire === 0 &&
  description?.field === 2 &&
  description.wire === 2 &&
  others.some(({ field, wire }) => field >= 200 && field < 4000 && wire === 2);

const kinds: [is: (parts: readonly Part[]) => boolean, message: string][] = [
  [isCoreMl, 'This is a Core ML model. Give the Keras model that it was converted from.'],
  [
    isMetaGraph,
    'This is the graph of a TensorFlow checkpoint (.meta), without Keras layers. Build the model in Keras, load the ' +
      "checkpoint into it, and save it with model.save('model.keras').",
  ],
  [
    isGraph,
    "This is a TensorFlow graph (GraphDef, often called a frozen graph), which holds TensorFlow's operations, not Keras layers. " +
      'Give the Keras model that it was made from, as .keras, or its SavedModel folder (--engine auto or tensorflow).',
  ],
];

/**
 * What a protobuf message of another program is.
 * @param start the first bytes of the file
 */
export const otherProtobuf = (start: Buffer): string | undefined => {
  const parts = partsOf(start);
  return kinds.find(([is]) => is(parts))?.[1];
};

const checkpoint =
  'This is a part of a TensorFlow checkpoint, which holds weights without an architecture. Load it into the model where it was ' +
  "trained (model.load_weights or tf.train.Checkpoint), and save that with model.save('model.keras').";

/**
 * What a part of a TensorFlow checkpoint is: the index by how it ends, the weights, which are nothing but numbers, by the name.
 * @param end the last bytes of the file
 */
export const checkpointPart = (end: Buffer, path: string): string | undefined =>
  end.subarray(-tableEnd.length).equals(tableEnd) || /\.data-\d{5}-of-\d{5}$/.test(path) ? checkpoint : undefined;
