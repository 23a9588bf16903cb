import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/package.js';
import { noPython, python } from '../helpers/python.js';
import { run } from '../helpers/run.js';
import { startServer } from '../helpers/server.js';

const example = (name: string) => join(packageRoot, 'examples', name);

const clients = [
  { name: 'simple_request.py', program: python, args: [], skip: noPython },
  { name: 'simple-request.ts', program: process.execPath, args: ['--import', 'tsx'], skip: false },
];

for (const { name, program, args, skip } of clients) {
  describe(`examples/${name}`, { skip }, () => {
    it('prints the labels of an image', async (t) => {
      const { url } = await startServer(t);
      const { code, stdout, stderr } = await run(program, [
        ...args,
        example(name),
        example('coffee.jpg'),
        `${url}/predict`,
      ]);
      assert.equal(code, 0, stderr);
      const lines = stdout.trimEnd().split('\n');
      assert.equal(lines.length, 5);
      for (const [index, line] of lines.entries())
        assert.match(line, new RegExp(`^${index + 1}\\. \\w+: [01]\\.\\d{4}$`));
      assert.match(lines[0]!, /^1\. espresso: /);
    });

    it('says what the server says of a file that is no image', async (t) => {
      const { url } = await startServer(t);
      const { code, stderr } = await run(program, [...args, example(name), example('README.md'), `${url}/predict`]);
      assert.equal(code, 1);
      assert.match(stderr, /^Request failed: .*JPEG, PNG/);
    });
  });
}
