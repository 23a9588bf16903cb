import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { routeGroupNames, routeGroups } from '../../src/settings/route-groups.js';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { run } from '../helpers/run.js';
import { runCli } from '../helpers/server.js';

const text = readFileSync(join(packageRoot, 'docs', 'keys.md'), 'utf8');
const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block!.trim().split('\n'));

describe('docs/keys.md', () => {
  it('makes a key, serves with it and asks with it', async (t) => {
    const [[key, make, serve], asks, [hashed]] = blocks as [[string, string, string], string[], [string]];
    const folder = mkdtempSync(join(tmpdir(), 'keys-docs-'));
    t.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'models'));
    cpSync(bundledModel, join(folder, 'models', 'pets'), { recursive: true });
    assert.equal((await run('sh', ['-c', `${key}\n${make}`], {}, folder)).code, 0);
    const [, , models, ...flags] = serve.split(' ');
    const args = [models!, ...flags].map((word) => (word.startsWith('--') ? word : join(folder, word)));
    const server = runCli(t, [...args, '--port', '0', '--log-format', 'json']);
    const { url } = JSON.parse(await server.line('"url":"http://'));
    assert.ok(!server.lines.some((line) => line.includes('everyone on this machine')));
    const [, KEY] = readFileSync(join(folder, 'keys.txt'), 'utf8').trim().split(' ') as [string, string];
    assert.equal(asks.length, 2);
    assert.equal((await run('sh', ['-c', hashed], { KEY }, folder)).code, 0);
    assert.equal(readFileSync(join(folder, 'keys.txt'), 'utf8'), `laptop sha256:${hash('sha256', KEY)}\n`);
    for (const line of asks) {
      const { stdout } = await run('sh', ['-c', `${line.replace('http://localhost:5000', url)} --silent`], { KEY });
      assert.equal(JSON.parse(stdout).models[0].name, 'efficientnet-lite0', stdout);
    }
  });

  it('has every group of routes, with what it is', () => {
    const rows = [...text.matchAll(/^\| `(\w+)` \| .* \| (open|closed) \|$/gm)].map(([, name, state]) => [name, state]);
    assert.deepEqual(
      rows,
      routeGroupNames.map((name) => [name, routeGroups[name]]),
    );
  });
});
