/** What `deploy/` has, as far as it shows without Docker and systemd: `npm run check:deploy` has the rest. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { readDockerfile } from '../../scripts/deploy/dockerfile.js';
import { readConfig } from '../../src/settings/config.js';
import { unknownVariables } from '../../src/settings/environment.js';
import { packageRoot } from '../../src/support/package.js';

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');
const stages = readDockerfile(read('deploy/Dockerfile'));
const image = stages.at(-1)!;
const copied = (stage: typeof image) => stage.steps.flatMap((step) => ('run' in step || step.from ? [] : step.sources));
const megabyte = 2 ** 20;
const defaults = readConfig();

/** The number behind a word of a file. */
function numberIn(text: string, pattern: RegExp): number {
  const [, number] = pattern.exec(text) ?? [];
  assert.ok(number, String(pattern));
  return Number(number);
}

describe('the Dockerfile', () => {
  it('copies what is there, and what its list of files lets through', () => {
    const allowed = read('deploy/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const source of stages.flatMap(copied)) {
      assert.ok(existsSync(join(packageRoot, source)), source);
      assert.ok(
        allowed.some((path) => `${source}/`.startsWith(`${path}/`)),
        source,
      );
    }
  });

  it('has all in the image that the package has, but for words', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const needed = files.filter((file) => !file.startsWith('!') && !file.endsWith('.md') && file !== 'dist');
    assert.deepEqual(
      [...needed, 'package.json', 'LICENSE'].filter((file) => !copied(image).includes(file)),
      [],
    );
    assert.ok(image.steps.some((step) => 'from' in step && step.sources.includes('/build/dist')));
  });

  it('starts the command as a user who isn’t root, and asks whether it is ready', () => {
    assert.equal(image.user, 'node');
    assert.deepEqual([image.entrypoint.join(' '), image.command], ['node /app/bin/keras-serve.js', ['/models']]);
    assert.ok(existsSync(join(packageRoot, 'bin/keras-serve.js')));
    assert.ok(image.healthcheck.join().includes('/health/ready'));
    assert.deepEqual(unknownVariables(image.environment), []);
    assert.equal(readConfig({}, image.environment).host, '0.0.0.0');
  });

  it('is refused by what runs its steps where it has an instruction that isn’t known', () => {
    assert.throws(() => readDockerfile('FROM a\nONBUILD RUN b\n'), /Nothing is known here of ONBUILD RUN b/);
  });
});

describe('the other files', () => {
  it('give a server longer to end than it takes', () => {
    const service = read('deploy/keras-serve.service');
    const { 'keras-serve': container } = parse(read('deploy/compose.yaml')).services;
    for (const seconds of [
      numberIn(service, /^TimeoutStopSec=(\d+)$/m),
      Number.parseInt(container.stop_grace_period, 10),
    ])
      assert.ok(seconds > defaults.closeTimeout);
    const environment = [...service.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
    assert.deepEqual(unknownVariables(Object.fromEntries(environment)), []);
    const kubernetes = parse(/```yaml\n(spec:.*?)```/s.exec(read('docs/deployment.md'))![1]!).spec;
    const [{ args }] = kubernetes.containers;
    const { drainDelay, closeTimeout } = readConfig({ 'drain-delay': args[2] });
    assert.ok(kubernetes.terminationGracePeriodSeconds > drainDelay + closeTimeout);
  });

  for (const name of ['deployment', 'step-by-step'])
    it(`are given variables that there are by docs/${name}.md`, () => {
      const variables = [...read(`docs/${name}.md`).matchAll(/KERAS_SERVE_\w+(?!\w|=tcp:)/g)].map(
        ([variable]) => variable,
      );
      assert.ok(variables.length > 1);
      assert.deepEqual(unknownVariables(Object.fromEntries(variables.map((variable) => [variable, 'any']))), []);
    });

  it('have proxies take a little more than the server, and wait a little longer', () => {
    for (const [name, size, wait, idle] of [
      ['nginx.conf', /client_max_body_size (\d+)m/, /proxy_read_timeout (\d+)s/, /keepalive_timeout (\d+)s/],
      ['Caddyfile', /max_size (\d+)MB/, /response_header_timeout (\d+)s/, /keepalive (\d+)s/],
    ] as const) {
      const text = read(`deploy/${name}`);
      assert.ok(numberIn(text, size) * 1e6 > Math.max(defaults.maxJsonSize, defaults.maxImageSize) + megabyte, name);
      assert.ok(numberIn(text, wait) > Math.max(60, defaults.deadline), name);
      assert.ok(numberIn(text, idle) < 72, name);
    }
  });
});
