import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeFolder } from '../../src/support/files.js';
import { temporaryFolder } from '../helpers/folder.js';

describe('makeFolder', () => {
  const folder = temporaryFolder('make');

  it('makes those above, and takes those that are there', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await makeFolder(path);
    await makeFolder(path);
    assert.ok(statSync(path).isDirectory());
  });

  it('comes back where there is no room for one', { skip: !existsSync('/proc') && 'there is no /proc here' }, () =>
    assert.rejects(makeFolder('/proc/keras-serve/a/b'), { code: 'ENOENT' }),
  );
});
