import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/package.js';
import { bundledModel } from '../helpers/app.js';
import { runCli } from '../helpers/server.js';

const example = (name: string) => join(packageRoot, 'examples', name);

describe('keras-serve predict', () => {
  it('prints the labels of an image', async (t) => {
    const { code, stdout } = await runCli(t, ['predict', bundledModel, example('cat.jpg')]).ended;
    assert.equal(code, 0);
    const lines = stdout.split('\n');
    assert.equal(lines.length, 5);
    for (const [index, line] of lines.entries())
      assert.match(line, new RegExp(`^${index + 1}\\. \\w+: [01]\\.\\d{4}$`));
    assert.match(lines[0]!, /^1\. Egyptian_cat: /);
  });

  it('prints those of several images under their names', async (t) => {
    const names = ['cat.jpg', 'coffee.jpg'].map(example);
    const { stdout } = await runCli(t, ['predict', bundledModel, ...names, '--top-k', '1']).ended;
    const lines = stdout.split('\n');
    assert.deepEqual([lines[0], lines[2], lines[3], lines.length], [names[0], '', names[1], 5]);
    assert.match(lines[1]!, /^1\. Egyptian_cat: /);
    assert.match(lines[4]!, /^1\. espresso: /);
  });

  it('prints JSON for programs', async (t) => {
    const { stdout } = await runCli(t, ['predict', '--json', bundledModel, example('coffee.jpg')]).ended;
    const { file, predictions } = JSON.parse(stdout);
    assert.equal(file, example('coffee.jpg'));
    assert.equal(predictions[0].label, 'espresso');
  });

  for (const [file, message] of [
    ['missing.jpg', /missing\.jpg: there is no such file\n$/],
    [example('README.md'), /README\.md: .*JPEG, PNG/],
    [packageRoot, /: that is a folder\n$/],
  ] as const) {
    it(`says what is wrong with ${file === packageRoot ? 'a folder' : file.split('/').at(-1)}`, async (t) => {
      const { code, stderr } = await runCli(t, ['predict', bundledModel, file]).ended;
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.equal(stderr.split('\n').length, 2);
    });
  }
});
