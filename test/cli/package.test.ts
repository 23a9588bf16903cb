import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packageRoot, packageVersion } from '../../src/package.js';
import { run } from '../helpers/run.js';
import { runCli } from '../helpers/server.js';

const example = join(packageRoot, 'examples', 'cat.jpg');

describe('the npm package', () => {
  let folder: string;
  let installed: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keras-serve-package-'));
    const { code, stderr } = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder]);
    assert.equal(code, 0, stderr);
    const [archive] = await readdir(folder);
    assert.equal((await run('tar', ['-xzf', join(folder, archive!), '-C', folder])).code, 0);
    installed = join(folder, 'package');
    await symlink(join(packageRoot, 'node_modules'), join(installed, 'node_modules'));
  });
  after(() => rm(folder, { recursive: true }));

  it('has what the command line needs, and nothing of the tests', async () => {
    const { stdout } = await run(process.execPath, [join(installed, 'dist', 'src', 'cli.js'), '--version']);
    assert.equal(stdout.trim(), packageVersion);
    const names = await readdir(installed);
    for (const name of ['test', 'src', 'scripts', 'bench']) assert.ok(!names.includes(name), name);
    for (const name of ['README.md', 'LICENSE', 'openapi.yaml', 'models']) assert.ok(names.includes(name), name);
  });

  it('serves the page and predictions', async (t) => {
    const args = [join(installed, 'models', 'efficientnet-lite0'), '--port', '0', '--log-format', 'json'];
    const { url } = JSON.parse(await runCli(t, args, {}, installed).line('"url":"http://'));
    assert.match(await (await fetch(url)).text(), /<title>keras-serve<\/title>/);
    const { stdout } = await run('curl', ['--silent', '-F', `image=@${example}`, `${url}/predict`]);
    assert.equal(JSON.parse(stdout).predictions[0].label, 'Egyptian_cat');
  });
});

describe('the library', () => {
  it('loads a model and builds an app by the names that the README gives', async () => {
    const code = `
      import { readFileSync } from 'node:fs';
      import { buildApp, loadModel } from 'keras-serve';
      const app = await buildApp({ model: () => loadModel('models/efficientnet-lite0') });
      const reply = await app.inject({
        method: 'POST', url: '/predict', headers: { 'content-type': 'image/jpeg' }, payload: readFileSync('examples/cat.jpg'),
      });
      console.log(reply.json().predictions[0].label);
      await app.close();
    `;
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', code]);
    assert.equal(stdout, 'Egyptian_cat\n', stderr);
  });
});
