/** What `npm run pack` makes: what is in it, that it serves, and what becomes of it where only a package registry is reached. */
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { packageRoot, packageVersion } from '../../src/support/package.js';
import { temporaryFolder } from '../helpers/folder.js';
import { codeBlocks } from '../helpers/readme.js';
import { run } from '../helpers/run.js';
import { runCli } from '../helpers/server.js';

const photo = join(packageRoot, 'examples', 'cat.jpg');

/** Most megabytes (of 2^20 bytes, as a disk counts them) of an installed package with all that it needs. */
const mostMegabytes = 380;

const folder = temporaryFolder('package');
const unpacked = join(folder, 'package');
/** A clone by itself: packing takes `dist` away from all that runs from it. */
const clone = temporaryFolder('clone');
const pack = () => run('npm', ['run', 'pack', '--', '--pack-destination', folder], {}, clone);
let archive: string;
before(async () => {
  const others = new Set(['node_modules', 'dist', '.git', 'test'].map((name) => join(packageRoot, name)));
  cpSync(packageRoot, clone, { recursive: true, filter: (path) => !others.has(path) });
  symlinkSync(join(packageRoot, 'node_modules'), join(clone, 'node_modules'));
  const { code, stderr } = await pack();
  assert.equal(code, 0, stderr);
  archive = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!);
  assert.equal((await run('tar', ['-xzf', archive, '-C', folder])).code, 0);
});

describe('packing', () => {
  it('writes an SBOM of what users get, and of nothing else', () => {
    const bom = JSON.parse(readFileSync(join(folder, `keras-serve-${packageVersion}.cdx.json`), 'utf8'));
    assert.deepEqual([bom.bomFormat, bom.metadata.component.name], ['CycloneDX', 'keras-serve']);
    const names = new Set<string>(bom.components.map(({ name }: { name: string }) => name));
    // Installed, installed elsewhere, installed and used by developers as well, built into dist.
    for (const name of ['sharp', '@img/sharp-libvips-darwin-arm64', 'typebox', 'fastify'])
      assert.ok(names.has(name), name);
    for (const name of ['typescript', '@biomejs/biome', '@tensorflow/tfjs-core']) assert.ok(!names.has(name), name);
    const { dependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) assert.ok(names.has(name), name);
    const refs = new Set([bom.metadata.component, ...bom.components].map((component) => component['bom-ref']));
    for (const { ref, dependsOn } of bom.dependencies)
      for (const one of [ref, ...dependsOn]) assert.ok(refs.has(one), one);
    for (const { name, licenses, hashes } of bom.components) assert.ok(licenses?.length && hashes?.length, name);
  });

  it('leaves what was built as it was where the new build fails', async () => {
    const built = () => readFileSync(join(clone, 'dist', 'src', 'cli.js'), 'utf8');
    const before = built();
    writeFileSync(join(clone, 'src', 'broken.ts'), 'export const broken: number = "a text";\n');
    const { code, stdout } = await pack();
    assert.notEqual(code, 0);
    assert.match(stdout, /src\/broken\.ts/);
    assert.equal(built(), before);
    assert.deepEqual(
      readdirSync(clone).filter((name) => name.startsWith('dist')),
      ['dist'],
    );
  });
});

/** Starts the bundled model of an installed package, and asks it. */
async function serves(t: TestContext, installed: string): Promise<void> {
  const args = [join(installed, 'models', 'efficientnet-lite0'), '--port', '0', '--log-format', 'json'];
  const { url } = JSON.parse(await runCli(t, args, {}, installed).line('"url":"http://'));
  assert.match(await (await fetch(url)).text(), /<title>keras-serve<\/title>/);
  const { stdout } = await run('curl', ['--silent', '-F', `image=@${photo}`, `${url}/predict`]);
  assert.equal(JSON.parse(stdout).predictions[0].label, 'Egyptian_cat');
}

describe('the npm package', () => {
  before(() => symlinkSync(join(packageRoot, 'node_modules'), join(unpacked, 'node_modules')));

  it('has what the command line needs, and nothing of the tests', async () => {
    const { stdout } = await run(process.execPath, [join(unpacked, 'dist', 'src', 'cli.js'), '--version']);
    assert.equal(stdout.trim(), packageVersion);
    for (const name of ['test', 'src', 'scripts', 'bench']) assert.ok(!existsSync(join(unpacked, name)), name);
    for (const name of [
      'README.md',
      'LICENSE',
      'openapi.yaml',
      'models',
      'docs/tensorflow.md',
      'schemas/config.schema.json',
    ])
      assert.ok(existsSync(join(unpacked, name)), name);
  });

  it('serves the page and predictions', (t) => serves(t, unpacked));
});

