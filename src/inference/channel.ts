/**
 * Messages between the server and its inference processes: JSON, and behind it the memory of the typed arrays in it, so that
 * pixels are neither turned into anything nor copied on their way. A message is two numbers (the bytes of the JSON and of the
 * arrays, float64, little endian), the JSON, and the arrays one after the other, each at a multiple of eight bytes.
 */
import { readSync, writeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { type TensorData, tensorArrays } from '../support/tensor.js';

/** The kinds of typed arrays by their names. */
const arrays = new Map(Object.values(tensorArrays).map((array) => [array.name, array]));

/** What the JSON has in the place of a typed array. */
interface ArrayPlace {
  $array: string;
  offset: number;
  length: number;
}

const isPlace = (value: unknown): value is ArrayPlace => typeof (value as ArrayPlace | null)?.$array === 'string';

/** The file descriptor of the channel in an inference process. */
export const channelDescriptor = 3;

const headerBytes = 16;
const alignment = 8;
/** Bytes up to which a message is copied into one piece: each piece more costs a call of the system, or a turn through the stream. */
const smallMessage = 2 ** 14;

/** The chunks of a message, in the order in which they are sent. */
function encode(message: object): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let end = 0;
  const json = JSON.stringify(message, function (this: Record<string, unknown>, key, value) {
    // A Buffer has turned itself into something else before it comes here.
    const array = this[key];
    if (!ArrayBuffer.isView(array)) return value;
    const { buffer, byteOffset, byteLength, length, [Symbol.toStringTag]: name } = array as TensorData;
    const place: ArrayPlace = { $array: name, offset: end, length };
    const padding = -byteLength & (alignment - 1);
    chunks.push(new Uint8Array(buffer, byteOffset, byteLength), new Uint8Array(padding));
    end += byteLength + padding;
    return place;
  });
  const text = Buffer.from(json);
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeDoubleLE(text.length, 0);
  header.writeDoubleLE(end, 8);
  const all = [header, text, ...chunks];
  return headerBytes + text.length + end <= smallMessage ? [Buffer.concat(all)] : all;
}

/** Reads a message: gives the memory that is to be filled next, and at last the message. */
function* decode(): Generator<Uint8Array, unknown, void> {
  const header = Buffer.allocUnsafe(headerBytes);
  yield header;
  const text = Buffer.allocUnsafe(header.readDoubleLE(0));
  yield text;
  // Its own memory, which begins where numbers may begin.
  const numbers = Buffer.allocUnsafeSlow(header.readDoubleLE(8));
  if (numbers.length > 0) yield numbers;
  return JSON.parse(text.toString(), (_key, value) =>
    isPlace(value) ? new (arrays.get(value.$array)!)(numbers.buffer, value.offset, value.length) : value,
  );
}

/** Sends a message. Its arrays must stay as they are until it has gone. */
export function send(stream: Duplex, message: object): void {
  stream.cork();
  for (const chunk of encode(message)) stream.write(chunk);
  stream.uncork();
}

/** Calls `receive` with every message that comes. */
export function listen(stream: Duplex, receive: (message: unknown) => void): void {
  let reading = decode();
  let next = reading.next();
  let count = 0;
  stream.on('data', (chunk: Uint8Array) => {
    for (let at = 0; at < chunk.length; ) {
      const memory = next.value as Uint8Array;
      const part = chunk.subarray(at, at + memory.length - count);
      memory.set(part, count);
      count += part.length;
      at += part.length;
      if (count < memory.length) return;
      count = 0;
      next = reading.next();
      if (!next.done) continue;
      receive(next.value);
      reading = decode();
      next = reading.next();
    }
  });
}

/**
 * Receives the messages that come on a file descriptor, each when it is asked for: small ones with one call of the system.
 * @returns waits for the next; undefined when the other side has gone
 */
export function receiver(descriptor: number): () => unknown {
  const ahead = Buffer.allocUnsafeSlow(smallMessage);
  let [start, end] = [0, 0];
  /** @returns whether the memory is full, which it isn't when the other side has gone */
  const fill = (memory: Uint8Array): boolean => {
    for (let count = 0; count < memory.length; ) {
      if (start === end && memory.length - count < ahead.length)
        [start, end] = [0, readSync(descriptor, ahead, 0, ahead.length, null)];
      const copied = ahead.copy(memory, count, start, end);
      start += copied;
      const read = copied || readSync(descriptor, memory, count, memory.length - count, null);
      if (read === 0) return false;
      count += read;
    }
    return true;
  };
  return () => {
    const reading = decode();
    for (;;) {
      const { done, value } = reading.next();
      if (done) return value;
      if (!fill(value as Uint8Array)) return undefined;
    }
  };
}

/** Sends a message, and waits until it has gone. */
export function sendSync(descriptor: number, message: object): void {
  for (const chunk of encode(message))
    for (let count = 0; count < chunk.length; ) count += writeSync(descriptor, chunk, count);
}
