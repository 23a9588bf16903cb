import type { GraphBuilder } from './graph.js';
import { ByteChunks, encodeModel, type LaterBytes, type Message } from './protobuf.js';

/** ONNX's IR version and operator set that the compiler writes. */
const irVersion = 10;
const opset = 21;
/** Versions of the operator sets of other domains. */
const domainVersions: Record<string, number> = { 'ai.onnx.ml': 4 };

/** Texts by name that an ONNX file carries beside its graph. */
export type Metadata = Readonly<Record<string, string>>;

const entriesOf = (record: Record<string, string | number>): Message[] =>
  Object.entries(record).map(([key, value]) => ({ key, value: String(value) }));

const modelProto = ({ domains }: GraphBuilder, graph: Message, metadata: Metadata): Message => ({
  ir_version: irVersion,
  producer_name: 'keras-serve',
  opset_import: [
    { domain: '', version: opset },
    ...[...domains].map((domain) => ({ domain, version: domainVersions[domain] ?? 1 })),
  ],
  metadata_props: entriesOf(metadata),
  graph,
});

/** The bytes of an ONNX file with this graph. */
export const encodeOnnx = (graph: GraphBuilder, metadata: Metadata = {}): ByteChunks =>
  encodeModel(modelProto(graph, graph.message('model'), metadata));

/** An ONNX file whose weights are in a file beside it. */
export interface ExternalModel {
  model: ByteChunks;
  data: ByteChunks;
}

/** `TensorProto.DataLocation.EXTERNAL` */
const external = 1;

/** Bytes from which on a tensor goes into the other file. */
const smallestExternal = 1024;

/** Tensors begin at multiples of a page, so that they can be mapped into memory. */
const alignment = 4096;

/**
 * Like {@link encodeOnnx}, with the large tensors in another file, for a protobuf message can't have more than 2 GB.
 * @param location the name of that file, which lies in the folder of the model
 * @param metadata goes into the model's file
 */
export function encodeWithExternalData(graph: GraphBuilder, location: string, metadata: Metadata = {}): ExternalModel {
  const data: (Uint8Array | LaterBytes)[] = [];
  let offset = 0;
  const moveOut = (tensor: Message): Message => {
    const { raw_data, ...rest } = tensor;
    const bytes = raw_data as Uint8Array | LaterBytes;
    if (bytes.byteLength < smallestExternal) return tensor;
    const start = Math.ceil(offset / alignment) * alignment;
    data.push(new Uint8Array(start - offset), bytes);
    offset = start + bytes.byteLength;
    const entries = { location, offset: start, length: bytes.byteLength };
    return { ...rest, external_data: entriesOf(entries), data_location: external };
  };
  const message = graph.message('model');
  const initializer = (message.initializer as Message[]).map(moveOut);
  return { model: encodeModel(modelProto(graph, { ...message, initializer }, metadata)), data: new ByteChunks(data) };
}
