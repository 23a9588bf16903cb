import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hashTexts } from './file-hashes.js';
import { stampsOf } from './file-stamps.js';
import { NoteFolder } from './note-folder.js';

/** Another one since the machine was started again; undefined where the system doesn't tell. */
const bootOf = (): Promise<string | undefined> =>
  readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

/**
 * Which entries of the cache were found whole. Notes of that, by which one whose files nobody has written since is known, spare the
 * next start from reading through all weights. What no stamp of a file tells, a crash that left half of it and a disk that lost some while
 * it lay there, is found by the first check after a machine was started: notes are of one time that it runs.
 */
export class CheckedEntries {
  private readonly notes: NoteFolder;

  /** @param boot tells one time that the machine runs from another; where it gives nothing, all is checked whenever it is used */
  constructor(
    folder: string,
    private readonly boot: () => Promise<string | undefined> = bootOf,
  ) {
    this.notes = new NoteFolder(folder);
  }

  /**
   * Whether an entry is whole.
   * @param paths of its files
   * @param check reads them through
   */
  async isWhole(entry: string, paths: readonly string[], check: () => Promise<boolean>): Promise<boolean> {
    const boot = await this.boot();
    if (boot === undefined) return check();
    const note = hashTexts([resolve(entry), boot]);
    const before = await stampsOf(paths);
    const stamp = hashTexts([...paths, before.text]);
    if (String((await this.notes.read(note)) ?? '') === stamp) return true;
    if (!(await check())) return false;
    const after = await stampsOf(paths);
    if (before.settled && after.text === before.text) await this.notes.write(note, stamp);
    return true;
  }
}
