import { formatBytes } from '../support/bytes.js';
import { KnownError } from '../support/errors.js';
import { elementsOf, textOf } from '../support/strings.js';
import type { Tensor } from '../support/tensor.js';
import { rowOf, type TensorWriting, write } from './tensor-rows.js';

/** How NaN and infinities are written, which JSON lacks: as null, or as the words that JavaScript and Python know. */
export type NonFinite = 'null' | 'words';

/** Characters that are put together before they are written. */
const chunkSize = 2 ** 18;

/** A reply that would have more bytes than it may. */
export class ReplySizeError extends KnownError {
  readonly audience = 'client';
  readonly code = 'content_too_large';

  constructor(limit: number) {
    super(
      `The reply would be larger than ${formatBytes(limit)}, the most that this server sends. Ask for less at once.`,
    );
  }
}

/**
 * Texts in UTF-8, in chunks of some size.
 * @param limit bytes that they may have together
 * @throws ReplySizeError
 */
export function encodeTexts(texts: Iterable<string>, limit: number): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  let text = '';
  let size = 0;
  const encode = () => {
    const chunk = encoder.encode(text);
    size += chunk.length;
    if (size > limit) throw new ReplySizeError(limit);
    chunks.push(chunk);
    text = '';
  };
  for (const part of texts) {
    text += part;
    if (text.length >= chunkSize) encode();
  }
  encode();
  return chunks;
}

const textsOf = (nonFinite: NonFinite): TensorWriting<Iterable<string>> => ({
  elements(tensor) {
    const text = elements(tensor, nonFinite);
    return [tensor.shape.length === 0 ? text : `[${text}]`];
  },
  *list(rows) {
    let separator = '[';
    for (const row of rows) {
      yield separator;
      yield* row;
      separator = ',';
    }
    yield separator === '[' ? '[]' : ']';
  },
});

/** As texts of JSON: integers have all their digits. */
const asTexts: Record<NonFinite, TensorWriting<Iterable<string>>> = { null: textsOf('null'), words: textsOf('words') };

/** A tensor as nested arrays in JSON, or as the one element that it is. Integers have all their digits. */
export const tensorTexts = (tensor: Tensor, nonFinite: NonFinite): Iterable<string> =>
  write(tensor, asTexts[nonFinite]);

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

/** A string as JSON: bytes that are no text as TensorFlow Serving writes them. */
const stringText = (string: Uint8Array): string =>
  JSON.stringify(textOf(string) ?? { b64: Buffer.from(string).toString('base64') });

/** Elements that are written at once. */
const chunkLength = 2 ** 16;

/** A tensor as one array in JSON, in row-major order. */
export function* flatTexts({ data, ...rest }: Tensor, nonFinite: NonFinite): Generator<string> {
  for (let start = 0; start < data.length; start += chunkLength) {
    const chunk = data.subarray(start, start + chunkLength);
    yield (start === 0 ? '[' : ',') + elements({ ...rest, shape: [chunk.length], data: chunk }, nonFinite);
  }
  yield data.length === 0 ? '[]' : ']';
}

function elements(tensor: Tensor, nonFinite: NonFinite): string {
  const { type, data } = tensor;
  if (type === 'string') return Array.from(elementsOf(tensor), stringText).join();
  if (type === 'bool') return Array.from(data as Uint8Array, Boolean).join();
  if (nonFinite === 'words' || data.every((value) => typeof value === 'bigint' || Number.isFinite(value)))
    return data.join();
  return Array.from(data as Float32Array, (value) => (Number.isFinite(value) ? String(value) : 'null')).join();
}
