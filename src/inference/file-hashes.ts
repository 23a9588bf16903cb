import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { openFile } from '../support/files.js';
import { NoteFolder } from './note-folder.js';

const chunkBytes = 2 ** 20;

/** Reads a file from its start to its end, piece by piece; a piece is gone when the next one is read. */
async function read(path: string, visit: (piece: Uint8Array) => void): Promise<void> {
  const file = await openFile(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return;
      visit(buffer.subarray(0, bytesRead));
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

/** What the system says of a file, which is another when its content is. */
const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join();

/** Milliseconds after which a change can't have happened at the same time, by the clock of any file system, as one before. */
const settled = 5_000;

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
    const before = await stat(path, { bigint: true });
    const [stamp, known] = String((await this.notes.read(note)) ?? '').split(' ');
    if (known && stamp === stampOf(before)) return known;
    const hash = await hashOf(path);
    const after = await stat(path, { bigint: true });
    const isSettled = Date.now() - Number(after.ctimeMs) > settled && Date.now() - Number(after.mtimeMs) > settled;
    if (isSettled && stampOf(after) === stampOf(before)) await this.notes.write(note, `${stampOf(before)} ${hash}`);
    return hash;
  }
}
