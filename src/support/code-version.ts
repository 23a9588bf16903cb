import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isBuilt, modulePath, packageVersion, sourceFolder } from './package.js';

/**
 * Texts that are others whenever the code of rooms is: in a checkout it changes without the version. What npm installs has one date.
 * @param rooms folders of `src`
 */
export async function codeVersion(rooms: readonly string[]): Promise<[version: string, time: string]> {
  // A build always writes the inference process.
  const files = isBuilt
    ? []
    : await Promise.all(
        rooms.map((room) => readdir(join(sourceFolder, room), { recursive: true, withFileTypes: true })),
      );
  const paths = files.flat().flatMap((file) => (file.isFile() ? join(file.parentPath ?? file.path, file.name) : []));
  const times = await Promise.all(
    [modulePath('inference/process-main'), ...paths].map(async (path) => (await stat(path)).mtimeMs),
  );
  return [packageVersion, String(Math.max(...times))];
}
