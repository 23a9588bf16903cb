import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeFolder } from '../support/files.js';
import { CheckedEntries } from './checked-entries.js';
import type { OptimizedModel } from './compile-messages.js';
import { checksumOf } from './file-hashes.js';

/** The files in a folder and those in it. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.flatMap((one) => (one.isFile() ? relative(folder, join(one.parentPath ?? one.path, one.name)) : []));
}

/** The checksum of every file in a folder but the manifest. */
async function checksumsIn(folder: string): Promise<Record<string, number>> {
  const names = (await filesIn(folder)).filter((name) => name !== manifestName).sort();
  const checksums = await Promise.all(names.map((name) => checksumOf(join(folder, name))));
  return Object.fromEntries(names.map((name, index) => [name, checksums[index]!]));
}

async function bytesIn(folder: string): Promise<number> {
  const names = await filesIn(folder).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

const modelName = 'model';
const manifestName = 'manifest.json';
const temporaryPrefix = 'writing-';
/** After this long, what a process left half written is nobody's. */
const abandonedAfter = 3_600_000;

/** A compiled model on disk. */
export interface CachedModel extends OptimizedModel {
  path: string;
}

interface Manifest extends OptimizedModel {
  /** The checksum of every file by its name. */
  checksums: Record<string, number>;
}

/**
 * Compiled models on disk: a folder for each key, moved into place whole, so that servers that start at once see all of it or
 * nothing. An entry is checked when it is used, unless it has been since the machine was started and nobody has written to it; a
 * damaged one is made anew.
 */
export class ModelCache {
  private readonly checked: CheckedEntries;

  /**
   * @param folder made when it is missing
   * @param maxBytes past it, what was used longest ago goes
   */
  constructor(
    private readonly folder: string,
    private readonly maxBytes: number,
  ) {
    // Beside the entries, and removed like one of them where there is no room.
    this.checked = new CheckedEntries(join(folder, 'checked'));
  }

  /**
   * The model under `key`, made by `make` if it is not there.
   * @param make writes the model to the path that it is given, and what belongs to it beside it
   */
  async get(key: string, make: (path: string) => Promise<OptimizedModel>): Promise<CachedModel> {
    const entry = join(this.folder, key);
    const known = await this.read(entry);
    if (known) return known;
    const temporary = join(this.folder, `${temporaryPrefix}${randomUUID()}`);
    await makeFolder(temporary);
    try {
      const path = join(temporary, modelName);
      const made = await make(path);
      const manifest: Manifest = { checksums: await checksumsIn(temporary), ...made };
      await writeFile(join(temporary, manifestName), JSON.stringify(manifest));
      // Where another server was quicker the rename fails, and its entry is as good: it may be loading it, so it stays.
      await rename(temporary, entry).catch(async () => {
        if (await this.read(entry)) return;
        await rm(entry, { recursive: true, force: true });
        await rename(temporary, entry);
      });
      await this.prune(key).catch(() => undefined);
      return { path: join(entry, modelName), ...made };
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /** An entry that is whole and unharmed. */
  private async read(entry: string): Promise<CachedModel | undefined> {
    try {
      const { checksums, ...made } = JSON.parse(await readFile(join(entry, manifestName), 'utf8')) as Manifest;
      // An older keras-serve left no hints.
      if (made.hints === undefined || made.engine === undefined) return undefined;
      const paths = (await filesIn(entry)).sort().map((name) => join(entry, name));
      const check = async () => isDeepStrictEqual(await checksumsIn(entry), checksums);
      if (!(await this.checked.isWhole(entry, paths, check))) return undefined;
      const now = new Date();
      // What can't be written can be read all the same.
      await utimes(entry, now, now).catch(() => undefined);
      return { path: join(entry, modelName), ...made };
    } catch {
      return undefined;
    }
  }

  /** Removes what was used longest ago until the rest fits, and what was left half written. */
  private async prune(keep: string): Promise<void> {
    const names = await readdir(this.folder);
    const entries = await Promise.all(
      names.map(async (name) => {
        const path = join(this.folder, name);
        const used = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
        const bytes = await bytesIn(path);
        return { name, path, used, bytes };
      }),
    );
    const remove = (path: string) => rm(path, { recursive: true, force: true });
    let total = 0;
    for (const { name, path, used, bytes } of entries.sort((a, b) => b.used - a.used)) {
      if (name.startsWith(temporaryPrefix)) {
        if (Date.now() - used > abandonedAfter) await remove(path);
        continue;
      }
      total += bytes;
      if (total > this.maxBytes && name !== keep) await remove(path);
    }
  }
}
