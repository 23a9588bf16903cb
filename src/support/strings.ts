/**
 * Strings in tensors. A string is bytes, as it is to TensorFlow: UTF-8 where it is text. The `data` of a tensor of strings has two
 * 32-bit numbers for each, where it starts and where it ends in `bytes`, so that rows are taken and put together like those of numbers.
 */
import type { Tensor } from './tensor.js';

/** Strings one behind the other: the first begins at 0, each of the others where that before it ends. */
export interface Strings {
  bytes: Uint8Array;
  ends: Uint32Array;
}

/** The most bytes that the strings of one tensor may have together: 256 MiB. */
export const mostStringBytes = 2 ** 28;
/** The most bytes of one string in a request: 16 MiB, a dozen long books. */
export const longestString = 2 ** 24;

/** Collects strings. */
export class StringsBuilder {
  private bytes: Uint8Array;
  private ends: Uint32Array;
  /** How many there are. */
  length = 0;
  private size = 0;

  /** @param bytes that are expected @param count strings that are expected */
  constructor(bytes = 256, count = 16) {
    this.bytes = new Uint8Array(bytes);
    this.ends = new Uint32Array(count);
  }

  /** Adds a string. @throws RangeError past {@link mostStringBytes} */
  add(string: Uint8Array): void {
    this.part(string);
    this.end();
  }

  /** Adds bytes to the string that {@link end} ends. */
  part(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.size);
    this.size += bytes.length;
  }

  /** Adds a byte to it. */
  byte(byte: number): void {
    if (this.size === this.bytes.length) this.reserve(1);
    this.bytes[this.size++] = byte;
  }

  /** Ends the string that is being put together. */
  end(): void {
    if (this.length === this.ends.length) {
      const ends = new Uint32Array(2 * this.length + 1);
      ends.set(this.ends);
      this.ends = ends;
    }
    this.ends[this.length++] = this.size;
  }

  private reserve(more: number): void {
    const needed = this.size + more;
    if (needed > mostStringBytes) throw new RangeError('The strings are longer than a tensor of them may be.');
    if (needed <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }

  finish(): Strings {
    return { bytes: this.bytes.subarray(0, this.size), ends: this.ends.subarray(0, this.length) };
  }
}

/** One of them; the memory is shared. */
export const stringAt = ({ bytes, ends }: Strings, index: number): Uint8Array =>
  bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);

/** Where each element of a tensor of strings starts and ends in its bytes: two numbers for each. */
const spansOf = ({ data }: Tensor): Uint32Array => new Uint32Array(data.buffer, data.byteOffset, 2 * data.length);

const nothing = new Uint8Array();

/** The elements of a tensor of strings, in order; the memory is shared. */
export function* elementsOf(tensor: Tensor): Generator<Uint8Array> {
  const { bytes = nothing } = tensor;
  const spans = spansOf(tensor);
  for (let index = 0; index < spans.length; index += 2) yield bytes.subarray(spans[index], spans[index + 1]);
}

/** Why a tensor of strings is none that can be worked with, or undefined. */
export function faultOf(tensor: Tensor): string | undefined {
  const { bytes = nothing } = tensor;
  if (bytes.length > mostStringBytes) return `has more than ${mostStringBytes} bytes`;
  const spans = spansOf(tensor);
  for (let index = 0; index < spans.length; index += 2) {
    const length = spans[index + 1]! - spans[index]!;
    if (length < 0 || spans[index + 1]! > bytes.length) return 'has strings that are not in its bytes';
    if (length > longestString) return `has a string of more than ${longestString} bytes`;
  }
  return undefined;
}

/** A tensor of strings. */
export function stringTensor({ bytes, ends }: Strings, shape: number[]): Tensor {
  const spans = new Uint32Array(2 * ends.length);
  let start = 0;
  ends.forEach((end, index) => {
    spans[2 * index] = start;
    spans[2 * index + 1] = end;
    start = end;
  });
  return { type: 'string', shape, data: new BigUint64Array(spans.buffer), bytes };
}

/** The strings of a tensor one behind the other, without what is between them; the memory is shared where there is nothing. */
export function stringsOf(tensor: Tensor): Strings {
  const { bytes = nothing, data } = tensor;
  const spans = spansOf(tensor);
  const ends = new Uint32Array(data.length);
  let end = 0;
  for (let index = 0; index < ends.length && spans[2 * index] === end; index++) {
    end = spans[2 * index + 1]!;
    ends[index] = end;
    if (index === ends.length - 1) return { bytes: bytes.subarray(0, end), ends };
  }
  const builder = new StringsBuilder(bytes.length, data.length);
  for (const element of elementsOf(tensor)) builder.add(element);
  return builder.finish();
}

/** Elements of a tensor of strings by their numbers, with those of its bytes alone that they need; the memory of these is shared. */
export function sliceStrings({ data, bytes = nothing }: Tensor, start: number, end: number, shape: number[]): Tensor {
  const spans = new Uint32Array(data.slice(start, end).buffer);
  let [from, to] = [bytes.length, 0];
  for (let index = 0; index < spans.length; index += 2) {
    from = Math.min(from, spans[index]!);
    to = Math.max(to, spans[index + 1]!);
  }
  return {
    type: 'string',
    shape,
    data: new BigUint64Array(spans.map((place) => place - from).buffer),
    bytes: bytes.subarray(from, to),
  };
}

/** Tensors of strings as one, below one another, of `rows` rows: those that are missing are empty. */
export function concatStrings(tensors: readonly Tensor[], shape: number[]): Tensor {
  const builder = new StringsBuilder(tensors.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0));
  for (const tensor of tensors) for (const element of elementsOf(tensor)) builder.add(element);
  const count = shape.reduce((product, size) => product * size, 1);
  while (builder.length < count) builder.end();
  return stringTensor(builder.finish(), shape);
}

/**
 * A tensor of strings that takes memory of its own, without what its bytes have beside them.
 */
export const ownStrings = (tensor: Tensor): Tensor => concatStrings([tensor], tensor.shape);

const encoder = new TextEncoder();

/**
 * Texts as a tensor of strings in UTF-8.
 *
 * ```ts
 * const { outputs } = await model.predict({ text: tensorOfTexts(['I loved it', 'never again'], [2, 1]) });
 * ```
 */
export function tensorOfTexts(texts: readonly string[], shape: number[] = [texts.length]): Tensor {
  const builder = new StringsBuilder(16 * texts.length, texts.length);
  for (const text of texts) builder.add(encoder.encode(text));
  return stringTensor(builder.finish(), shape);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that a string is, or undefined where its bytes are not UTF-8. */
export function textOf(string: Uint8Array): string | undefined {
  try {
    return decoder.decode(string);
  } catch {
    return undefined;
  }
}

/** A string to read: its text, or base64 where it is none. */
export const shownString = (string: Uint8Array): string => textOf(string) ?? Buffer.from(string).toString('base64');

/** The texts of a tensor of strings. @throws TypeError where one is not UTF-8 */
export const textsOf = (tensor: Tensor): string[] =>
  Array.from(elementsOf(tensor), (element) => decoder.decode(element));
