import { type Label, topPredictions } from '../catalog/labels.js';
import type { Tensor, Tensors } from '../tensor.js';
import { bytesOfTensor, bytesOfTexts } from './binary-tensors.js';
import { datatypeOf } from './datatypes.js';
import { flatText } from './json-text.js';
import type { RequestedOutput } from './open-inference.js';

/** What a reply is made of. */
export interface InferenceReply {
  modelName: string;
  modelVersion: string;
  id: string | undefined;
  /** What the model gave, by output name. */
  tensors: Tensors;
  outputs: readonly RequestedOutput[];
  /** The names of an output's classes, as many as are known. */
  labelsOf(output: string): readonly Label[];
}

/** An output as it is written: its elements as JSON, or as bytes. */
interface Written {
  datatype: string;
  shape: readonly number[];
  json(): string;
  bytes(): Buffer;
}

const written = (tensor: Tensor): Written => ({
  datatype: datatypeOf(tensor.type),
  shape: tensor.shape,
  json: () => flatText(tensor, 'null'),
  bytes: () => bytesOfTensor(tensor),
});

/** The likeliest classes of each row, as `value:index:label`. */
function classesOf({ shape, data }: Tensor, count: number, labels: readonly Label[]): Written {
  const [rows = 0, width = 0] = shape;
  const most = Math.min(count, width);
  const texts = Array.from({ length: rows }, (_, row) => {
    const scores = Array.from(data.subarray(row * width, (row + 1) * width), Number);
    // Their numbers for labels, to find both.
    return topPredictions(scores, [], most).map(({ probability, label: index }) => {
      const label = labels[Number(index)];
      const name = typeof label === 'string' ? label : label?.[1];
      return `${probability}:${index}${name === undefined ? '' : `:${name}`}`;
    });
  }).flat();
  return {
    datatype: 'BYTES',
    shape: [rows, most],
    json: () => JSON.stringify(texts),
    bytes: () => bytesOfTexts(texts),
  };
}

/**
 * Writes the reply to an inference request.
 * @returns the JSON, and the elements of the outputs that are to follow it
 */
export function writeInference({ modelName, modelVersion, id, tensors, outputs, labelsOf }: InferenceReply): {
  json: string;
  binary: Buffer[];
} {
  const binary: Buffer[] = [];
  const texts = outputs.map(({ name, binary: isBinary, classes }) => {
    const tensor = tensors[name]!;
    const { datatype, shape, json, bytes } =
      classes === undefined ? written(tensor) : classesOf(tensor, classes, labelsOf(name));
    const head = { name, datatype, shape };
    if (!isBinary) return `${JSON.stringify(head).slice(0, -1)},"data":${json()}}`;
    binary.push(bytes());
    return JSON.stringify({ ...head, parameters: { binary_data_size: binary.at(-1)!.length } });
  });
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, ...(id !== undefined && { id }) });
  return { json: `${head.slice(0, -1)},"outputs":[${texts}]}`, binary };
}
