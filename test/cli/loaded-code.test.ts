/** Every start waits for what the command line loads before it looks at what was typed. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { temporaryFolder } from '../helpers/folder.js';
import { sourcesOfCommand } from '../helpers/loaded-sources.js';

it('no schema, no reader of files and no server is loaded before a command is run', async () => {
  const sources = await sourcesOfCommand(['--version'], temporaryFolder('loaded-code'));
  assert.ok(sources.includes('src/commands/serve.ts'));
  const heavy = /^(node_modules\/(typebox|fastify)|schemas|plugins|src\/(cards|datapoints|keras|pickle|protocols))\//;
  assert.deepEqual(
    sources.filter((source) => heavy.test(source)),
    [],
  );
});
