import { createHash } from 'node:crypto';
import { deserialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import { notesIn } from '../../inference/compiled-model.js';
import type { NoteFolder } from '../../inference/note-folder.js';
import { codeVersion } from '../../support/code-version.js';
import type { Reader, Reading, ReadRequest } from './read-messages.js';
import { type Clock, readInProcess, UnreadSignal } from './read-process.js';

/** What readings depend on beside the bytes. */
const readVersion = () => codeVersion(['cards', 'datapoints', 'json', 'pickle', 'support']);
let version: Promise<string[]> | undefined;

const checksumBytes = 4;

/** What files beside models hold: read in a process of its own, and kept, so that the same bytes aren't read again. */
export class FileContents {
  /** @param notes what was read before; without, nothing is kept */
  constructor(private readonly notes?: NoteFolder) {}

  /** Those that are kept in the cache. @param cacheFolder the user's own where it is undefined; null to keep nothing */
  static async in(cacheFolder: string | null | undefined): Promise<FileContents> {
    return new FileContents(await notesIn(cacheFolder, 'contents'));
  }

  /**
   * What a file holds.
   * @param bytes of the file, all that the reader is to see
   * @param part of it that a card names; of source code, what is asked of it
   * @throws UnreadSignal, and what the reader of a card's key throws
   */
  async read(reader: Reader, bytes: Uint8Array, clock: Clock, part?: string): Promise<unknown> {
    const request: ReadRequest = { reader, bytes, ...(part !== undefined && { part }) };
    const reading: Reading = deserialize(await this.readingOf(request, clock));
    if ('refused' in reading) throw new UnreadSignal(reading.refused);
    return reading.content;
  }

  /** A `Reading`, as it is kept. What was cut short isn't. */
  private async readingOf(request: ReadRequest, clock: Clock): Promise<Uint8Array> {
    const { notes } = this;
    if (!notes) return readInProcess(request, clock);
    const name = await nameOf(request);
    const known = await notes.read(name);
    const whole = known && whatIsWhole(known);
    if (whole) return whole;
    const reading = await readInProcess(request, clock);
    const checksum = Buffer.alloc(checksumBytes);
    checksum.writeUInt32LE(crc32(reading));
    await notes.write(name, Buffer.concat([checksum, reading]));
    return reading;
  }
}

/** A text that is another one for other bytes, readers and code. */
async function nameOf({ reader, bytes, part = '' }: ReadRequest): Promise<string> {
  version ??= readVersion();
  const hash = createHash('sha256');
  for (const text of [...(await version), process.versions.v8, reader, part]) hash.update(`${text}\0`);
  return hash.update(bytes).digest('hex');
}

/** What a note has behind its checksum; undefined where it is damaged. */
function whatIsWhole(note: Buffer): Buffer | undefined {
  if (note.length < checksumBytes) return undefined;
  const reading = note.subarray(checksumBytes);
  return note.readUInt32LE() === crc32(reading) ? reading : undefined;
}
