import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bearer, keyFile, keyOf, linesOf } from '../helpers/key-file.js';
import { useModelFolders } from '../helpers/model-folder.js';
import { type Cli, runCli, startServer } from '../helpers/server.js';

type Server = Cli & { url: string };

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** What is in it as JSON. */
  json<T>(): T;
}

async function ask({ url }: { url: string }, path: string, headers: HeadersInit = {}, body?: unknown): Promise<Answer> {
  const asked = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const type: HeadersInit = body === undefined ? {} : { 'content-type': 'application/json' };
  const all = [...new Headers(headers), ...new Headers(type)] as [string, string][];
  const reply = await fetch(url + path, { ...asked, headers: all });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, text, json: () => JSON.parse(text) };
}

/** Waits until the log has so many lines with a text. */
async function logged({ lines }: Cli, text: string, count = 1): Promise<string> {
  for (const end = Date.now() + 60_000; ; await sleep(20)) {
    const found = lines.filter((line) => line.includes(text));
    if (found.length >= count) return found[count - 1]!;
    assert.ok(Date.now() < end, `not logged ${count} times: ${text}\n${lines.slice(-20).join('\n')}`);
  }
}

const statusOf = async (server: Server, name: string) => (await ask(server, '/models', bearer(name))).status;

const assertSilent = ({ lines }: Cli) => {
  for (const line of lines) assert.doesNotMatch(line, /secret-of-/, line);
};

