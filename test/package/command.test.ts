/** The command in a clone: it builds when that is due. The build stands in for the real one, which takes long. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
import { temporaryFolder } from '../helpers/folder.js';
import { run } from '../helpers/run.js';

const clone = temporaryFolder('clone');
const write = (path: string, content: string) => writeFileSync(join(clone, path), content);
const build = (result: string) =>
  write('package.json', JSON.stringify({ type: 'module', scripts: { build: `node build.js ${result}` } }));
const command = () => run(process.execPath, [join(clone, 'bin', 'keras-serve.js'), 'model'], {}, clone);

describe('the command in a clone', () => {
  beforeEach(() => {
    rmSync(clone, { recursive: true });
    for (const folder of ['src/onnx', 'plugins', 'schemas', 'scripts', 'dist/src'])
      mkdirSync(join(clone, folder), { recursive: true });
    cpSync(join(packageRoot, 'bin'), join(clone, 'bin'), { recursive: true });
    for (const path of ['src/onnx/compile.ts', 'scripts/bundle.ts', 'package-lock.json', 'tsconfig.build.json'])
      write(path, '');
    write(
      'build.js',
      `import { writeFileSync } from 'node:fs';
       console.log('said by the build');
       if (process.argv[2] === 'fails') process.exit(1);
       writeFileSync('dist/src/cli.js', 'console.log("ran", process.argv[2])');`,
    );
    build('works');
  });

  it('builds once, and says so beside what it prints', async () => {
    const first = await command();
    assert.deepEqual([first.code, first.stdout], [0, 'ran model\n'], first.stderr);
    assert.match(first.stderr, /building, since dist is missing\n.*said by the build/s);
    assert.deepEqual(await command(), { code: 0, stdout: 'ran model\n', stderr: '' });
  });

  it('builds again when a source is newer', async () => {
    await command();
    const soon = Date.now() / 1000 + 60;
    utimesSync(join(clone, 'src/onnx/compile.ts'), soon, soon);
    assert.match((await command()).stderr, /older than its sources/);
  });

  it('ends with what to do when it cannot build', async () => {
    build('fails');
    const { code, stderr } = await command();
    assert.equal(code, 1);
    assert.match(stderr, /The build failed\. npm ci in .* installs what it takes\./);
  });

  it('never builds what has no sources', async () => {
    rmSync(join(clone, 'src'), { recursive: true });
    const { code, stderr } = await command();
    assert.equal(code, 1);
    assert.match(stderr, /packed without being built/);
    write('dist/src/cli.js', 'console.log("ran")');
    assert.deepEqual(await command(), { code: 0, stdout: 'ran\n', stderr: '' });
  });
});
