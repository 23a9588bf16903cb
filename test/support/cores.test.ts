import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableCores, cpuQuota } from '../../src/support/cores.js';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { inferenceProcesses, threadsOf } from '../helpers/proc.js';
import { runCli } from '../helpers/server.js';

/** A folder with such files, and what would be `/proc/self` in it. `ROOT` in them stands for it. */
function fakeSystem(t: TestContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'keras-serve-cgroup-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${text.replaceAll('ROOT', root)}\n`);
  }
  return join(root, 'proc');
}

const version2 = '30 23 0:26 / ROOT/cg rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const version1 = '32 31 0:29 / ROOT/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct';

const systems: [what: string, files: Record<string, string>, cores: number][] = [
  ['no control groups', {}, Number.POSITIVE_INFINITY],
  [
    'version 2 of a container',
    { 'proc/cgroup': '0::/', 'proc/mountinfo': version2, 'cg/cpu.max': '150000 100000' },
    1.5,
  ],
  [
    'version 2 without a limit',
    { 'proc/cgroup': '0::/a', 'proc/mountinfo': version2, 'cg/a/cpu.max': 'max 100000' },
    Number.POSITIVE_INFINITY,
  ],
  [
    'a limit further up',
    {
      'proc/cgroup': '0::/a/b',
      'proc/mountinfo': version2,
      'cg/a/cpu.max': '50000 100000',
      'cg/a/b/cpu.max': 'max 100000',
    },
    0.5,
  ],
  [
    'version 1',
    {
      'proc/cgroup': '5:memory:/x\n4:cpu,cpuacct:/docker/a\n0::/y',
      'proc/mountinfo': `33 31 0:30 / ROOT/memory rw - cgroup cgroup rw,memory\n${version1}`,
      'cpu/docker/a/cpu.cfs_quota_us': '200000',
      'cpu/docker/a/cpu.cfs_period_us': '100000',
      'cpu/cpu.cfs_quota_us': '-1',
    },
    2,
  ],
  [
    'version 1 of a container whose group is what is mounted',
    {
      'proc/cgroup': '4:cpu,cpuacct:/docker/a',
      'proc/mountinfo': version1.replace(' / ', ' /docker/a '),
      'cpu/cpu.cfs_quota_us': '25000',
      'cpu/cpu.cfs_period_us': '50000',
    },
    0.5,
  ],
  [
    'a group outside of what is mounted',
    { 'proc/cgroup': '0::/../../a', 'proc/mountinfo': version2, 'cg/cpu.max': '300000 100000' },
    3,
  ],
];

describe('cpuQuota', () => {
  for (const [what, files, cores] of systems)
    it(`reads ${what}`, (t) => assert.equal(cpuQuota(fakeSystem(t, files)), cores));
});

/** A control group that allows one core, if one can be made here; else why not. */
function makeGroup(): string {
  const group = `/sys/fs/cgroup/cpu/keras-serve-test-${process.pid}`;
  mkdirSync(group);
  writeFileSync(join(group, 'cpu.cfs_period_us'), '100000');
  writeFileSync(join(group, 'cpu.cfs_quota_us'), '100000');
  return group;
}

describe('availableCores', () => {
  it('is at least one', () => assert.ok(availableCores() >= 1));

  it('is what the quota of a control group allows: so many processes run models', async (t) => {
    let group: string;
    try {
      group = makeGroup();
    } catch (error) {
      return t.skip(`no control group of version 1 can be made here (${(error as NodeJS.ErrnoException).code})`);
    }
    if (availableCores() === 1) return t.skip('this machine has one core anyway');
    // The shell moves itself into the group, and the server that it becomes stays there.
    const server = runCli(t, [bundledModel, '--port', '0', '--log-format', 'json'], {}, undefined, [
      '/bin/sh',
      '-c',
      `echo $$ > ${group}/cgroup.procs && exec "$@"`,
      'sh',
    ]);
    t.after(async () => {
      server.child.kill('SIGKILL');
      await server.ended;
      // Its processes end a moment later, and the group is busy until then.
      for (let tries = 0; tries < 400 && readFileSync(join(group, 'cgroup.procs'), 'utf8') !== ''; tries++)
        await sleep(50);
      rmdirSync(group);
    });
    await server.line('"url":"http://');
    assert.equal(inferenceProcesses(server.child.pid!).length, 1);
  });
});

describe('an inference process', () => {
  it('has no threads that it does not need', async (t) => {
    if (process.platform !== 'linux') return t.skip('threads are counted in /proc, which only Linux has');
    const options = ['--processes', '1', '--threads', '2', '--port', '0', '--log-format', 'json'];
    const server = runCli(t, [bundledModel, ...options], { UV_THREADPOOL_SIZE: '16' });
    await server.line('"url":"http://');
    const [pid] = inferenceProcesses(server.child.pid!);
    // Its own, one each of V8, libuv, V8's timer, Node's signals and ONNX Runtime, and one to spare for other versions of Node.
    assert.ok(threadsOf(pid!) <= 7, `${threadsOf(pid!)} threads`);
  });

  it('reads no certificates when it starts: it connects to nobody', async (t) => {
    if (process.platform !== 'linux') return t.skip('environments are told in /proc, which only Linux has');
    const options = ['--processes', '1', '--port', '0', '--log-format', 'json'];
    const certificates = join(packageRoot, 'test/fixtures/none.pem');
    const server = runCli(t, [bundledModel, ...options], { NODE_EXTRA_CA_CERTS: certificates, KEPT: 'yes' });
    await server.line('"url":"http://');
    const [pid] = inferenceProcesses(server.child.pid!);
    const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .map((one) => one.split('=')[0]);
    assert.deepEqual(
      ['KEPT', 'NODE_EXTRA_CA_CERTS'].map((name) => names.includes(name)),
      [true, false],
    );
  });
});
