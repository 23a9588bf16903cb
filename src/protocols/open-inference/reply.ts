import type { Label } from '../../datapoints/label.js';
import { topPredictions } from '../../datapoints/labels.js';
import { encodeTexts, flatTexts, ReplySizeError } from '../../datapoints/tensor-text.js';
import type { Tensor, Tensors } from '../../support/tensor.js';
import { datatypeOf } from '../datatypes.js';
import { bytesOfTensor, bytesOfTexts } from './binary-tensors.js';
import type { RequestedOutput } from './request.js';

/** What a reply is made of. */
export interface InferenceToWrite {
  modelName: string;
  modelVersion: string;
  id: string | undefined;
  /** What the model gave, by output name. */
  tensors: Tensors;
  outputs: readonly RequestedOutput[];
  /** Bytes that the reply may have, what follows the JSON with it. */
  maxSize: number;
  /** The names of the classes of an output, as many as are known. */
  classes: { output: string; labels: readonly Label[] };
}

/** A reply: JSON in UTF-8, and the elements of the outputs that are to follow it. */
export interface WrittenInference {
  json: Uint8Array<ArrayBuffer>[];
  binary: Uint8Array[];
}

/** An output as it is written: its elements as JSON, or as bytes. */
interface Written {
  datatype: string;
  shape: readonly number[];
  texts(): Iterable<string>;
  bytes(): Uint8Array;
}

const written = (tensor: Tensor): Written => ({
  datatype: datatypeOf(tensor.type),
  shape: tensor.shape,
  texts: () => flatTexts(tensor, 'null'),
  bytes: () => bytesOfTensor(tensor),
});

/** The likeliest classes of each row, as `value:index:label`. */
function classesOf({ shape, data }: Tensor, count: number, labels: readonly Label[]): Written {
  const [rows = 0, width = 0] = shape;
  const most = Math.min(count, width);
  const texts = Array.from({ length: rows }, (_, row) => {
    const scores = Array.from(data.subarray(row * width, (row + 1) * width), Number);
    // Without labels, classes are called by their numbers.
    return topPredictions(scores, [], most).map(({ probability, label: index }) => {
      const label = labels[Number(index)];
      const name = typeof label === 'string' ? label : label?.[1];
      return `${probability}:${index}${name === undefined ? '' : `:${name}`}`;
    });
  }).flat();
  return {
    datatype: 'BYTES',
    shape: [rows, most],
    texts: () => [JSON.stringify(texts)],
    bytes: () => bytesOfTexts(texts),
  };
}

/** Writes the reply to an inference request. @throws ReplySizeError */
export function writeInference(inference: InferenceToWrite): WrittenInference {
  const binary: Uint8Array[] = [];
  const json = encodeTexts(replyTexts(inference, binary), inference.maxSize);
  const size = [...json, ...binary].reduce((sum, { length }) => sum + length, 0);
  if (size > inference.maxSize) throw new ReplySizeError(inference.maxSize);
  return { json, binary };
}

function* replyTexts(inference: InferenceToWrite, binary: Uint8Array[]): Generator<string> {
  const { modelName, modelVersion, id, tensors, outputs, classes: known } = inference;
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, ...(id !== undefined && { id }) });
  yield `${head.slice(0, -1)},"outputs":[`;
  for (const [index, { name, binary: isBinary, classes }] of outputs.entries()) {
    const labels = name === known.output ? known.labels : [];
    const output = classes === undefined ? written(tensors[name]!) : classesOf(tensors[name]!, classes, labels);
    const { datatype, shape } = output;
    if (index > 0) yield ',';
    yield JSON.stringify({ name, datatype, shape }).slice(0, -1);
    if (isBinary) {
      const bytes = output.bytes();
      binary.push(bytes);
      yield `,"parameters":{"binary_data_size":${bytes.length}}`;
    } else {
      yield ',"data":';
      yield* output.texts();
    }
    yield '}';
  }
  yield ']}';
}
