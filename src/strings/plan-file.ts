import { readFile, writeFile } from 'node:fs/promises';
import type { Strings } from '../support/strings.js';
import type { StringPlan } from './plan.js';

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

/** Writes a plan: the length of its JSON in 4 bytes (little endian), the JSON, and the strings that it names. */
export async function writePlan(path: string, plan: StringPlan): Promise<void> {
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
  await writeFile(path, Buffer.concat([header, text, ...chunks]));
}

/** Reads what {@link writePlan} wrote. Its strings share the memory of the file. */
export async function readPlan(path: string): Promise<StringPlan> {
  const file = await readFile(path);
  const memory = file.byteOffset % 4 === 0 ? file : Buffer.from(new Uint8Array(file).buffer);
  const start = 4 + memory.readUInt32LE(0);
  return JSON.parse(memory.toString('utf8', 4, start), (_key, value) => {
    if (!isPlace(value)) return value;
    const { bytes, ends, offset } = value;
    const at = memory.byteOffset + start + offset;
    return {
      ends: new Uint32Array(memory.buffer, at, ends),
      bytes: new Uint8Array(memory.buffer, at + 4 * ends, bytes),
    } satisfies Strings;
  });
}
