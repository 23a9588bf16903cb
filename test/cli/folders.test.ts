/** What the command line makes of the folders that people have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { unzipSync } from 'fflate';
import { fixture, type ModelFolder, useModelFolders } from '../helpers/model-folder.js';
import { runCli } from '../helpers/server.js';

const newFolder = useModelFolders();
const options = ['--port', '0', '--log-format', 'json', '--processes', '1'];

/** What is looked at in replies. */
interface Reply {
  models: { name: string; default: boolean }[];
  versions: { state: string }[];
  routes: Record<string, string>;
  paths: Record<string, unknown>;
}

async function serve(t: TestContext, folder: ModelFolder, ...args: string[]) {
  const server = runCli(t, [folder.path, ...options, ...args]);
  const { url } = JSON.parse(await server.line('"url":"http://'));
  const log = () => server.lines.map((line) => JSON.parse(line).msg as string).join('\n');
  const get = async (path: string) => (await fetch(url + path)).json() as Promise<Reply>;
  const names = async () => (await get('/models')).models.map(({ name }) => name);
  return { ...server, url, log, get, names };
}

describe('keras-serve with a folder', () => {
  it('calls models by their names in any script, and finds them under those of before', async (t) => {
    const folder = newFolder();
    folder.put('猫.keras', 'sequential');
    folder.put('狗.keras', 'sequential');
    folder.put(`${'Gemüse'.normalize('NFD')}.keras`, 'sequential');
    const { get, names, url } = await serve(t, folder, '--default-model', 'Gemuse');
    assert.deepEqual(await names(), ['Gemüse', '狗', '猫']);
    const broken = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
    for (const name of ['Gemüse', 'Gemuse', 'Gemüse'.normalize('NFD'), '猫']) {
      const path = encodeURIComponent(name);
      const { routes, versions } = await get(`/models/${path}`);
      assert.equal(versions[0]!.state, 'AVAILABLE');
      assert.equal((await fetch(url + routes.predict, broken)).status, 400);
      assert.equal((await fetch(`${url}/v1/models/${path}`)).status, 200);
      assert.equal((await fetch(`${url}/v2/models/${path}`)).status, 200);
    }
    const { paths } = await get('/openapi.json');
    assert.ok(`/models/${encodeURIComponent('猫')}/predict` in paths);
    assert.match(await (await fetch(`${url}/metrics`)).text(), /model="猫"/);
    assert.equal((await fetch(`${url}/models/model`)).status, 404);
    const long = 'й'.repeat(100);
    assert.match(await (await fetch(`${url}/models/${encodeURIComponent(long)}`)).text(), /model_unknown/);
  });

  it('serves the newer of two formats of one name and an unpacked archive, and says what it passes over', async (t) => {
    const folder = newFolder();
    folder.put('a/model.keras', 'sequential');
    folder.write('a/model.h5', 'an older one');
    folder.write('a/Labels.txt', 'x\ny\nz\n');
    folder.write('a/old.tflite', '');
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(fixture('sequential').model))))
      if (!name.endsWith('/')) folder.write(join('b/model.keras', name), Buffer.from(bytes));
    const { log, names, get } = await serve(t, folder);
    assert.deepEqual(await names(), ['a', 'b']);
    assert.match(log(), /a": Passed over: model\.h5 \(model\.keras, of the same name, is served\), old\.tflite \(/);
    for (const name of ['a', 'b']) assert.equal((await get(`/models/${name}`)).versions[0]!.state, 'AVAILABLE');
  });

  it('does not wait for a pipe, but names it', {
    skip: process.platform === 'win32' && 'Windows has no such pipes',
  }, async (t) => {
    const folder = newFolder();
    folder.put('a/model.keras', 'sequential');
    for (const name of ['a/labels.txt', 'b/model.keras']) {
      mkdirSync(join(folder.path, name, '..'), { recursive: true });
      execFileSync('mkfifo', [join(folder.path, name)]);
    }
    const { names, log } = await serve(t, folder);
    assert.deepEqual(await names(), ['a']);
    assert.match(log(), /model\.keras \(a pipe, no file\)/);
    assert.match(log(), /labels\.txt \(a pipe, no file\)/);
  });

  it('refuses a pipe or a device by name', {
    skip: process.platform === 'win32' && 'Windows has no such pipes',
  }, async (t) => {
    const folder = newFolder();
    execFileSync('mkfifo', [join(folder.path, 'model.keras')]);
    folder.put('a/model.keras', 'sequential');
    execFileSync('mkfifo', [join(folder.path, 'a/serve.json')]);
    const card = await runCli(t, [join(folder.path, 'a/model.keras'), ...options]).ended;
    assert.equal(card.stderr, 'keras-serve: serve.json: must be a file, but is a pipe.\n');
    folder.remove('a');
    for (const [path, what] of [
      [join(folder.path, 'model.keras'), 'a pipe'],
      ['/dev/zero', 'a device'],
    ] as const) {
      const { code, stderr } = await runCli(t, [path, ...options]).ended;
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^keras-serve: This is ${what}, no file\\.[^\\n]+\\n$`));
    }
    const { code, stderr } = await runCli(t, [folder.path, ...options]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /has no model file\. Passed over: model\.keras \(a pipe, no file\)\./);
  });

  it('waits with --watch for the first model', async (t) => {
    const folder = newFolder();
    const { url, line, lines, names, get } = await serve(t, folder, '--watch');
    assert.deepEqual(await names(), []);
    await line('no model is there yet');
    assert.deepEqual(
      lines.filter((text) => JSON.parse(text).level > 30),
      [],
    );
    assert.equal((await fetch(`${url}/health/ready`)).status, 503);
    assert.equal((await fetch(`${url}/health/live`)).status, 200);
    for (const path of ['/', '/docs', '/openapi.json', '/metrics', '/v2'])
      assert.equal((await fetch(url + path)).status, 200, path);
    assert.equal((await fetch(`${url}/predict`, { method: 'POST', body: '{}' })).status, 503);
    folder.put('pets.keras', 'sequential');
    await line('pets is loaded and warm');
    while ((await fetch(`${url}/health/ready`)).status !== 200) await sleep(20);
    assert.equal((await get('/models')).models[0]!.default, true);
  });

  it('starts with --watch though two models have one name', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', 'sequential');
    folder.put('pets.keras', 'sequential');
    folder.put('pets/model.keras', 'sequential');
    const { names, log } = await serve(t, folder, '--watch');
    assert.deepEqual(await names(), ['a', 'pets']);
    assert.match(log(), /There are two models called pets/);
  });
});
