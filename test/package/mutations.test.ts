/** `npm run mutations` takes hours: whether it can begin each of them is seen here. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { mutations } from '../../scripts/mutations/list.js';
import { packageRoot } from '../../src/support/package.js';

describe('a mistake that tests have to notice', () => {
  for (const { about, file, search, test } of mutations)
    it(`can be made: ${about}`, () => {
      const parts = readFileSync(join(packageRoot, file), 'utf8').split(search);
      assert.equal(parts.length, 2, `${file} does not hold once: ${search}`);
      assert.ok(existsSync(join(packageRoot, test)), test);
    });
});
