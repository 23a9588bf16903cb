import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { openFile } from '../support/files.js';
import { stampsOf } from './file-stamps.js';
import { NoteFolder } from './note-folder.js';

const chunkBytes = 2 ** 20;

/** Reads a file from its start to its end, piece by piece, the next one while this one is looked at; then its memory is used again. */
async function read(path: string, visit: (piece: Uint8Array) => void): Promise<void> {
  const file = await openFile(path);
  try {
    let [here, coming] = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)];
    let reading = file.read(coming);
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      [here, coming] = [coming, here];
      reading = file.read(coming);
      visit(here.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** The CRC-32 of a file: it tells damage, and takes less time than a hash. */
export async function checksumOf(path: string): Promise<number> {
  let checksum = 0;
  await read(path, (piece) => {
    checksum = crc32(piece, checksum);
  });
  return checksum;
}

/** The SHA-256 of a file. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await read(path, (piece) => hash.update(piece));
  return hash.digest('hex');
}

/** The SHA-256 of texts, one after the other. */
export function hashTexts(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text}\0`);
  return hash.digest('hex');
}

/**
 * The SHA-256 of files' content. A folder has notes of what was hashed, by which a file that has not changed since is known:
 * a large model is not read through at every start.
 */
export class FileHashes {
  private readonly notes: NoteFolder;

  constructor(folder: string) {
    this.notes = new NoteFolder(folder);
  }

  /** @param path of a file */
  async of(path: string): Promise<string> {
    const note = hashTexts([resolve(path)]);
    const before = await stampsOf([path]);
    const [stamp, known] = String((await this.notes.read(note)) ?? '').split(' ');
    if (known && stamp === before.text) return known;
    const hash = await hashOf(path);
    const after = await stampsOf([path]);
    if (before.settled && after.text === before.text) await this.notes.write(note, `${before.text} ${hash}`);
    return hash;
  }
}
