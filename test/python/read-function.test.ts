/** Functions as every Python from 3.6 to 3.13 marshals them are read as the expressions that they are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FunctionError } from '../../src/python/error.js';
import { readFunction } from '../../src/python/read-function.js';
import { show } from '../../src/python/show.js';

interface Case {
  source: string;
  /** The line that it is read as, or what the refusal says. */
  text?: string;
  refused?: string;
  /** Base64 of its code by the Python that made it. */
  codes: Record<string, string>;
}

export const cases = JSON.parse(
  readFileSync(new URL('../fixtures/functions/functions.json', import.meta.url), 'utf8'),
) as Case[];

for (const { source, text, refused, codes } of cases) {
  describe(source.slice(0, 60), () => {
    for (const [version, code] of Object.entries(codes)) {
      it(`of Python ${version}`, () => {
        const bytes = Buffer.from(code, 'base64');
        if (refused !== undefined) {
          assert.throws(
            () => readFunction(bytes),
            (error: Error) => error instanceof FunctionError && error.message.includes(refused),
          );
          return;
        }
        const read = readFunction(bytes);
        assert.equal(show(read.value), text);
        assert.ok(read.versions.includes(version), `${read.versions}`);
      });
    }
  });
}
