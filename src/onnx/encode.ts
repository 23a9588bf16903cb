import type { GraphBuilder } from './graph.js';
import { encodeModel } from './protobuf.js';

/** ONNX's IR version and operator set that the compiler writes. */
const irVersion = 10;
const opset = 21;
/** Versions of the operator sets of other domains. */
const domainVersions: Record<string, number> = { 'ai.onnx.ml': 4 };

/** The bytes of an ONNX file with this graph, in pieces to be written one after the other. */
export function encodeOnnx(graph: GraphBuilder): Uint8Array[] {
  return encodeModel({
    ir_version: irVersion,
    producer_name: 'keras-serve',
    opset_import: [
      { domain: '', version: opset },
      ...[...graph.domains].map((domain) => ({ domain, version: domainVersions[domain] ?? 1 })),
    ],
    graph: graph.message('model'),
  });
}