/** What a folder and all below it take on the disk. */
const megabytesOf = (path: string): number =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .map((entry) => lstatSync(join(entry.parentPath ?? entry.path, entry.name)).blocks / 2048)
    .reduce((sum, megabytes) => sum + megabytes, 0);

/** Why nothing can be installed here, or false; in CI that is a failure. */
async function noRegistry(): Promise<string | false> {
  if (process.env.CI) return false;
  const { code, stderr } = await run('npm', ['view', 'onnxruntime-node', 'version', '--fetch-retries=0'], {
    npm_config_fetch_timeout: '10000',
  });
  return code !== 0 && `no package registry is reached: ${stderr.trim().split('\n').at(-1)}`;
}
const withoutRegistry = await noRegistry();

describe('the npm package in a bare folder, with no script run', { skip: withoutRegistry }, () => {
  const bare = join(folder, 'bare');
  const modules = join(bare, 'node_modules');
  const node = (code: string) => run(process.execPath, ['--input-type=module', '--eval', code], {}, bare);
  before(async () => {
    mkdirSync(bare);
    writeFileSync(join(bare, 'package.json'), '{ "private": true }');
    const flags = ['--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--prefix', bare];
    const { code, stderr } = await run('npm', ['install', ...flags, archive], {}, bare);
    assert.equal(code, 0, stderr);
  });

  it(`takes at most ${mostMegabytes} MB, without TensorFlow.js`, () => {
    assert.ok(!existsSync(join(modules, '@tensorflow')));
    const megabytes = megabytesOf(modules);
    assert.ok(megabytes <= mostMegabytes, `${megabytes.toFixed()} MB`);
  });

  it('is a command that serves', async (t) => {
    const { stdout } = await run(join(modules, '.bin', 'keras-serve'), ['--version'], {}, bare);
    assert.equal(stdout.trim(), packageVersion);
    await serves(t, join(modules, 'keras-serve'));
  });

  it('gives both modules that programs import', async () => {
    const { stdout, stderr } = await node(`
      import { loadModel } from 'keras-serve';
      import plugin from 'keras-serve/plugin';
      const model = await loadModel('${join(modules, 'keras-serve', 'models', 'efficientnet-lite0')}', { cacheFolder: null });
      console.log(typeof plugin, model.outputs[0].shape.join());
      await model.close();
    `);
    assert.equal(stdout, 'function ,1000\n', stderr);
    assert.equal(stderr, '');
  });

  it('says how to install the TensorFlow engine, in the versions that are tested', async () => {
    const { stderr } = await run(
      join(modules, '.bin', 'keras-serve'),
      ['predict', join(packageRoot, 'models', 'efficientnet-lite0'), photo, '--engine', 'tensorflow'],
      {},
      bare,
    );
    const { peerDependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    for (const [name, range] of Object.entries<string>(peerDependencies).filter(([name]) =>
      name.startsWith('@tensorflow'),
    )) {
      assert.ok(stderr.includes(`${name}@${range.replace('^', '')}`), `${name} in ${stderr}`);
    }
  });
});

describe('the library', () => {
  it('does what the README says', async () => {
    const [code] = codeBlocks('js').filter((block) => block.includes('loadModel'));
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', code!]);
    assert.match(stdout, /^\{ label: 'Egyptian_cat', probability: 0\.50\d+ \}\n\[ 1, 1000 \]\n$/, stderr);
  });

  it('builds an app by the names that the README gives', async () => {
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

describe('a clone', () => {
  it('is installed without a warning', async () => {
    const { code, stderr } = await run('npm', ['ci', '--dry-run', '--ignore-scripts', '--no-audit']);
    // What npm says of itself is no matter of ours.
    const warnings = stderr.split('\n').filter((line) => /^npm (warn|error) (?!npm )/i.test(line));
    assert.deepEqual(warnings, []);
    assert.equal(code, 0);
  });
});
