/** Keras Applications by name, through the command line, with weights that real Keras wrote. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../../src/support/package.js';
import { photo } from '../helpers/app.js';
import { startFileServer } from '../helpers/file-server.js';
import { form } from '../helpers/form.js';
import { runCli } from '../helpers/server.js';

const example = (name: string): string => join(packageRoot, 'examples', name);
const fixtures = join(packageRoot, 'test/fixtures/applications');
const content = gunzipSync(readFileSync(join(fixtures, 'mobilenet.h5.gz')));
const file = 'mobilenet_1_0_224_tf.h5';
const path = `/tensorflow/keras-applications/mobilenet/${file}`;

interface Prediction {
  label: string;
  probability: number;
}
/** What Keras answers with these weights. */
const { predictions: expected }: { predictions: Record<string, Prediction[]> } = JSON.parse(
  readFileSync(join(fixtures, 'expected.json'), 'utf8'),
);

function check(actual: Prediction[], image: string): void {
  const wanted = expected[image]!;
  assert.deepEqual(
    actual.map(({ label }) => label),
    wanted.map(({ label }) => label),
  );
  for (const [index, { probability }] of actual.entries())
    assert.ok(Math.abs(probability - wanted[index]!.probability) < 0.01, `${probability} for ${image}`);
}

const root = mkdtempSync(join(tmpdir(), 'keras-serve-applications-'));
after(() => rmSync(root, { recursive: true }));

/** The environment of a user with a Keras folder and a cache of his own. */
function user(more: Record<string, string> = {}) {
  const folder = mkdtempSync(join(root, 'user-'));
  const environment = { KERAS_HOME: join(folder, 'keras'), XDG_CACHE_HOME: join(folder, 'cache'), ...more };
  const models = join(folder, 'keras', 'models');
  mkdirSync(models, { recursive: true });
  return { environment, models, weights: join(models, file) };
}

