import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { ModelFolders } from '../../src/catalog/model-folders.js';

/** A folder with files of these contents by their paths. What is in them is of no matter here. */
export function folderWith(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-folders-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  write(folder, files);
  return folder;
}

/** Writes files of these contents by their paths. */
export function write(folder: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Names with paths, and versions where there is more than the one: `pets: pets/model.keras`. */
export async function found(root: string, folders = new ModelFolders([root])): Promise<string[]> {
  const { models } = await folders.scan();
  return models.flatMap(({ name, versions }) =>
    versions.map(
      ({ version, path }) =>
        `${name}${versions[0]!.version === 1 ? '' : ` ${version}`}: ${path.slice(root.length + 1)}`,
    ),
  );
}

/** The text of a card that has a name. */
export const card = (name: string) => JSON.stringify({ name });
