import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/support/package.js';

const textsIn = (folder: string, ending: string): string[] =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => readFileSync(join(packageRoot, folder, file), 'utf8'));

describe('the code in a few files', () => {
  it('has errors by the names that they have in the sources, for logs tell them', () => {
    const sources = ['src', 'plugins', 'schemas'].flatMap((folder) => textsIn(folder, '.ts')).join('\n');
    const names = Array.from(sources.matchAll(/class (\w+(?:Error|Signal)) extends/g), ([, name]) => name!);
    const built = textsIn('dist/src', '.js').join('\n');
    assert.ok(names.length > 30, `${names.length} classes of errors`);
    assert.deepEqual(
      names.filter((name) => !new RegExp(`\\b${name}=class extends`).test(built)),
      [],
    );
  });
});
