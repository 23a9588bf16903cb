import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bearer, keyFile, keyOf, linesOf } from '../helpers/key-file.js';
import { ask, assertSilent, type KeyedServer, logged, useKeyedServers } from '../helpers/keyed-server.js';
import { runCli } from '../helpers/server.js';

const statusOf = async (server: KeyedServer, name: string) => (await ask(server, '/models', bearer(name))).status;

describe('keras-serve --api-keys', () => {
  const { models, start } = useKeyedServers();

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
    assert.match(await logged(server, '/models?…'), /"status":401/);

    await ask(server, '/models/beta', bearer('bob'));
    assert.equal(JSON.parse(await logged(server, '/models/beta')).key, 'bob');
    const { text } = await ask(server, '/metrics', bearer('carol'));
    assert.match(text, /keras_serve_requests_by_key_total\{key="alice"\} 5\n/);
    assert.match(text, /keras_serve_requests_by_key_total\{key="bob"\} 6\n/);
    assert.match(await logged(server, 'a key that nobody has'), /"level":40,.*"client":/);
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
      /--open must be one of health, page, documents, models, predict, jobs, metrics/,
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
    const server = await start(t, [], { KERAS_SERVE_API_KEYS: path, KERAS_SERVE_OPEN: 'models, metrics' });
    assert.equal((await ask(server, '/models')).status, 200);
    assert.equal((await ask(server, '/predict', {}, {})).status, 401);
  });
});
