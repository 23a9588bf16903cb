import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../support/files.js';

/** More notes than anybody has models, and bytes of all: past either all are forgotten. */
const most = { notes: 2_000, bytes: 256 * 2 ** 20 };
/** Of one note, in bytes: a larger one isn't kept. */
const largestNote = most.bytes / 4;

/** A folder of what was worked out once and can be again, each under a name, written whole. */
export class NoteFolder {
  constructor(private readonly folder: string) {}

  /** What is kept under a name. */
  read(name: string): Promise<Buffer | undefined> {
    return readFile(join(this.folder, name)).catch(() => undefined);
  }

  /** Keeps something under a name; where that can't be written it is worked out again. */
  async write(name: string, note: string | Uint8Array): Promise<void> {
    if (note.length <= largestNote) await this.put(name, note).catch(() => undefined);
  }

  private async put(name: string, note: string | Uint8Array): Promise<void> {
    const notes = await readdir(this.folder).catch(() => []);
    const sizes = await Promise.all(notes.map(async (one) => (await stat(join(this.folder, one))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, note.length);
    if (notes.length >= most.notes || bytes > most.bytes) await rm(this.folder, { recursive: true });
    await makeFolder(this.folder);
    const temporary = join(this.folder, randomUUID());
    await writeFile(temporary, note);
    await rename(temporary, join(this.folder, name));
  }
}
