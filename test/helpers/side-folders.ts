import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { temporaryFolder } from './folder.js';

/** What is asked of a model in a folder, and what its author's own steps give, as test/fixtures/beside/make.py recorded it. */
export interface SideCase {
  asked: unknown[] | null;
  answers: number[][] | null;
}

/** Unpacks folders of models with what real Keras and scikit-learn saved beside them; they are removed after the tests. */
export function sideFolders(): { path: string; names: string[]; caseOf(name: string): SideCase } {
  const path = temporaryFolder('beside');
  const archive = new URL('../fixtures/beside/folders.zip', import.meta.url);
  const cases = new Map<string, SideCase>();
  for (const [file, bytes] of Object.entries(unzipSync(readFileSync(archive)))) {
    const name = dirname(file);
    mkdirSync(join(path, name), { recursive: true });
    if (file.endsWith('/case.json')) cases.set(name, JSON.parse(Buffer.from(bytes).toString()));
    else writeFileSync(join(path, file), bytes);
  }
  return { path, names: [...cases.keys()], caseOf: (name) => cases.get(name)! };
}
