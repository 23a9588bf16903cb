/** The code for strings is loaded by those who serve a model that has some. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { bundledModel } from '../helpers/app.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { temporaryFolder } from '../helpers/folder.js';
import { loadedSources } from '../helpers/loaded-sources.js';

const { folder, cases } = unpackFamily('strings');
after(() => rmSync(folder, { recursive: true }));
const classifier = cases.find(({ name }) => name === 'text_vectorization_embedded')!.model;

/** What all that serve anything know of strings: the name of a file, and the class of an error. */
const known = ['src/strings/errors.ts', 'src/strings/plan.ts'];

/** Sources of the code for strings that are loaded to serve a model. */
async function stringSources(path: string): Promise<string[]> {
  const sources = await loadedSources(path, temporaryFolder('string-code'));
  assert.ok(sources.includes('src/inference/process-main.ts'), 'inference processes are looked at, too');
  return sources.filter((source) => source.startsWith('src/strings/'));
}

describe('a server of a compiled model', () => {
  it('without strings loads no code that works on them', async () => {
    assert.deepEqual(await stringSources(bundledModel), known);
  });

  it('with strings does', async () => {
    const sources = await stringSources(classifier);
    assert.ok(known.every((source) => sources.includes(source)));
    assert.ok(sources.includes('src/strings/run-steps.ts'));
  });
});
