import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Milliseconds after which a change can't have happened at the same time, by the clock of any file system, as one before. */
const settledAfter = 5_000;

/** What the system says of files at a moment. */
export interface FileStamps {
  /** Another one where a file has been written since, or is another. */
  text: string;
  /** Whether the last change of each was long enough ago for the text to tell it from one that comes now. */
  settled: boolean;
}

const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join();

/** @throws what the system says of a file that isn't there */
export async function stampsOf(paths: readonly string[]): Promise<FileStamps> {
  const now = Date.now();
  const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  return {
    text: stats.map(stampOf).join('/'),
    settled: stats.every(({ ctimeMs, mtimeMs }) =>
      [ctimeMs, mtimeMs].every((time) => now - Number(time) > settledAfter),
    ),
  };
}
