import type { Tensor, TensorInfo, Tensors } from '../tensor.js';
import { bothClasses, type Label, topPredictions } from './labels.js';

/** What a model gave, to be written as the reply of `POST /predict`. */
export interface PredictionsToWrite {
  outputs: Tensors;
  /** In the order of the reply. */
  infos: readonly TensorInfo[];
  /** Of a classifier: a row is then the likeliest labels with their probabilities. */
  classes?: { labels: readonly Label[]; topK: number };
}

/** Characters that are put together before they are written. */
const pieceLength = 2 ** 18;

/**
 * The reply in JSON, in UTF-8: `{"predictions": […], "success": true}` with an element for every row. Where the outputs have
 * no rows in common, `predictions` is an object of whole outputs. NaN and infinities, which JSON lacks, are null; integers have
 * all their digits.
 */
export function writePredictions(predictions: PredictionsToWrite): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  let text = '{"predictions":';
  for (const part of predictionTexts(predictions)) {
    text += part;
    if (text.length < pieceLength) continue;
    pieces.push(encoder.encode(text));
    text = '';
  }
  pieces.push(encoder.encode(`${text},"success":true}`));
  return pieces;
}

function* predictionTexts({ outputs, infos, classes }: PredictionsToWrite): Generator<string> {
  const tensors = infos.map(({ name }) => [JSON.stringify(name), outputs[name]!] as const);
  const [[, first]] = tensors as [readonly [string, Tensor]];
  const rows = first.shape[0];
  if (rows === undefined || tensors.some(([, { shape }]) => shape[0] !== rows)) return yield* whole(tensors);
  yield '[';
  for (let row = 0; row < rows; row++) {
    if (row > 0) yield ',';
    if (classes) yield labelsText(rowOf(first, row), classes);
    else if (tensors.length === 1) yield* tensorTexts(rowOf(first, row));
    else yield* whole(tensors.map(([name, tensor]) => [name, rowOf(tensor, row)]));
  }
  yield ']';
}

/** Tensors by name as an object. */
function* whole(tensors: readonly (readonly [string, Tensor])[]): Generator<string> {
  const [first] = tensors;
  if (tensors.length === 1) return yield* tensorTexts(first![1]);
  for (const [index, [name, tensor]] of tensors.entries()) {
    yield `${index === 0 ? '{' : ','}${name}:`;
    yield* tensorTexts(tensor);
  }
  yield '}';
}

/** A row without its axis; the memory is shared. */
function rowOf({ type, shape, data }: Tensor, row: number): Tensor {
  const size = data.length / shape[0]!;
  return { type, shape: shape.slice(1), data: data.subarray(row * size, (row + 1) * size) };
}

/** A tensor as nested arrays, or as the one element that it is. */
function* tensorTexts(tensor: Tensor): Generator<string> {
  const { shape } = tensor;
  if (shape.length <= 1) return yield shape.length === 0 ? elements(tensor) : `[${elements(tensor)}]`;
  for (let row = 0; row < shape[0]!; row++) {
    yield row === 0 ? '[' : ',';
    yield* tensorTexts(rowOf(tensor, row));
  }
  yield shape[0] === 0 ? '[]' : ']';
}

function elements({ type, data }: Tensor): string {
  if (type === 'bool') return Array.from(data as Uint8Array, Boolean).join();
  if (data.every((value) => typeof value === 'bigint' || Number.isFinite(value))) return data.join();
  return Array.from(data as Float32Array, (value) => (Number.isFinite(value) ? value : null))
    .map(String)
    .join();
}

function labelsText({ data }: Tensor, { labels, topK }: NonNullable<PredictionsToWrite['classes']>): string {
  const top = topPredictions(bothClasses(data as Float32Array, labels), labels, topK);
  return JSON.stringify(top.map(({ label, probability }) => ({ label, probability })));
}