describe('keras-serve --api-keys', () => {
  const modelFolder = useModelFolders();

  function models() {
    const folder = modelFolder();
    folder.put('alpha.keras', 'sequential');
    folder.put('beta.keras', 'sequential');
    folder.put('gamma.keras', 'sequential');
    return folder.path;
  }

  const start = (t: TestContext, args: string[]): Promise<Server> =>
    startServer(t, ['--no-cache', '--processes', '1', ...args], models());

  it('takes each kind of line, as Authorization and as X-API-Key, and tells whose a request is', async (t) => {
    const path = keyFile(t, { alice: 'admin', bob: 'models=alpha,beta' });
    const hash = createHash('sha256').update(keyOf('carol')).digest('hex');
    writeFileSync(
      path,
      `# team\n\n${linesOf({ alice: 'admin', bob: 'models=alpha,beta # part' })}carol sha256:${hash}\n`,
    );
    const server = await start(t, ['--api-keys', path]);
    await logged(server, '3 API keys from');

    for (const name of ['alice', 'bob', 'carol'])
      for (const headers of [
        bearer(name),
        { authorization: `bearer  ${keyOf(name)} ` },
        { 'x-api-key': keyOf(name) },
        { ...bearer(name), 'x-api-key': keyOf(name) },
        { authorization: 'Basic YTpi', 'x-api-key': keyOf(name) },
      ])
        assert.equal((await ask(server, '/models', headers)).status, 200, JSON.stringify(headers));

    const refused: [headers: HeadersInit, status: number, code: string, challenge: string][] = [
      [{}, 401, 'key_missing', 'Bearer realm="keras-serve"'],
      [{ authorization: 'Basic YTpi' }, 401, 'key_missing', 'Bearer realm="keras-serve"'],
      [bearer('mallory'), 401, 'key_invalid', 'Bearer realm="keras-serve", error="invalid_token"'],
      [{ authorization: 'Bearer' }, 401, 'key_invalid', 'Bearer realm="keras-serve", error="invalid_token"'],
      [{ 'x-api-key': hash }, 401, 'key_invalid', 'Bearer realm="keras-serve", error="invalid_token"'],
      [
        { ...bearer('alice'), 'x-api-key': keyOf('bob') },
        400,
        'request_invalid',
        'Bearer realm="keras-serve", error="invalid_request"',
      ],
      [
        { ...bearer('alice'), 'x-api-key': keyOf('mallory') },
        400,
        'request_invalid',
        'Bearer realm="keras-serve", error="invalid_request"',
      ],
    ];
    for (const [headers, status, code, challenge] of refused) {
      const reply = await ask(server, '/models', headers);
      assert.deepEqual([reply.status, reply.json<{ error: { code: string } }>().error.code], [status, code]);
      assert.equal(reply.headers.get('www-authenticate'), challenge);
    }
    // In the address a key is none, and isn't logged.
    assert.equal((await ask(server, `/models?api_key=${keyOf('alice')}`)).status, 401);
    assert.equal((await ask(server, `/models?top=1&Access_Token=${keyOf('alice')}&b=1`)).status, 401);
    assert.match(await logged(server, 'Access_Token=***&b=1'), /"status":401/);

    await ask(server, '/models/beta', bearer('bob'));
    assert.equal(JSON.parse(await logged(server, '/models/beta')).key, 'bob');
    const { text } = await ask(server, '/metrics', bearer('carol'));
    assert.match(text, /keras_serve_requests_by_key_total\{key="alice"\} 5\n/);
    assert.match(text, /keras_serve_requests_by_key_total\{key="bob"\} 6\n/);
    assert.match(await logged(server, 'a key that nobody has'), /"level":40,.*"address":/);
    assertSilent(server);
  });

  it('shows a key its own models, wherever models are listed, asked or told of', async (t) => {
    const path = keyFile(t, { all: '', some: 'models=beta,later' });
    const server = await start(t, ['--api-keys', path]);
    assert.match(await logged(server, 'is for later'), /the API key some is for later, and there is no model/);
    const some = bearer('some');
    const { example: row } = (await ask(server, '/models/alpha', bearer('all'))).json<{
      example: { instances: unknown };
    }>();
    const names = async (headers: HeadersInit) =>
      (await ask(server, '/models', headers)).json<{ models: { name: string }[] }>().models.map(({ name }) => name);
    assert.deepEqual(await names(bearer('all')), ['alpha', 'beta', 'gamma']);
    assert.deepEqual(await names(some), ['beta']);
    const index = await ask(server, '/v2/repository/index', some, {});
    assert.deepEqual(
      index.json<{ name: string }[]>().map(({ name }) => name),
      ['beta'],
    );

    const addresses = (model: string): [path: string, body?: unknown][] => [
      [`/models/${model}`],
      [`/models/${model}/versions/1`],
      [`/models/${model}/predict`, row],
      [`/models/${model}/versions/1/predict`, row],
      [`/v1/models/${model}`],
      [`/v1/models/${model}/metadata`],
      [`/v1/models/${model}/versions/1`],
      [`/v1/models/${model}/labels/stable`],
      [`/v1/models/${model}:predict`, row],
      [`/v1/models/${model}:classify`, row],
      [`/v1/models/${model}/versions/1:predict`, row],
      [`/v2/models/${model}`],
      [`/v2/models/${model}/ready`],
      [`/v2/models/${model}/versions/1/ready`],
      [`/v2/models/${model}/infer`, {}],
      [`/v2/models/${model}/versions/1/infer`, {}],
    ];
    /** What is left of an answer when the name of the model is taken away. */
    const told = async (model: string) =>
      Promise.all(
        addresses(model).map(async ([path, body]) => {
          const { status, text } = await ask(server, path, some, body);
          return [status, text.replaceAll(model, '…')];
        }),
      );
    const forbidden = await told('alpha');
    for (const [index, [status, text]] of forbidden.entries()) {
      assert.equal(status, 403, String(text));
      const isProtocol = addresses('alpha')[index]![0].startsWith('/v');
      assert.equal(typeof JSON.parse(String(text)).error, isProtocol ? 'string' : 'object');
    }
    assert.deepEqual(await told('nothing'), forbidden, 'what there is can be found out');
    for (const [path, body] of addresses('beta').filter(([path]) => !/classify|infer/.test(path)))
      assert.equal((await ask(server, path, some, body)).status, 200, path);
    assert.equal((await ask(server, '/models/later', some)).status, 404);

    // The default model is alpha.
    const byDefault = await ask(server, '/predict', some, row);
    assert.equal(byDefault.status, 403);
    assert.doesNotMatch(byDefault.text, /alpha/);
    assert.equal((await ask(server, '/predict', bearer('all'), row)).status, 200);
    for (const path of ['/predict', '/models/alpha/predict', '/models/nothing/predict'])
      assert.match((await ask(server, path, some)).text, /GET is not allowed here\. Use POST\."/);
    assert.equal((await ask(server, '/metrics', some)).status, 403);

    const pathsFor = async (path: string, headers: HeadersInit) => {
      const { paths } = (await ask(server, path, headers)).json<{ paths: Record<string, object> }>();
      return Object.keys(paths).filter((path) => /predict$/.test(path) && !path.startsWith('/v'));
    };
    for (const path of ['/openapi.json', '/docs/json']) {
      const own = ['/models/beta/predict', '/models/beta/versions/1/predict'];
      assert.deepEqual(await pathsFor(path, some), own);
      // What every key may use.
      assert.deepEqual(await pathsFor(path, {}), own);
      assert.deepEqual((await pathsFor(path, bearer('all'))).length, 7);
    }
    assert.doesNotMatch((await ask(server, '/openapi.yaml', some)).text, /alpha|gamma/i);
    assertSilent(server);
  });

  it('opens and closes what is named', async (t) => {
    const path = keyFile(t, { some: 'models=beta' });
    const args = ['--api-keys', path, '--open', 'metrics,models', '--closed', 'documents', '--closed', 'health'];
    const server = await start(t, args);
    const open = [
      '/',
      '/page.js',
      '/metrics',
      '/models',
      '/models/alpha',
      '/v1/models/alpha',
      '/v2/models/alpha',
      '/v2',
    ];
    for (const path of open) assert.equal((await ask(server, path)).status, 200, path);
    const closed = ['/openapi.json', '/openapi.yaml', '/docs', '/docs/json', '/docs/static/swagger-ui.css', '/predict'];
    for (const path of [...closed, '/health/live', '/v2/health/ready', '/nowhere'])
      assert.equal((await ask(server, path)).status, 401, path);
    // What is no key counts as none where none is needed; a key shows its own models.
    assert.equal(await statusOf(server, 'mallory'), 200);
    assert.equal((await ask(server, '/models/alpha', bearer('some'))).status, 403);
    assert.equal((await ask(server, '/metrics', bearer('some'))).status, 200);
    assert.equal((await ask(server, '/models/alpha/predict', {}, {})).status, 401);
    assert.equal((await ask(server, '/openapi.json', bearer('some'))).status, 200);
  });

  const impossible: [args: (path: string) => string[], message: RegExp][] = [
    [() => ['--api-keys', 'no/such/file'], /The API keys no\/such\/file can’t be read: there is no such file/],
    [
      (path) => [`--api-keys=${path}`, '--open', 'everything'],
      /--open must be one of health, page, documents, models, predict, metrics/,
    ],
    [
      (path) => [`--api-keys=${path}`, '--open=documents', '--closed=documents'],
      /--open and --closed both name documents/,
    ],
    [() => ['--open', 'metrics'], /--open and --closed say what needs an API key, and there are none/],
  ];
  for (const [args, message] of impossible)
    it(`ends with a sentence: ${message.source.slice(0, 50)}`, async (t) => {
      const path = keyFile(t, { alice: '' });
      const { code, stderr } = await runCli(t, [models(), '--port', '0', '--no-cache', ...args(path)]).ended;
      assert.ok(code === 1 || code === 2, `${code}`);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /secret-of|^\s+at /m);
    });

  it('names the line that is wrong, and not what stands there', async (t) => {
    const path = keyFile(t, { alice: '', bob: 'modles=alpha' });
    const { code, stderr } = await runCli(t, [models(), '--port', '0', '--no-cache', '--api-keys', path]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /keys\.txt:2 has something behind its key that is neither models=… nor admin/);
    assert.doesNotMatch(stderr, /secret-of/);
  });

  it('warns where everyone may read the keys, unless they are hashes', {
    skip: process.platform === 'win32' && 'Windows has no such permissions',
  }, async (t) => {
    const path = keyFile(t, { alice: '' });
    chmodSync(path, 0o644);
    const server = await start(t, ['--api-keys', path]);
    await logged(server, 'everyone on this machine may read the API keys');
    writeFileSync(path, `alice sha256:${'a'.repeat(64)}\n`);
    await logged(server, '1 API key from', 2);
    writeFileSync(path, linesOf({ alice: '' }));
    await logged(server, '1 API key from', 3);
    await logged(server, 'everyone on this machine may read the API keys', 2);
    assert.equal(server.lines.filter((line) => line.includes('everyone on this machine')).length, 2);
  });

  it('follows its file under load: a key of the old and the new one is never refused', async (t) => {
    // As Kubernetes mounts a secret: keys.txt → ..data/keys.txt, ..data → ..0
    const folder = join(keyFile(t, { steady: '' }), '..');
    const path = join(folder, 'keys.txt');
    rmSync(path);
    const version = (number: number) => {
      mkdirSync(join(folder, `..${number}`));
      writeFileSync(join(folder, `..${number}`, 'keys.txt'), linesOf({ steady: '', [`turn${number}`]: '' }));
      symlinkSync(`..${number}`, join(folder, '..new'));
      renameSync(join(folder, '..new'), join(folder, '..data'));
    };
    const beside = join(folder, 'beside');
    const ways: ((number: number) => void)[] = [
      version,
      (number) => writeFileSync(path, linesOf({ steady: '', [`turn${number}`]: '' })),
      (number) => {
        writeFileSync(beside, linesOf({ [`turn${number}`]: '', steady: '' }));
        renameSync(beside, path);
      },
      (number) => {
        rmSync(path);
        writeFileSync(path, linesOf({ steady: 'admin', [`turn${number}`]: '' }));
      },
    ];
    version(0);
    symlinkSync(join('..data', 'keys.txt'), path);
    const server = await start(t, ['--api-keys', path]);

    let done = false;
    const counts: Record<number, number> = {};
    const load = async () => {
      while (!done) {
        const { status } = await ask(server, '/models/alpha', bearer('steady'));
        counts[status] = (counts[status] ?? 0) + 1;
      }
    };
    const clients = Array.from({ length: 4 }, load);
    for (let number = 1; number <= 20; number++) {
      ways[Math.floor((number - 1) / 5)]!(number);
      for (const end = Date.now() + 30_000; (await statusOf(server, `turn${number}`)) !== 200; await sleep(50))
        assert.ok(Date.now() < end, `the keys of turn ${number} are not known`);
      assert.equal(await statusOf(server, `turn${number - 1}`), 401);
    }
    done = true;
    await Promise.all(clients);
    assert.deepEqual(Object.keys(counts), ['200'], JSON.stringify(counts));
    const { text } = await ask(server, '/metrics', bearer('steady'));
    assert.deepEqual(text.match(/(?<=requests_by_key_total\{key=")[^"]+/g)?.sort(), ['steady', 'turn20']);
    assertSilent(server);
  });

  it('keeps its keys while the file is broken or away, and says so', async (t) => {
    const path = keyFile(t, { alice: '' });
    const server = await start(t, ['--api-keys', path]);
    const broken: [content: string | undefined, message: string][] = [
      [`alice ${keyOf('alice')}\nalice ${keyOf('bob')}\n`, 'keys.txt:2 has the name of line 1'],
      ['', 'keys.txt has no key'],
      [undefined, 'there is no such file'],
    ];
    for (const [content, message] of broken) {
      if (content === undefined) rmSync(path);
      else writeFileSync(path, content);
      assert.match(await logged(server, message), /"level":50,.*the API keys stay as they were/);
      assert.equal(await statusOf(server, 'alice'), 200);
      assert.equal(await statusOf(server, 'bob'), 401);
    }
    writeFileSync(path, linesOf({ bob: '' }));
    await logged(server, '1 API key from', 2);
    assert.equal(await statusOf(server, 'alice'), 401);
    assert.equal(await statusOf(server, 'bob'), 200);
    assertSilent(server);
  });

  it('is taken from the environment', async (t) => {
    const path = keyFile(t, { alice: '' });
    const server = await startServer(t, ['--no-cache', '--processes', '1'], models(), {
      KERAS_SERVE_API_KEYS: path,
      KERAS_SERVE_OPEN: 'models, metrics',
    });
    assert.equal((await ask(server, '/models')).status, 200);
    assert.equal((await ask(server, '/predict', {}, {})).status, 401);
  });
});
