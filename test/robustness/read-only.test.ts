/** Where nothing can be written: a container with a read-only root, a user without a home, a cache folder of somebody else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { useModelFolders } from '../helpers/model-folder.js';
import { type Cli, runCli } from '../helpers/server.js';

const newFolder = useModelFolders();
const image = join(import.meta.dirname, '../../examples/cat.jpg');
const serving = ['--port', '0', '--log-format', 'json'];

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-read-only-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A file stands where the cache folder should be: nobody can write there, not even root. */
function noCacheFolder(t: TestContext): string {
  const file = join(temporary(t), 'cache');
  writeFileSync(file, '');
  return file;
}

/** A disk with so little room, or why there is none to be had. */
function smallDisk(t: TestContext, size: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-small-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  t.after(() => {
    // Whoever still has files of it open goes on having them.
    spawnSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  if (status === 0) return folder;
  t.skip('this user may mount no disk');
  return undefined;
}

const warningsOf = ({ lines }: Cli) =>
  lines.map((line) => JSON.parse(line)).flatMap(({ level, msg }) => (level === 40 ? [msg as string] : []));

/** What a server leaves in a temporary folder: the cache of compiled code that Node.js keeps there from 22 on is none of it. */
const leftIn = (folder: string): string[] => readdirSync(folder).filter((name) => name !== 'node-compile-cache');

describe('a cache folder that can’t be written', () => {
  it('is named in one warning, and the server goes on without', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', 'sequential');
    folder.put('b.keras', 'sequential_input_shape');
    const server = runCli(t, [folder.path, ...serving, '--cache-folder', noCacheFolder(t)]);
    await server.line('"url":"http://');
    const about = warningsOf(server).filter((message) => message.includes('cache folder'));
    assert.equal(about.length, 1, about.join('\n'));
    assert.match(about[0]!, /^The cache folder \S+cache can't be written \(.+\).*--cache-folder/);
    const { url } = JSON.parse(await server.line('"url":"http://'));
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
  });

  it('leaves nothing behind in the temporary folder', async (t) => {
    const TMPDIR = temporary(t);
    const server = runCli(t, [bundledModel, ...serving, '--cache-folder', noCacheFolder(t)], { TMPDIR });
    await server.line('"url":"http://');
    server.child.kill('SIGTERM');
    assert.equal((await server.ended).code, 0);
    assert.deepEqual(leftIn(TMPDIR), []);
  });

  it('leaves nothing behind in the temporary folder where the card is wrong', async (t) => {
    const TMPDIR = temporary(t);
    const folder = newFolder();
    folder.put('model.keras', 'sequential');
    folder.write('serve.json', JSON.stringify({ labels: ['one too many'] }));
    const { code, stderr } = await runCli(t, [folder.path, ...serving, '--no-cache'], { TMPDIR }).ended;
    assert.equal(code, 1);
    assert.match(stderr, /serve\.json: .*labels/);
    assert.deepEqual(leftIn(TMPDIR), []);
  });

  it('does not stop card and predict', async (t) => {
    const blocked = noCacheFolder(t);
    const card = await runCli(t, ['card', bundledModel, '--stdout', '--cache-folder', blocked]).ended;
    assert.equal(card.code, 0, card.stderr);
    assert.equal(JSON.parse(card.stdout).labels.length, 1000);
    assert.match(card.stderr, /cache folder .* can't be written/);
    const predict = await runCli(t, ['predict', bundledModel, image], { XDG_CACHE_HOME: blocked }).ended;
    assert.equal(predict.code, 0, predict.stderr);
    assert.match(predict.stdout, /^1\. Egyptian_cat: /);
    assert.match(predict.stderr, /cache folder .* can't be written/);
  });

  it('says what is needed where the temporary folder can’t be written either', async (t) => {
    const blocked = noCacheFolder(t);
    for (const args of [
      [bundledModel, ...serving],
      ['predict', bundledModel, image],
    ]) {
      const { code, stderr } = await runCli(t, args, { XDG_CACHE_HOME: blocked, TMPDIR: blocked }).ended;
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^keras-serve: There is no room for compiled models: the temporary folder .* --cache-folder\.\n$/,
      );
    }
  });
});

const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** Why the command line can't be run as nobody here, or false. */
function notAsNobody(): string | false {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  const cli = join(packageRoot, 'dist/src/cli.js');
  return (
    spawnSync(nobody[0]!, [...nobody.slice(1), process.execPath, cli, '--version']).status !== 0 &&
    'the user nobody may not read the project, or there is no setpriv'
  );
}
const skip = notAsNobody();

describe('a user who may write nothing', { skip }, () => {
  /** A folder that nobody may enter, with a copy of the model. */
  function readOnly(t: TestContext) {
    const root = temporary(t);
    chmodSync(root, 0o755);
    const [model, locked, room] = ['model', 'locked', 'room'].map((name) => join(root, name)) as [
      string,
      string,
      string,
    ];
    cpSync(bundledModel, model, { recursive: true });
    mkdirSync(locked, { mode: 0o555 });
    mkdirSync(room);
    chmodSync(room, 0o777);
    return { model, locked, room };
  }

  it('serves with a temporary folder alone', async (t) => {
    const { model, locked, room } = readOnly(t);
    const server = runCli(
      t,
      [model, ...serving],
      { HOME: locked, XDG_CACHE_HOME: '', TMPDIR: room },
      undefined,
      nobody,
    );
    await server.line('"url":"http://');
    assert.equal(warningsOf(server).filter((message) => message.includes('this user may not')).length, 1);
  });

  it('serves with a cache folder that root has filled, and warns of nothing', async (t) => {
    const { model, locked } = readOnly(t);
    const cache = join(locked, 'cache');
    const first = await runCli(t, ['card', model, '--stdout', '--cache-folder', cache]).ended;
    assert.equal(first.code, 0, first.stderr);
    const environment = { HOME: locked, TMPDIR: locked };
    const server = runCli(t, [model, ...serving, '--cache-folder', cache], environment, undefined, nobody);
    await server.line('"url":"http://');
    assert.deepEqual(warningsOf(server), []);
    assert.equal(statSync(cache).uid, 0);
  });

  it('serves without a home and an entry in the list of users', async (t) => {
    const { model, room } = readOnly(t);
    const stranger = [
      'setpriv',
      '--reuid=54321',
      '--regid=54321',
      '--clear-groups',
      'env',
      '-u',
      'HOME',
      '-u',
      'XDG_CACHE_HOME',
    ];
    const server = runCli(t, [model, ...serving], { TMPDIR: room }, undefined, stranger);
    await server.line('"url":"http://');
    const applications = await runCli(t, ['applications'], { TMPDIR: room }, undefined, stranger).ended;
    assert.equal(applications.code, 0, applications.stderr);
  });
});

describe('a port that may not be used', { skip }, () => {
  it('is said to be that', async (t) => {
    const first = readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8');
    if (Number(first) <= 1) return t.skip('here everybody may use every port');
    const { code, stderr } = await runCli(t, [bundledModel, '--port', '1'], {}, undefined, nobody).ended;
    assert.equal(code, 1);
    assert.match(stderr, /^keras-serve: Port 1 may not be used by this user/);
  });
});

describe('a disk that is full', () => {
  // Too little for the compiled model, and for that and the optimised one, which ONNX Runtime writes.
  for (const size of ['2m', '24m']) {
    it(`is named where nothing else is there: ${size}`, async (t) => {
      const disk = smallDisk(t, size);
      if (!disk) return;
      const { ended } = runCli(t, [bundledModel, '--no-cache', ...serving], { TMPDIR: disk });
      const { code, stderr } = await ended;
      assert.equal(code, 1);
      assert.match(stderr, /no room for compiled models: the temporary folder \S+ can't be written: the disk is full/);
      assert.deepEqual(leftIn(disk), []);
    });

    it(`is named as the cache, and done without: ${size}`, async (t) => {
      const disk = smallDisk(t, size);
      if (!disk) return;
      const server = runCli(t, [bundledModel, '--cache-folder', disk, ...serving]);
      await server.line('"url":"http://');
      assert.match(await server.line('cache folder'), /can't be written \(the disk is full\)/);
    });
  }

  it('is named by convert', async (t) => {
    const disk = smallDisk(t, '2m');
    if (!disk) return;
    const { code, stderr } = await runCli(t, ['convert', bundledModel, join(disk, 'out.onnx')]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /^keras-serve: \S+ can't be written to: the disk is full$/m);
  });
});
