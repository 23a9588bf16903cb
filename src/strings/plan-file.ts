import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { InternalSignal } from '../support/errors.js';
import type { Strings } from '../support/strings.js';
import type { StringPlan } from './plan.js';

/** A file that should hold a plan, and doesn't. The message completes the sentence that begins with the file's name. */
export class PlanError extends InternalSignal {}

/** What the JSON of the file has in the place of strings: where their bytes and ends are, from its end on. */
interface Place {
  $strings: true;
  bytes: number;
  ends: number;
  offset: number;
}

const isStrings = (value: unknown): value is Strings => (value as Strings | null)?.ends instanceof Uint32Array;
const isPlace = (value: unknown): value is Place => (value as Place | null)?.$strings === true;

/** Numbers of 32 bits begin at multiples of four bytes. */
const align = (offset: number): number => offset + (-offset & 3);

/** A plan as a file: the length of its JSON in 4 bytes (little endian), the JSON, and the strings that it names. */
export function encodePlan(plan: StringPlan): Buffer {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const add = (chunk: Uint8Array) => {
    const padding = align(chunk.length) - chunk.length;
    chunks.push(chunk, new Uint8Array(padding));
    offset += chunk.length + padding;
  };
  const json = JSON.stringify(plan, (_key, value) => {
    if (!isStrings(value)) return value;
    const { bytes, ends } = value;
    const place: Place = { $strings: true, bytes: bytes.length, ends: ends.length, offset };
    add(new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength));
    add(bytes);
    return place;
  });
  const text = Buffer.from(json.padEnd(align(Buffer.byteLength(json)) - Buffer.byteLength(json) + json.length));
  const header = Buffer.alloc(4);
  header.writeUInt32LE(text.length);
  return Buffer.concat([header, text, ...chunks]);
}

/**
 * The plan that {@link encodePlan} made a file of. Its strings share the memory of the file.
 * @throws PlanError where strings are not in the file; of JSON, what `JSON.parse` says
 */
export function decodePlan(file: Buffer): StringPlan {
  const memory = file.byteOffset % 4 === 0 ? file : Buffer.from(new Uint8Array(file).buffer);
  const start = 4 + (memory.length < 4 ? 0 : memory.readUInt32LE(0));
  return JSON.parse(memory.toString('utf8', 4, start), (_key, value) => {
    if (!isPlace(value)) return value;
    const { bytes, ends, offset } = value;
    const from = start + offset;
    const fits = [bytes, ends, offset].every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!fits || from % 4 !== 0 || from + 4 * ends + bytes > memory.length)
      throw new PlanError('names strings that are not in it');
    const at = memory.byteOffset + from;
    return {
      ends: new Uint32Array(memory.buffer, at, ends),
      bytes: new Uint8Array(memory.buffer, at + 4 * ends, bytes),
    } satisfies Strings;
  });
}

/** By what a model knows its plan: SHA-256 of the plan's file, in hexadecimal. */
export const planHash = (file: Uint8Array): string => createHash('sha256').update(file).digest('hex');

/** Writes a plan. */
export const writePlan = (path: string, plan: StringPlan): Promise<void> => writeFile(path, encodePlan(plan));

/** Reads what {@link writePlan} wrote. */
export const readPlan = async (path: string): Promise<StringPlan> => decodePlan(await readFile(path));
