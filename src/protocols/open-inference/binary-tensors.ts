/**
 * Tensors as bytes, as the binary tensor data extension of the Open Inference Protocol has them: little-endian, row-major,
 * nothing between the elements. So are typed arrays on every processor that ONNX Runtime knows.
 */
import type { Datatype } from '../../../schemas/open-inference.js';
import { elementsOf, StringsBuilder, stringTensor } from '../../support/strings.js';
import { type Tensor, tensorArrays } from '../../support/tensor.js';
import { datatypeInfos } from '../datatypes.js';
import { ProtocolRequestError } from '../errors.js';

/** How many elements a shape has; Infinity where that is more than can be counted. */
export function countOf(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  const count = shape.reduce((product, size) => product * size, 1);
  return Number.isSafeInteger(count) ? count : Number.POSITIVE_INFINITY;
}

/** Half precision to single: the fraction, scaled by a power of two. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function singles(halves: Uint16Array): Float32Array {
  const singles = new Float32Array(halves.length);
  for (let index = 0; index < halves.length; index++) singles[index] = half(halves[index]!);
  return singles;
}

/** Elements of two bytes to float32. */
const widen: Partial<Record<Datatype, (bits: Uint16Array) => Float32Array>> = {
  FP16: singles,
  BF16: (bits) => new Float32Array(Uint32Array.from(bits, (value) => value << 16).buffer),
};

/**
 * The tensor that bytes stand for. They are copied.
 * @param place of the tensor in the request, for messages
 * @throws ProtocolRequestError when there are more or fewer bytes than the shape needs, or a BOOL is neither 0 nor 1
 */
export function tensorOfBytes(
  datatype: Exclude<Datatype, 'BYTES'>,
  shape: number[],
  bytes: Uint8Array,
  place: string,
): Tensor {
  const { size, type } = datatypeInfos[datatype];
  const needed = countOf(shape) * size;
  if (bytes.length !== needed)
    throw new ProtocolRequestError(
      `${place} of datatype ${datatype} and shape [${shape}] needs ${needed} bytes, but has ${bytes.length}.`,
    );
  if (datatype === 'BOOL' && bytes.some((value) => value > 1))
    throw new ProtocolRequestError(`${place} is BOOL, so its bytes should be 0 or 1.`);
  const buffer = new Uint8Array(bytes).buffer;
  const toSingles = widen[datatype];
  return { type, shape, data: toSingles ? toSingles(new Uint16Array(buffer)) : new tensorArrays[type](buffer) };
}

/** The elements of a tensor as bytes; the memory of numbers is shared. */
export function bytesOfTensor(tensor: Tensor): Buffer {
  const { type, data } = tensor;
  return type === 'string'
    ? bytesOfStrings(elementsOf(tensor))
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The elements of a BYTES tensor, each of which comes after its length in four bytes; the memory is shared.
 * @param count how many there should be
 * @throws ProtocolRequestError
 */
export function elementsOfBytes(count: number, bytes: Buffer, place: string): Buffer[] {
  const elements: Buffer[] = [];
  let position = 0;
  while (position < bytes.length && elements.length < count) {
    const start = position + 4;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(position) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new ProtocolRequestError(`${place} ends within its element ${elements.length}.`);
    elements.push(bytes.subarray(start, end));
    position = end;
  }
  if (elements.length === count && position === bytes.length) return elements;
  const found = position < bytes.length ? `has more than these` : `has ${elements.length}`;
  throw new ProtocolRequestError(`${place} should have ${count} elements, but ${found}.`);
}

/** Strings as a BYTES tensor. */
const bytesOfStrings = (strings: Iterable<Uint8Array>): Buffer =>
  Buffer.concat(
    Array.from(strings, (bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }).flat(),
  );

/** Texts as a BYTES tensor. */
export const bytesOfTexts = (texts: readonly string[]): Buffer =>
  bytesOfStrings(texts.map((text) => Buffer.from(text)));

/** The tensor of strings that bytes stand for. They are copied. @throws ProtocolRequestError as {@link elementsOfBytes} */
export function stringsOfBytes(shape: number[], bytes: Buffer, place: string): Tensor {
  const strings = new StringsBuilder(bytes.length);
  for (const element of elementsOfBytes(countOf(shape), bytes, place)) strings.add(element);
  return stringTensor(strings.finish(), shape);
}
