import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
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

describe('examples/simple_request.py', { skip: noPython }, () => {
  const ask = (...args: string[]) => run(python, [example('simple_request.py'), ...args]);

  it('says when no server answers, when something else does, and when there is no such image', async (t) => {
    const other = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/predict`;
    const image = example('cat.jpg');
    const cases: [args: string[], said: RegExp][] = [
      [[image, 'http://127.0.0.1:1/predict'], /^Request failed: no server answers at /],
      [[image, url], /^Request failed: what answers at .* is not keras-serve \(status 200\)/],
      [['nowhere.jpg', url], /^nowhere\.jpg: No such file/],
    ];
    for (const [args, said] of cases) {
      const { code, stderr } = await ask(...args);
      assert.equal(code, 1);
      assert.match(stderr, said);
    }
  });

  it('says what the server says of a wrong address', async (t) => {
    const { url } = await startServer(t);
    for (const path of ['/predictions', '/v1/models/nothing:predict']) {
      const { code, stderr } = await ask(example('cat.jpg'), url + path);
      assert.equal(code, 1);
      assert.match(stderr, /^Request failed: [^\n]+\n$/);
    }
  });
});
