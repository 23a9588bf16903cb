import type { Tensor } from '../tensor.js';

/** How NaN and infinities are written, which JSON lacks: as null, or as the words that JavaScript and Python know. */
export type NonFinite = 'null' | 'words';

/** Characters that are put together before they are written. */
const pieceLength = 2 ** 18;

/** Texts in UTF-8, in pieces of some size. */
export function encodeTexts(texts: Iterable<string>): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  let text = '';
  for (const part of texts) {
    text += part;
    if (text.length < pieceLength) continue;
    pieces.push(encoder.encode(text));
    text = '';
  }
  pieces.push(encoder.encode(text));
  return pieces;
}

/** A row without its axis; the memory is shared. */
export function rowOf({ type, shape, data }: Tensor, row: number): Tensor {
  const size = data.length / shape[0]!;
  return { type, shape: shape.slice(1), data: data.subarray(row * size, (row + 1) * size) };
}

/** A tensor as nested arrays in JSON, or as the one element that it is. Integers have all their digits. */
export function* tensorTexts(tensor: Tensor, nonFinite: NonFinite): Generator<string> {
  const { shape } = tensor;
  if (shape.length <= 1) {
    const text = elements(tensor, nonFinite);
    return yield shape.length === 0 ? text : `[${text}]`;
  }
  for (let row = 0; row < shape[0]!; row++) {
    yield row === 0 ? '[' : ',';
    yield* tensorTexts(rowOf(tensor, row), nonFinite);
  }
  yield shape[0] === 0 ? '[]' : ']';
}

/** Tensors with their names as texts of JSON. */
export type NamedTensors = readonly (readonly [name: string, tensor: Tensor])[];

/** A row of each. */
export const rowOfEach = (tensors: NamedTensors, row: number): NamedTensors =>
  tensors.map(([name, tensor]) => [name, rowOf(tensor, row)]);

/** A tensor alone, or several as an object by their names. */
export function* namedTexts(tensors: NamedTensors, nonFinite: NonFinite): Generator<string> {
  if (tensors.length === 1) return yield* tensorTexts(tensors[0]![1], nonFinite);
  for (const [index, [name, tensor]] of tensors.entries()) {
    yield `${index === 0 ? '{' : ','}${name}:`;
    yield* tensorTexts(tensor, nonFinite);
  }
  yield '}';
}

/** Elements that are written at once. */
const chunkLength = 2 ** 16;

/** A tensor as one array in JSON, in row-major order. */
export function* flatTexts({ type, data }: Tensor, nonFinite: NonFinite): Generator<string> {
  for (let start = 0; start < data.length; start += chunkLength) {
    const chunk = data.subarray(start, start + chunkLength);
    yield (start === 0 ? '[' : ',') + elements({ type, shape: [chunk.length], data: chunk }, nonFinite);
  }
  yield data.length === 0 ? '[]' : ']';
}

function elements({ type, data }: Tensor, nonFinite: NonFinite): string {
  if (type === 'bool') return Array.from(data as Uint8Array, Boolean).join();
  if (nonFinite === 'words' || data.every((value) => typeof value === 'bigint' || Number.isFinite(value)))
    return data.join();
  return Array.from(data as Float32Array, (value) => (Number.isFinite(value) ? String(value) : 'null')).join();
}
