/** `--config` and `keras-serve config`, through the built command line. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { temporaryFolder } from '../helpers/folder.js';
import { runCli } from '../helpers/server.js';

const folder = temporaryFolder('config');
mkdirSync(join(folder, 'models'));
const pets = join(folder, 'models', 'pets');
cpSync(bundledModel, pets, { recursive: true });
const card = join(pets, 'serve.json');
writeFileSync(card, JSON.stringify({ ...JSON.parse(readFileSync(card, 'utf8')), name: 'pets' }));

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** As the working folder of the command sees it. */
const seen = (path: string) => relative(packageRoot, path);

const served = `# yaml-language-server: $schema=config.schema.json
models: [models/pets]
port: 0
log-format: json
max-image-size: 1KB
`;

describe('--config', () => {
  it('serves the models beside the file with its settings, which flags and environment override', async (t) => {
    const path = fileOf('serve.yaml', `${served}max-json-size: 1KB\n`);
    const { line } = runCli(t, ['--config', path, '--max-json-size', '1MB'], { KERAS_SERVE_MAX_ROWS: '1' });
    const { url } = JSON.parse(await line('"url":"http://'));
    const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { name: string }[] };
    assert.deepEqual(
      models.map(({ name }) => name),
      ['pets'],
    );
    const messageOf = async (type: string, body: string) => {
      const reply = await fetch(`${url}/predict`, { method: 'POST', headers: { 'content-type': type }, body });
      return ((await reply.json()) as { error: { message: string } }).error.message;
    };
    assert.match(await messageOf('image/jpeg', 'x'.repeat(2000)), /1 KB/);
    const two = `{"instances": ["eA==", ${' '.repeat(2000)} "eA=="]}`;
    assert.match(
      await messageOf('application/json', two),
      /^There are 2 rows\. The most that one request can have is 1\.$/,
    );
  });

  it('is JSON, too, and named by the environment; what is typed is served in the place of its models', async (t) => {
    const path = fileOf('serve.json', JSON.stringify({ models: ['nothing/here'], port: 0, 'log-format': 'json' }));
    const { line } = runCli(t, [bundledModel], { KERAS_SERVE_CONFIG: path });
    assert.match(await line('"url":"http://'), /efficientnet-lite0/);
  });

  it('is read by other commands, too, which take what they know of', async (t) => {
    const path = fileOf('weights.yaml', 'weights-url: https://example.com/mirror\nport: 80\n');
    const { stdout } = await runCli(t, ['applications', '--json', '--config', path]).ended;
    assert.ok(JSON.parse(stdout).every(({ url }: { url: string }) => url.startsWith('https://example.com/mirror/')));
  });

  it('ends a command with 2 and the place of what is wrong, before anything is done', async (t) => {
    const path = fileOf('wrong.yaml', 'port: 0\nmax-imge-size: 1KB\n');
    for (const args of [[bundledModel], ['predict', bundledModel, 'examples/cat.jpg'], ['config']]) {
      const { code, stdout, stderr } = await runCli(t, [...args, '--config', path]).ended;
      assert.deepEqual([code, stdout], [2, '']);
      const [first] = stderr.split('\n');
      assert.equal(first, `keras-serve: ${path}:2:1 max-imge-size is no setting. Did you mean max-image-size?`);
    }
  });

  it('asks for models where neither command line nor file has any', async (t) => {
    const { code, stderr } = await runCli(t, ['--config', fileOf('empty.yaml', 'port: 0\n')]).ended;
    assert.equal(code, 2);
    assert.match(stderr, /^keras-serve: Usage: keras-serve serve <model>/);
  });

  it('says where a model is looked for that is not there', async (t) => {
    const { code, stderr } = await runCli(t, ['--config', fileOf('missing.yaml', 'models: [missing]\nport: 0\n')])
      .ended;
    assert.equal(code, 1);
    assert.ok(stderr.includes(join(folder, 'missing')), stderr);
  });
});

describe('keras-serve config', () => {
  const environment = { KERAS_SERVE_DEADLINE: '10s', KERAS_SERVE_WACH: '1', PORT: '' };
  const path = fileOf('shown.yaml', `${served}cache-folder: kept\n`);
  const args = ['config', '--config', seen(path), '--max-rows', '5', '--watch'];

  it('shows what is in force and from where, and variables that are no settings', async (t) => {
    const { code, stdout, stderr } = await runCli(t, args, environment).ended;
    assert.equal(code, 0);
    assert.match(stderr, /KERAS_SERVE_WACH is no setting\. Did you mean KERAS_SERVE_WATCH\?\n$/);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(rows[0], ['Setting', 'Value', 'From']);
    const shown = Object.fromEntries(rows.slice(2).map(([name, ...rest]) => [name, rest.join(' | ')]));
    const { models, port, deadline, watch, host } = shown;
    assert.deepEqual(
      { models, port, deadline, watch, host },
      {
        models: `${seen(join(folder, 'models/pets'))} | ${seen(path)}:2`,
        port: `0 | ${seen(path)}:3`,
        deadline: '10s | KERAS_SERVE_DEADLINE',
        watch: 'true | --watch',
        host: 'localhost | default',
      },
    );
  });

  it('gives the same to programs, sizes in bytes and times in seconds', async (t) => {
    const { stdout } = await runCli(t, [...args, 'some.keras', '--json'], environment).ended;
    const { models, settings } = JSON.parse(stdout);
    assert.deepEqual(models, [{ path: 'some.keras', from: 'command line' }]);
    const byName = Object.fromEntries(settings.map((setting: { name: string }) => [setting.name, setting]));
    const from = { source: 'file', from: `${seen(path)}:5` };
    assert.deepEqual(byName['max-image-size'], { name: 'max-image-size', value: 1024, given: '1KB', ...from });
    assert.equal(byName['cache-folder'].value, seen(join(folder, 'kept')));
    assert.equal(byName['max-batch'].value, 'auto');
    assert.equal(byName.deadline.value, 10);
    assert.equal(byName.watch.value, true);
  });

  it('shows no secret, wherever it comes from, and none that is wrong', async (t) => {
    const bytes = Buffer.alloc(24, 'swordfish').toString('base64');
    const secret = `whsec_${bytes}`;
    const inFile = fileOf('secret.yaml', `webhook-secret: ${secret}\n`);
    const ways: [args: string[], environment: Record<string, string>, code: number][] = [
      [['--webhook-secret', secret], {}, 0],
      [['--json'], { KERAS_SERVE_WEBHOOK_SECRET: secret }, 0],
      [['--config', inFile], {}, 0],
      [['--webhook-secret', bytes], {}, 2],
      [['--config', fileOf('wrong-secret.yaml', `webhook-secret: ${bytes}\n`)], {}, 2],
    ];
    for (const [more, environment, code] of ways) {
      const ended = await runCli(t, ['config', ...more], environment).ended;
      assert.equal(ended.code, code);
      assert.match(ended.stdout + ended.stderr, code === 0 ? /webhook-secret.*?\*{8}/s : /webhook-secret must be/);
      assert.ok(!(ended.stdout + ended.stderr).includes(bytes));
    }
  });

  it('takes a Keras Application for what it is, unless something beside the file is called so', async (t) => {
    mkdirSync(join(folder, 'vgg16'));
    const models = fileOf('names.yaml', 'models: [resnet50, vgg16, nonesuch]\n');
    const { stdout } = await runCli(t, ['config', '--json', '--config', models]).ended;
    assert.deepEqual(
      JSON.parse(stdout).models.map(({ path }: { path: string }) => path),
      ['resnet50', join(folder, 'vgg16'), join(folder, 'nonesuch')],
    );
  });
});