describe('a Keras Application by name', () => {
  it('is downloaded once to where Keras keeps it, and predicts what Keras predicts', async (t) => {
    const { url, requests } = await startFileServer(t, () => ({ content }));
    const { environment, models, weights } = user();
    const predict = () =>
      runCli(
        t,
        ['predict', 'MobileNet', example('cat.jpg'), example('coffee.jpg'), '--jsonl', '--weights-url', url],
        environment,
      ).ended;
    const first = await predict();
    assert.equal(first.code, 0, first.stderr);
    for (const line of first.stdout.split('\n')) {
      const { file, predictions } = JSON.parse(line);
      check(predictions, file.split(/[/\\]/).at(-1));
    }
    assert.deepEqual(first.stderr.trim().split('\n'), [
      `${file}: downloading ${url}${path} (16.4 MB) to ${weights}`,
      first.stderr.trim().split('\n')[1],
    ]);
    assert.match(first.stderr, /\.h5: 16\.4 MB downloaded in [\d.]+ s\n$/);
    assert.deepEqual(readdirSync(models), [file]);
    assert.deepEqual(readFileSync(weights), content);

    const second = await predict();
    assert.deepEqual([second.code, second.stdout, second.stderr], [0, first.stdout, '']);
    assert.deepEqual(
      requests.map(({ path }) => path),
      [path],
    );
  });

  it('is served, with lines in the log for the download', async (t) => {
    const { url: mirror } = await startFileServer(t, () => ({ content }));
    const { environment } = user({ KERAS_SERVE_WEIGHTS_URL: `${mirror}/` });
    const server = runCli(t, ['mobilenet', '--port', '0', '--log-format', 'json', '--processes', '1'], environment);
    const { url } = JSON.parse(await server.line('"url":"http://'));
    const messages = server.lines.map((line): string => JSON.parse(line).msg);
    assert.ok(
      messages.includes(`${file}: downloading ${mirror}${path} (16.4 MB) to ${environment.KERAS_HOME}/models/${file}`),
    );
    assert.ok(messages.some((message) => /: 16\.4 MB downloaded in /.test(message)));
    assert.ok(messages.some((message) => message.startsWith('mobilenet is served at ')));
    const { payload, headers } = form(photo('coffee.jpg'));
    const response = await fetch(`${url}/predict`, { method: 'POST', headers, body: new Uint8Array(payload) });
    const reply = (await response.json()) as { success: boolean; predictions: Prediction[] };
    assert.equal(reply.success, true);
    check(reply.predictions, 'coffee.jpg');
  });

  it('is downloaded once for two commands at once', async (t) => {
    const { url, requests } = await startFileServer(t, () => ({ content }));
    const { environment, models } = user();
    const inspect = () => runCli(t, ['inspect', 'mobilenet', '--weights-url', url], environment).ended;
    for (const { code, stdout, stderr } of await Promise.all([inspect(), inspect()])) {
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^Parameters: 4,253,864$/m);
    }
    assert.equal(requests.length, 1);
    assert.deepEqual(readdirSync(models), [file]);
  });

  it('is gone on with after a command that was killed', async (t) => {
    const { url, requests } = await startFileServer(t, (number) =>
      number === 0 ? { content, stop: 'silence', stopAfter: 10_000_000 } : { content },
    );
    const { environment, models, weights } = user();
    const inspect = () => runCli(t, ['inspect', 'mobilenet', '--weights-url', url], environment);
    const killed = inspect();
    while (!((statSync(`${weights}.part`, { throwIfNoEntry: false })?.size ?? 0) > 5_000_000)) await sleep(20);
    killed.child.kill('SIGKILL');
    await killed.ended;
    assert.deepEqual(readdirSync(models).sort(), [`${file}.part`, `${file}.part.json`]);
    const { code, stderr } = await inspect().ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /: going on at [\d.]+ MB with http/);
    assert.match(requests[1]!.range!, /^bytes=[1-9]\d*-$/);
    assert.deepEqual(readFileSync(weights), content);
    assert.deepEqual(readdirSync(models), [file]);
  });

  it('is converted with a file that Keras downloaded, without a network', async (t) => {
    const { environment, models, weights } = user({ KERAS_SERVE_WEIGHTS_URL: 'http://127.0.0.1:9' });
    writeFileSync(weights, content);
    const output = join(models, 'mobilenet.onnx');
    const { code, stdout, stderr } = await runCli(t, ['convert', 'mobilenet', output], environment).ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /mobilenet\.onnx \(16\.\d MB\): takes /);
  });

  it('says what to download and where to put it, when it can not be had', async (t) => {
    const { url } = await startFileServer(t, () => ({ status: 404 }));
    const { environment, models } = user();
    for (const args of [
      ['inspect', 'resnet50'],
      ['predict', 'resnet50', example('cat.jpg')],
      ['resnet50', '--port', '0'],
    ]) {
      const { code, stdout, stderr } = await runCli(t, [...args, '--weights-url', url], environment).ended;
      assert.equal(code, 1);
      const name = 'resnet50_weights_tf_dim_ordering_tf_kernels.h5';
      const message = [
        "keras-serve: The weights of resnet50 can't be downloaded: the server answers 404 Not Found.",
        `  Download  ${url}/tensorflow/keras-applications/resnet/${name}`,
        `  to        ${join(models, name)}`,
        '  or name a server that has it: --weights-url, or KERAS_SERVE_WEIGHTS_URL',
      ].join('\n');
      assert.ok(stderr.includes(message), `${stdout}\n${stderr}`);
    }
    assert.deepEqual(readdirSync(models), []);
  });

  it('refuses weights with another hash than Keras published', async (t) => {
    const { url } = await startFileServer(t, () => ({ content }));
    const { environment, models } = user();
    const { code, stderr } = await runCli(t, ['inspect', 'resnet50', '--weights-url', url], environment).ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /what came has the hash [0-9a-f]{32} instead of 2cb95161c43110f7111970584f804107; it was not kept/,
    );
    assert.deepEqual(readdirSync(models), []);
  });

  it('is proposed for a name that is nearly its own', async (t) => {
    const { code, stderr } = await runCli(t, ['resnet5', '--port', '0']).ended;
    assert.equal(code, 1);
    assert.match(stderr, /There is no file, folder or Keras Application "resnet5"\. Did you mean resnet50 or /);
  });
});

describe('keras-serve applications', () => {
  it('lists them, with what is downloaded', async (t) => {
    const { environment, weights } = user();
    writeFileSync(weights, content);
    const { code, stdout } = await runCli(t, ['applications'], environment).ended;
    assert.equal(code, 0);
    assert.match(stdout, /^resnet50 +224×224 +25,636,712 +about 97\.8 MB$/m);
    assert.match(stdout, /^mobilenet +224×224 +4,253,864 +downloaded$/m);
    const { stdout: json } = await runCli(t, ['applications', '--json'], environment).ended;
    const list: { name: string; url: string; path: string; downloaded: boolean }[] = JSON.parse(json);
    const { url, path, downloaded } = list.find(({ name }) => name === 'mobilenet')!;
    assert.ok(url.startsWith('https://storage.googleapis.com/'));
    assert.deepEqual([path, downloaded], [weights, true]);
    assert.deepEqual(
      list.filter(({ downloaded }) => downloaded).map(({ name }) => name),
      ['mobilenet'],
    );
  });

  it('takes an address of HTTP alone', async (t) => {
    for (const address of ['ftp://example.com', 'example.com', 'https://user:secret@example.com', 'https://a/?b']) {
      const { code, stderr } = await runCli(t, ['applications', '--weights-url', address]).ended;
      assert.equal(code, 2);
      assert.match(stderr, /--weights-url must be an address such as https:\/\/example\.com\/mirror/);
    }
  });
});
