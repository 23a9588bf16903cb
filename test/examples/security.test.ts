/** SECURITY.md proves each line of what may be tried by a test: that test is there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/support/package.js';

const [, section = ''] = readFileSync(join(packageRoot, 'SECURITY.md'), 'utf8').split('\n## What each may try\n');
const [tables] = section.split('\n## ', 1);
/** Rows of the tables, but for their heads. */
const rows = tables!
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| --- |') && !line.endsWith(' | test |'))
  .map((line) => line.slice(2, -2).split(' | '));

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

describe('SECURITY.md', () => {
  it('has what each may try', () => {
    for (const who of [
      'A model file',
      'A side file',
      'A request',
      'Who has a key',
      'A proxy',
      'What the operator writes',
    ])
      assert.ok(tables!.includes(`\n### ${who}`), who);
    assert.ok(rows.length > 50);
  });

  for (const [tried, , proof = ''] of rows)
    it(`proves by a test what comes of it: ${tried}`, () => {
      const [, file, name] = /^`(test\/[\w/-]+\.test\.ts)`: (.+)$/.exec(proof) ?? [];
      assert.ok(file && name, `no test: ${proof}`);
      assert.ok(existsSync(join(packageRoot, file)), `there is no ${file}`);
      const test = new RegExp(`\\b(it|test|describe)\\(\\s*['"\`]${escaped(name)}`);
      assert.match(readFileSync(join(packageRoot, file), 'utf8'), test);
    });
});
