/** Real servers that are told to end, by signals, while clients of all kinds are there. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledModel, photo } from '../helpers/app.js';
import { form } from '../helpers/form.js';
import { doublingModel, loopingModel } from '../helpers/onnx-models.js';
import { inferenceProcesses } from '../helpers/proc.js';
import { runCli, startServer } from '../helpers/server.js';

/** No test of a server that ends waits for as long as that: it would fail by not coming to its end. */
const forever = ['--close-timeout', '3600'];

/** A server, and what opens connections to it. */
async function start(t: TestContext, args: string[], model = bundledModel) {
  const server = await startServer(t, args, model);
  const { hostname, port } = new URL(server.url);
  const open = async () => {
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  /** Sends the head of a request, and waits until the server has read it: from then on it must answer. */
  const begin = async (headers: Record<string, string | number>) => {
    const socket = await open();
    const lines = Object.entries({ host: 'a', expect: '100-continue', ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.write(`POST /predict HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    const [go] = await once(socket, 'data');
    assert.match(String(go), /^HTTP\/1\.1 100 /);
    return socket;
  };
  return { ...server, open, begin };
}

const cat = form(photo('cat.jpg'));
const catHead = { ...cat.headers, 'content-length': cat.payload.length };
/** What comes on a connection until it ends. */
const rest = async (socket: Socket): Promise<string> => text(socket).catch((error) => `broken: ${error.message}`);

const onLinux = process.platform === 'linux' ? {} : { skip: 'processes are found in /proc, which only Linux has' };

/** One request after the other, in one process: a second one waits. */
const oneByOne = ['--processes', '1', '--max-batch', '1'];

/** Sends two requests of which the first keeps the model busy for very long, and waits until it does. */
async function keepBusy({ begin, url }: Awaited<ReturnType<typeof start>>): Promise<void> {
  const body = JSON.stringify({ instances: [[1e9]] });
  for (let count = 0; count < 2; count++)
    (await begin({ 'content-type': 'application/json', 'content-length': body.length })).write(body);
  while (!/^keras_serve_queue_depth\{.*\} 1$/m.test(await (await fetch(`${url}/metrics`)).text())) await sleep(20);
}

describe('a server that is told to end', { concurrency: 2 }, () => {
  /** A server is told to end while it has requests, all of which it must answer. */
  async function answersAll(t: TestContext, tell: (server: ChildProcess) => void | Promise<void>) {
    const { child, open, begin, ended } = await start(t, forever);
    const idle = await open();
    idle.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    const sockets = await Promise.all(Array.from({ length: 40 }, () => begin(catHead)));
    const replies = sockets.map(rest);
    for (const socket of sockets) socket.write(cat.payload);
    await tell(child);
    for (const reply of await Promise.all(replies)) {
      assert.match(reply, /^HTTP\/1\.1 200 /);
      assert.match(reply, /Egyptian_cat/);
    }
    const { code, stderr } = await ended;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`answers all that it has accepted before ${signal}`, (t) => answersAll(t, (child) => void child.kill(signal)));

    it(`answers all that it has accepted before ${signal}, also when it comes again 1 ms later`, (t) =>
      answersAll(t, async (child) => {
        child.kill(signal);
        await sleep(1);
        child.kill(signal);
      }));

    it(`answers all that it has accepted before ${signal} to all its processes, as a terminal sends it`, onLinux, (t) =>
      answersAll(t, (child) => {
        const processes = inferenceProcesses(child.pid!);
        assert.ok(processes.length > 0);
        for (const pid of [child.pid!, ...processes]) process.kill(pid, signal);
      }),
    );
  }

  it('answers all that was pipelined before', async (t) => {
    const { child, open, line, ended } = await start(t, forever, doublingModel());
    const socket = await open();
    const body = JSON.stringify({ instances: [[1, 2, 3]] });
    const request = `POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    socket.write(request.repeat(10));
    const reply = rest(socket);
    await line('POST /predict');
    child.kill('SIGTERM');
    assert.equal((await reply).match(/"predictions":\[\[2,4,6\]\]/g)?.length, 10);
    assert.equal((await ended).code, 0);
  });

  const strangers: [name: string, sent: string][] = [
    ['send nothing', ''],
    ['have sent half a head', 'GET /health/live HTTP/1.1\r\nHost: a\r\n'],
    ['have sent half a second head', 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\nGET /heal'],
    [
      'have sent half a body',
      'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\nabc',
    ],
    ['asked much and read nothing', 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200)],
  ];
  for (const [name, sent] of strangers)
    it(`ends with 0 beside connections that ${name}`, async (t) => {
      const { child, open, url, ended } = await start(t, forever, doublingModel());
      for (let count = 0; count < 20; count++) (await open()).write(sent);
      await fetch(`${url}/health/live`);
      child.kill('SIGTERM');
      assert.equal((await ended).code, 0);
    });

  it('tells a client that has sent half a body', async (t) => {
    const { child, begin, ended } = await start(t, forever);
    const socket = await begin(catHead);
    socket.write('abc');
    child.kill('SIGTERM');
    assert.match(await rest(socket), /^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
    assert.equal((await ended).code, 0);
  });

  it('ends with 0 after --close-timeout beside one that sends on and on', async (t) => {
    const { child, begin, ended } = await start(t, ['--close-timeout', '1']);
    const socket = await begin(catHead);
    const dripping = setInterval(() => socket.write('x'), 100);
    t.after(() => clearInterval(dripping));
    child.kill('SIGTERM');
    assert.equal((await ended).code, 0);
  });

  it('ends with 1 where a request is still running after --close-timeout, and says so', async (t) => {
    const server = await start(t, ['--close-timeout', '1', ...oneByOne], loopingModel());
    await keepBusy(server);
    server.child.kill('SIGTERM');
    assert.equal((await server.ended).code, 1);
    const { level, unanswered } = JSON.parse(await server.line('not answered within 1 s'));
    assert.deepEqual({ level, unanswered }, { level: 50, unanswered: 2 });
  });

  it('cuts off what is running when Ctrl+C is pressed again', async (t) => {
    const server = await start(t, [...forever, ...oneByOne], loopingModel());
    await keepBusy(server);
    server.child.kill('SIGINT');
    await server.line('SIGINT: finishing');
    server.child.kill('SIGTERM');
    await sleep(600);
    assert.equal(server.child.exitCode, null);
    server.child.kill('SIGINT');
    assert.equal((await server.ended).code, 1);
    await server.line('SIGINT again');
  });
});

describe('a server that still loads its model', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`ends with 0 on ${signal}`, async (t) => {
      const server = runCli(t, [bundledModel, '--port', '0', '--log-format', 'json', '--no-cache']);
      await server.line('"loading"');
      server.child.kill(signal);
      assert.deepEqual([(await server.ended).code, server.lines.filter((line) => line.includes('"url"'))], [0, []]);
    });
});

describe('--drain-delay', () => {
  it('says that it is not ready, and works on', async (t) => {
    const { child, url, line } = await start(t, ['--drain-delay', '3600'], doublingModel());
    const status = async (path: string) => (await fetch(url + path, { headers: { connection: 'close' } })).status;
    assert.deepEqual([await status('/health/ready'), await status('/v2/health/ready')], [200, 200]);
    child.kill('SIGTERM');
    await line('SIGTERM: not ready');
    assert.deepEqual([await status('/health/ready'), await status('/v2/health/ready')], [503, 503]);
    assert.deepEqual([await status('/health/live'), await status('/v2/health/live')], [200, 200]);
    const reply = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"instances": [[1, 2, 3]]}',
    });
    assert.deepEqual(
      [reply.status, ((await reply.json()) as { predictions: unknown }).predictions],
      [200, [[2, 4, 6]]],
    );
  });

  it('ends with 0 after it', async (t) => {
    const { child, line, ended } = await start(t, ['--drain-delay', '1', ...forever], doublingModel());
    child.kill('SIGTERM');
    await line('SIGTERM: not ready');
    await line('SIGTERM: finishing');
    assert.equal((await ended).code, 0);
  });

  /** Tells a server to end, and once more when that can't be the same keystroke any more. */
  async function endTwice({ child, line }: Awaited<ReturnType<typeof start>>, first: Signal, second: Signal) {
    child.kill(first);
    await line(`${first}: not ready`);
    await sleep(600);
    child.kill(second);
  }
  type Signal = 'SIGTERM' | 'SIGINT';
  const pairs: [Signal, Signal][] = [
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGTERM'],
  ];
  for (const [first, second] of pairs)
    it(`is over with ${second} after ${first}: an idle server ends with 0`, async (t) => {
      const server = await start(t, ['--drain-delay', '3600', ...forever], doublingModel());
      await server.open();
      await endTwice(server, first, second);
      assert.equal((await server.ended).code, 0);
      assert.ok(!server.lines.some((line) => line.includes('cut off')));
    });

  for (const [first, second] of pairs.slice(1))
    it(`is over with ${second} after ${first}, and what is running is answered`, async (t) => {
      const args = ['--drain-delay', '3600', '--deadline', '3', ...forever, ...oneByOne];
      const server = await start(t, args, loopingModel());
      await keepBusy(server);
      await endTwice(server, first, second);
      await server.line(`${first}: finishing`);
      assert.equal((await server.ended).code, 0);
      assert.equal(server.lines.filter((line) => line.includes('"status":504')).length, 2);
    });

  it('is over with Ctrl+C and Ctrl+C, and what is running is cut off', async (t) => {
    const server = await start(t, ['--drain-delay', '3600', ...forever, ...oneByOne], loopingModel());
    await keepBusy(server);
    await endTwice(server, 'SIGINT', 'SIGINT');
    assert.equal((await server.ended).code, 1);
    await server.line('SIGINT again');
  });
});
