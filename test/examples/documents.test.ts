/** What the documents for those who change keras-serve say is so: files that they name are there, commands too, links lead somewhere. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { packageRoot } from '../../src/support/package.js';

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const documents = [
  'README.md',
  'docs/keys.md',
  'docs/deployment.md',
  'docs/step-by-step.md',
  'docs/network.md',
  'docs/jobs.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'test/fixtures/README.md',
];
const ours = /^(src|plugins|schemas|test|scripts|conformance|docs|models|examples|deploy|\.github)\//;

/** The scripts that a text runs. */
const npmCommands = (text: string) => [...text.matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, name]) => name!);

describe('documents', () => {
  for (const name of documents) {
    const text = read(name);

    it(`${name} names files that are there`, () => {
      const paths = [...text.matchAll(/(?<=[`\s])([\w.-]+(?:\/[\w.-]+)+)(?=[`\s])/g)]
        .map(([, path]) => path!)
        .filter((path) => ours.test(path));
      if (name === 'ARCHITECTURE.md') assert.ok(paths.length > 60);
      const missing = paths.filter((path) => !existsSync(join(packageRoot, path)));
      assert.deepEqual(missing, []);
    });

    it(`${name} names commands that there are`, () => {
      assert.deepEqual(
        npmCommands(text).filter((command) => !(command in scripts)),
        [],
      );
    });

    it(`${name} has links that lead somewhere`, () => {
      const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
      const missing = targets.filter((target) => !existsSync(join(packageRoot, dirname(name), target)));
      assert.deepEqual(missing, []);
    });
  }
});

describe('workflows', () => {
  for (const name of ['check.yml', 'release.yml']) {
    it(`${name} runs commands that there are`, () => {
      const text = read(`.github/workflows/${name}`);
      assert.ok(Object.keys(parse(text).jobs).length > 0);
      const commands = npmCommands(text);
      assert.ok(commands.length > 0);
      assert.deepEqual(
        commands.filter((command) => !(command in scripts)),
        [],
      );
    });
  }
});
