import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settingRows } from '../../src/settings/config.js';
import { packageVersion } from '../../src/support/package.js';
import { bundledModel, photo } from '../helpers/app.js';
import { form } from '../helpers/form.js';
import { runCli, startServer } from '../helpers/server.js';

const cat = form(photo('cat.jpg'));

/** Sends bytes as they are and gives back all that comes. */
async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  let reply = '';
  for await (const chunk of socket.setEncoding('utf8')) reply += chunk;
  return reply;
}

describe('keras-serve <model>', () => {
  it('serves the model on every address of localhost and logs one line a request', async (t) => {
    const { url, lines, line } = await startServer(t);
    const { port } = new URL(url);
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: cat.headers,
      body: new Uint8Array(cat.payload),
    });
    assert.equal(response.status, 200);
    const { predictions } = (await response.json()) as { predictions: { label: string }[] };
    assert.equal(predictions[0]!.label, 'Egyptian_cat');
    assert.equal((await fetch(`http://127.0.0.1:${port}/health/ready`)).status, 200);

    const id = response.headers.get('x-request-id')!;
    const logged = JSON.parse(await line(id));
    assert.deepEqual(
      { method: logged.method, url: logged.url, status: logged.status, id: logged.id },
      { method: 'POST', url: '/predict', status: 200, id },
    );
    assert.ok(logged.ms > 0);
    assert.equal(lines.filter((line) => line.includes(id)).length, 1);
    assert.ok(!lines.some((line) => line.includes('/health/')), 'health checks are not logged');
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`finishes what is running on ${signal}, then ends with 0`, async (t) => {
      const { child, url, line, ended } = await startServer(t);
      const { port } = new URL(url);
      const uploads = ['127.0.0.1', 'localhost'].map((host) => {
        const upload = request({
          host,
          port,
          path: '/predict',
          method: 'POST',
          headers: { ...cat.headers, 'content-length': cat.payload.length },
        });
        upload.write(cat.payload.subarray(0, 1000));
        return upload;
      });
      // The server has seen the beginnings of both once it answers what came after them.
      await fetch(`${url}/health/live`);
      await fetch(`${url}/health/live`);
      child.kill(signal);
      await line(`${signal}: finishing`);
      // Soon no new connection is taken.
      while (await fetch(`http://127.0.0.1:${port}/health/live`).catch(() => undefined)) await sleep(10);
      const replies = await Promise.all(
        uploads.map(async (upload) => {
          upload.end(cat.payload.subarray(1000));
          const [response] = await once(upload, 'response');
          assert.equal(response.headers.connection, 'close');
          let text = '';
          for await (const chunk of response.setEncoding('utf8')) text += chunk;
          return JSON.parse(text);
        }),
      );
      for (const { predictions } of replies) assert.equal(predictions[0].label, 'Egyptian_cat');
      assert.equal((await ended).code, 0);
    });
  }

  it('answers malformed HTTP in JSON and goes on', async (t) => {
    const { url } = await startServer(t);
    const cases: [string, number, string][] = [
      ['hello\r\n\r\n', 400, 'request_invalid'],
      ['FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'request_invalid'],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
      ['POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n', 400, 'request_invalid'],
    ];
    for (const [bytes, status, code] of cases) {
      const [head, body] = (await raw(url, bytes)).split('\r\n\r\n') as [string, string];
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
      assert.equal(JSON.parse(body).error.code, code);
    }
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
  });

  it('cuts a request that takes too long to arrive', async (t) => {
    const { url } = await startServer(t, ['--request-timeout', '1']);
    const reply = await raw(
      url,
      'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nContent-Length: 100\r\n\r\nabc',
    );
    assert.match(reply, /^HTTP\/1\.1 408 /);
    assert.match(reply, /"code":"request_timeout"/);
  });

  it('lets a client that sends too much read why', async (t) => {
    const { url } = await startServer(t, ['--max-image-size', '1KB']);
    const big = form(Buffer.alloc(20 * 2 ** 20));
    for (const request of [
      { headers: big.headers, body: new Uint8Array(big.payload) },
      { headers: { 'content-type': 'image/png' }, body: new Uint8Array(20 * 2 ** 20) },
    ]) {
      const response = await fetch(`${url}/predict`, { method: 'POST', ...request });
      assert.equal(response.status, 413);
      assert.match(await response.text(), /larger than 1 KB/);
    }
  });

  it('goes on when a client hangs up', async (t) => {
    const { url, line } = await startServer(t);
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: ${cat.headers['content-type']}\r\nContent-Length: 1000\r\n\r\n--form`,
    );
    await fetch(`${url}/health/live`);
    socket.destroy();
    assert.equal(JSON.parse(await line('client hung up')).status, 499);
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
  });

  it('says in one line that its port is in use, and ends with 1', async (t) => {
    const other = createServer().listen(0, 'localhost');
    t.after(() => other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await runCli(t, [bundledModel, '--port', String(port)]).ended;
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `keras-serve: Port ${port} is in use. Stop the program that uses it, or choose another port: --port ${port + 1}\n`,
    );
  });

  it('takes its port from the environment', async (t) => {
    const { line } = runCli(t, [bundledModel, '--log-format', 'json'], { PORT: '0', KERAS_SERVE_HOST: '127.0.0.1' });
    const { url } = JSON.parse(await line('"url":"http://'));
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.notEqual(url, 'http://127.0.0.1:5000');
  });
});

describe('keras-serve with what it can’t serve', () => {
  it('says in one line what is wrong with the model, and ends with 1', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'keras-serve-test-'));
    t.after(() => rm(folder, { recursive: true }));
    const text = join(folder, 'text.keras');
    await writeFile(text, 'this is no model');
    const empty = join(folder, 'empty.h5');
    await writeFile(empty, '');
    const bare = join(folder, 'bare');
    await mkdir(bare);
    for (const path of [join(folder, 'missing.keras'), text, empty, bare]) {
      const { code, stderr, stdout } = await runCli(t, [path, '--port', '0', '--log-format', 'json']).ended;
      assert.equal(code, 1);
      assert.match(stderr, /^keras-serve: [^\n]+\n$/);
      assert.doesNotMatch(stderr, /Error:|\bat \w+ \(/);
      assert.doesNotMatch(stdout, /"url"/);
    }
  });

  const usage: [args: string[], message: RegExp][] = [
    [[], /Usage: keras-serve serve <model>/],
    [['predict'], /Usage: keras-serve predict <model> \(<input>\.\.\. \| --json <file>\)/],
    [['a.keras', '--prot', '80'], /There is no option '--prot'\. Did you mean --port\?/],
    [['serv', 'a.keras'], /There is no command, file or folder "serv"\. Did you mean keras-serve serve\?/],
    [['aplications'], /Did you mean keras-serve applications\?/],
    [['a.keras', '--port', 'high'], /--port must be a whole number/],
    [['a.keras', '--top-k', '3'], /--top-k is not an option of keras-serve serve/],
    [['predict', 'a.keras', 'b.jpg', '--top-k', '0'], /--top-k must be a whole number/],
  ];
  for (const [args, message] of usage) {
    it(`refuses: keras-serve ${args.join(' ')}`, async (t) => {
      const { code, stderr } = await runCli(t, args).ended;
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.match(stderr, /keras-serve --help/);
    });
  }
});

describe('keras-serve --help', () => {
  it('lists every flag with its default and environment variable', async (t) => {
    const { code, stdout } = await runCli(t, ['--help']).ended;
    assert.equal(code, 0);
    for (const { flag, fallback, environment, description } of settingRows()) {
      for (const text of [flag, fallback, environment, description]) assert.ok(stdout.includes(text), text);
    }
    assert.match(stdout, /keras-serve predict <model>/);
  });

  it('helps with one command', async (t) => {
    const { stdout } = await runCli(t, ['predict', '--help']).ended;
    assert.match(stdout, /^Usage: keras-serve predict <model> /);
    assert.match(stdout, /--top-k <number>/);
    assert.doesNotMatch(stdout, /--port/);
  });

  it('tells its version', async (t) => {
    assert.equal((await runCli(t, ['--version']).ended).stdout, packageVersion);
  });
});
