import type { GraphBuilder } from './graph.js';
import { encodeModel } from './protobuf.js';

/** ONNX's IR version and operator set that the compiler writes. */
const irVersion = 10;
const opset = 21;

/** The bytes of an ONNX file with this graph, in pieces to be written one after the other. */
export function encodeOnnx(graph: GraphBuilder): Uint8Array[] {
  return encodeModel({
    ir_version: irVersion,
    producer_name: 'keras-serve',
    opset_import: [{ domain: '', version: opset }],
    graph: graph.message('model'),
  });
}
