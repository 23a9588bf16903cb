import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const parts = ['.', 'variables', 'assets', 'assets.extra'];
const topFiles: readonly string[] = ['saved_model.pb', 'fingerprint.pb'];

/** The files of a SavedModel; others in its folder are not its own. */
export async function savedModelFiles(folder: string): Promise<string[]> {
  const lists = await Promise.all(
    parts.map(async (part) => {
      const names = await readdir(join(folder, part)).catch(() => []);
      const own = part === '.' ? names.filter((name) => topFiles.includes(name)) : names;
      return own.sort().map((name) => join(folder, part, name));
    }),
  );
  const found = await Promise.all(
    lists.flat().map(async (file) => {
      const status = await stat(file).catch(() => undefined);
      return status?.isFile() ? [file] : [];
    }),
  );
  return found.flat();
}
