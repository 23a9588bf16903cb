import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { buildApp } from '../../src/app.js';
import { announcement } from '../../src/commands/announcement.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { readConfig } from '../../src/settings/config.js';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel, photo } from '../helpers/app.js';
import { exchange } from '../helpers/exchange.js';
import { form } from '../helpers/form.js';
import { run } from '../helpers/run.js';
import { runCli } from '../helpers/server.js';

function socketIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-socket-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 's.sock');
}

async function start(t: TestContext, socketPath: string, ...args: string[]) {
  const server = runCli(t, [
    bundledModel,
    '--host',
    `unix:${socketPath}`,
    '--processes',
    '1',
    '--log-format',
    'json',
    ...args,
  ]);
  await server.line('is served at');
  return server;
}

const refused = async (t: TestContext, host: string) => {
  const { code, stderr } = await runCli(t, [bundledModel, '--host', host]).ended;
  assert.equal(code, 1, stderr);
  return stderr;
};

describe('a Unix socket', () => {
  it('is listened on, by those whom its mode lets in, and is gone with the server', async (t) => {
    const socketPath = socketIn(t);
    const { line, child, ended } = await start(t, socketPath, '--trust-proxy', 'unix', '--base-path', '/api');
    const { url, socket, msg } = JSON.parse(await line('is served at'));
    assert.deepEqual([url, socket], ['http://localhost/api', socketPath]);
    assert.ok(
      msg.includes(` is served at http://localhost/api/ by the socket ${socketPath} with its documents at `),
      msg,
    );
    assert.equal(statSync(socketPath).mode & 0o777, 0o660);
    const { headers, payload } = form(photo('cat.jpg'));
    const reply = await exchange({ socketPath, path: '/api/predict', method: 'POST', headers }, payload);
    assert.equal(JSON.parse(reply.text).predictions[0].label, 'Egyptian_cat');
    await exchange({ socketPath, path: '/api/models/far', headers: { 'X-Forwarded-For': '192.0.2.1' } });
    assert.equal(JSON.parse(await line('/api/models/far')).client, '192.0.2.1');
    child.kill('SIGTERM');
    assert.equal((await ended).code, 0);
    assert.ok(!existsSync(socketPath));
  });

  it('has who came by it believed only where that is said, and no address of theirs in the log', async (t) => {
    const socketPath = socketIn(t);
    const { line } = await start(t, socketPath, '--socket-mode', '600', '--trust-proxy', 'loopback,uniquelocal');
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
    await exchange({ socketPath, path: '/models/far', headers: { 'X-Forwarded-For': '192.0.2.1' } });
    assert.ok(!('client' in JSON.parse(await line('/models/far'))));
  });

  it('of a server that died is taken over, one in use is refused', async (t) => {
    const socketPath = socketIn(t);
    const first = await start(t, socketPath);
    assert.match(await refused(t, `unix:${socketPath}`), /s\.sock is in use\. Stop the server that uses it/);
    assert.equal((await exchange({ socketPath, path: '/health/ready' })).status, 200);
    first.child.kill('SIGKILL');
    await first.ended;
    assert.ok(existsSync(socketPath));
    await start(t, socketPath);
    assert.equal((await exchange({ socketPath, path: '/health/ready' })).status, 200);
  });

  it('that can’t be is told of before the model is loaded, and nothing else is removed', async (t) => {
    const socketPath = socketIn(t);
    writeFileSync(socketPath, 'precious');
    assert.match(await refused(t, `unix:${socketPath}`), /is there already, and is no Unix socket/);
    assert.equal(statSync(socketPath).size, 8);
    assert.match(await refused(t, `unix:${socketPath}/x.sock`), /can't be made: its folder is none/);
    assert.match(await refused(t, `unix:${socketPath}s/x.sock`), /can't be made: its folder isn't there/);
    assert.match(await refused(t, 'fd:3'), /fd:3 is no socket to listen on\. systemd gives one/);
  });

  it('shows a line that can be pasted', async (t) => {
    const app = await buildApp({ model: bundledModel, processes: 1 });
    t.after(() => app.close());
    const socket = socketIn(t);
    await app.listen({ path: socket });
    const text = announcement(kerasServeOf(app).catalog, { url: 'http://localhost', socket });
    assert.match(text, new RegExp(`^ {4}Socket {4}${socket}$`, 'm'));
    const [, command] = /^ {4}Predict {3}(curl .*)$/m.exec(text)!;
    const { stdout } = await run('sh', ['-c', `${command} --silent`]);
    assert.equal(JSON.parse(stdout).predictions[0].label, 'Egyptian_cat');
  });

  it('that is there already is taken from who started it, as systemd hands one over', async (t) => {
    const socketPath = socketIn(t);
    for (const place of [{ path: socketPath }, { host: '127.0.0.1', port: 0 }]) {
      const listener = createServer().listen(place);
      await once(listener, 'listening');
      const { _handle: handle } = listener as unknown as { _handle: { fd: number } };
      const cli = join(packageRoot, 'dist', 'src', 'cli.js');
      const child = spawn(
        process.execPath,
        [cli, bundledModel, '--host', 'fd:3', '--processes', '1', '--log-format', 'json'],
        {
          stdio: ['ignore', 'pipe', 'inherit', handle.fd],
        },
      );
      t.after(() => child.kill('SIGKILL'));
      let log = '';
      child.stdout!.setEncoding('utf8');
      for await (const part of child.stdout!) {
        log += part;
        if (log.includes('is served at')) break;
      }
      const address = listener.address();
      listener.close();
      const asked = typeof address === 'object' ? { port: address!.port } : { socketPath };
      // The listener here has the socket's file removed with itself, not what is connected by it.
      if (typeof address === 'object') assert.equal((await exchange({ ...asked, path: '/health/ready' })).status, 200);
      else assert.match(log, /by the socket fd:3/);
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });

  it('has no path that would be cut short', () =>
    assert.throws(
      () => readConfig({ host: `unix:/${'ä'.repeat(52)}` }),
      /--host must name a Unix socket by a path of at most 103 bytes/,
    ));

  for (const text of ['/run/x.sock', 'unix:', 'fd:', 'fd:x', 'fd:-1', 'http://localhost'])
    it(`isn’t named by ${text}`, () =>
      assert.throws(() => readConfig({ host: text }), /^ConfigError: --host must be an address, unix:\/run/));

  for (const text of ['', '66', '6666', '888', 'rw-'])
    it(`has no mode "${text}"`, () => assert.throws(() => readConfig({ 'socket-mode': text }), /three octal digits/));
});
