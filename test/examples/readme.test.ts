import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { withOptions } from '../../scripts/options-table.js';
import { packageRoot } from '../../src/support/package.js';
import { noPython, python } from '../helpers/python.js';
import { codeBlocks } from '../helpers/readme.js';
import { run } from '../helpers/run.js';
import { startServer } from '../helpers/server.js';

const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
const elsewhere = (code: string, url: string) => code.replaceAll('http://localhost:5000', url);
const shell = codeBlocks('sh').flatMap((block) => block.trim().split('\n'));
const curls = shell.filter((line) => line.startsWith('curl'));

describe('the README', () => {
  it('lists the options as they are', () => {
    assert.equal(readme, withOptions(readme), 'the table of options is stale: npm run readme');
  });

  it('names commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    const named = [...readme.matchAll(/[`\n]npm (?:run )?([a-z:]+[a-z])/g)].map(([, name]) => name!);
    for (const name of named) assert.ok(['ci', 'install'].includes(name) || name in scripts, `npm run ${name}`);
  });

  it('has two curl lines, and each works', async (t) => {
    assert.equal(curls.length, 2);
    const { url } = await startServer(t);
    const replies = await Promise.all(curls.map((line) => run('sh', ['-c', `${elsewhere(line, url)} --silent`])));
    const [cat, coffee] = replies.map(({ stdout }) => JSON.parse(stdout));
    const [shown] = codeBlocks('json').map((block) => JSON.parse(block));
    const rounded = ({ predictions }: { predictions: { label: string; probability: number }[] }) =>
      predictions.map(({ label, probability }) => `${label} ${probability.toFixed(3)}`);
    assert.deepEqual(rounded(cat), rounded(shown));
    assert.deepEqual(Object.keys(cat), Object.keys(shown));
    assert.equal(coffee.predictions.length, 2);
    assert.equal(coffee.predictions[0].label, 'espresso');
  });

  it('predicts without a server as it says', async () => {
    const line = shell.find((line) => line.includes('keras-serve predict'))!;
    const { stdout } = await run('sh', [
      '-c',
      line.replace('npx keras-serve', `"${process.execPath}" dist/src/cli.js`),
    ]);
    assert.match(stdout, /^1\. Egyptian_cat: 0\.\d{4}\n/);
  });

  it('has Python that works', { skip: noPython }, async (t) => {
    const { url } = await startServer(t);
    const { stdout, stderr } = await run(python, ['-c', elsewhere(codeBlocks('python')[0]!, url)]);
    assert.match(stdout, /^Egyptian_cat: 0\.\d{4}\n/, stderr);
  });

  it('has TypeScript that works', async (t) => {
    const { url } = await startServer(t);
    const file = join(packageRoot, `readme-example-${process.pid}.ts`);
    t.after(() => rm(file));
    await writeFile(file, elsewhere(codeBlocks('ts')[0]!, url));
    const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', file]);
    assert.match(stdout, /^Egyptian_cat: 0\.\d{4}\n/, stderr);
  });
});
