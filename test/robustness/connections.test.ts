/** More connections than a server may have. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { colourModel, loopingModel } from '../helpers/onnx-models.js';
import { openDescriptors } from '../helpers/proc.js';
import { startServer } from '../helpers/server.js';

const limit = 20;

/** A server that takes few connections, and what opens one to it. */
async function start(t: TestContext, model = colourModel()) {
  const server = await startServer(t, ['--max-connections', String(limit), '--close-timeout', '1'], model);
  const { hostname, port } = new URL(server.url);
  const sockets: Socket[] = [];
  t.after(() => sockets.forEach((socket) => void socket.destroy()));
  const open = async (sent = '') => {
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    if (sent) socket.write(sent);
    socket.resume();
    return socket;
  };
  /** Asks on a connection, and gives back what comes first. */
  const ask = async (socket: Socket, path: string) => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const [chunk] = await once(socket, 'data');
    return String(chunk);
  };
  /** Ends the processes that run the model, too: one that is in a run doesn't notice that its server is gone. */
  const end = async () => {
    server.child.kill('SIGTERM');
    await server.ended;
  };
  return { ...server, open, ask, end };
}

/** The head of a request, of which the server says when it has read it. */
const expecting = ({ length }: string) =>
  `POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;

/** Takes the looping model until the server's deadline. */
const forever = JSON.stringify({ instances: [[1e12]] });

describe('a server with as many connections as it may have', () => {
  it('lets the one that is idle for longest make way for a new one', async (t) => {
    const { open, ask, line, url } = await start(t);
    const used = await open();
    assert.match(await ask(used, '/health/live'), / 200 /);
    const idle: Socket[] = [];
    while (idle.length < limit - 1) {
      const socket = await open();
      // A connection that waits to be accepted is not idle yet.
      assert.match(await ask(socket, '/health/live'), / 200 /);
      idle.push(socket);
    }
    // Used once more, it is no longer the one that is idle for longest.
    assert.match(await ask(used, '/health/live'), / 200 /);
    const [first, second] = idle;
    const closed = [first!, second!].map((socket) => once(socket, 'close'));
    for (let round = 0; round < 2; round++) assert.match(await ask(await open(), '/health/ready'), / 200 /);
    await Promise.all(closed);
    assert.ok(!idle[2]!.closed);
    assert.match(await ask(used, '/health/live'), / 200 /);

    const { level, idle: count, refused, msg } = JSON.parse(await line('--max-connections'));
    assert.deepEqual({ level, count, refused }, { level: 40, count: 1, refused: 0 });
    assert.match(msg, /^more than 20 connections: /);
    const metrics = await ask(used, '/metrics');
    assert.match(metrics, /^keras_serve_connections_crowded_total\{which="idle"\} 2$/m);
    assert.match(metrics, /^keras_serve_connections_crowded_total\{which="refused"\} 0$/m);
    assert.match(metrics, new RegExp(`^keras_serve_connections ${limit}$`, 'm'));
    assert.equal((await fetch(`${url}/health/live`)).status, 200);
  });

  it('keeps an idle one for longer than load balancers do, and says so', async (t) => {
    const { open, ask } = await start(t);
    assert.match(await ask(await open(), '/health/live'), /^keep-alive: timeout=72\r$/im);
  });

  it('refuses the new one where all wait for answers', async (t) => {
    const { open, ask, line, end } = await start(t, loopingModel());
    const busy: Socket[] = [];
    while (busy.length < limit) {
      const socket = await open(expecting(forever));
      await once(socket, 'data');
      socket.write(forever);
      busy.push(socket);
    }
    // All of them have arrived before this is read.
    const refused = await open();
    await once(refused, 'close');
    assert.ok(busy.every((socket) => !socket.closed));
    assert.equal(JSON.parse(await line('--max-connections')).refused, 1);
    // One that ends leaves room for another.
    busy[0]!.destroy();
    let reply = '';
    while (!reply) {
      const socket = await open();
      reply = await Promise.race([ask(socket, '/metrics'), once(socket, 'close').then(() => '')]).catch(() => '');
    }
    assert.match(reply, /^keras_serve_connections 20$/m);
    await end();
  });

  it('lets the oldest request that has not arrived as a whole make way, where none is idle', async (t) => {
    const { open, ask, line, end } = await start(t, loopingModel());
    const whole = await open(expecting(forever));
    await once(whole, 'data');
    whole.write(forever);
    const half: Socket[] = [];
    while (half.length < limit - 1) {
      const socket = await open(expecting(forever));
      await once(socket, 'data');
      half.push(socket);
    }
    const closed = [half[0]!, half[1]!].map((socket) => once(socket, 'close'));
    // What is idle makes way before, so the second takes the place of the first.
    for (const path of ['/health/live', '/health/ready']) {
      const socket = await open();
      closed.push(once(socket, 'close'));
      assert.match(await ask(socket, path), / 200 /);
    }
    const third = await open(expecting(forever));
    await once(third, 'data');
    const metrics = await ask(await open(), '/metrics');
    await Promise.all(closed);
    assert.ok(!half[2]!.closed && !whole.closed && !third.closed);
    assert.match(metrics, /^keras_serve_connections_crowded_total\{which="unfinished"\} 2$/m);
    assert.match(metrics, /^keras_serve_connections_crowded_total\{which="idle"\} 2$/m);
    const { unfinished, msg } = JSON.parse(await line('--max-connections'));
    assert.equal(unfinished, 1);
    assert.match(msg, /1 whose requests had not arrived as a whole/);
    await end();
  });

  it('answers health checks beside as many half bodies as there may be connections', async (t) => {
    const { open, url } = await start(t);
    for (let count = 0; count < 3 * limit; count++) await open(`${expecting('x'.repeat(100))}abc`);
    for (let count = 0; count < 3; count++)
      assert.equal((await fetch(`${url}/health/live`, { headers: { connection: 'close' } })).status, 200);
  });

  it('serves health checks beside a thousand that send nothing', async (t) => {
    const server = await startServer(t, [], colourModel());
    const { hostname, port } = new URL(server.url);
    const sockets = Array.from({ length: 1000 }, () => connect(Number(port), hostname).on('error', () => undefined));
    t.after(() => sockets.forEach((socket) => void socket.destroy()));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const path of ['/health/live', '/health/ready', '/v2/health/ready'])
      assert.equal((await fetch(`${server.url}${path}`, { headers: { connection: 'close' } })).status, 200);
  });
});

describe('a server whose files are asked for', () => {
  const onLinux =
    process.platform === 'linux' ? {} : { skip: 'descriptors are counted in /proc, which only Linux has' };
  for (const path of ['/docs/static/swagger-ui-bundle.js', '/page.css'])
    it(`has none open once clients that pipelined ${path} are gone`, onLinux, async (t) => {
      const { open, url, child } = await start(t);
      assert.equal((await fetch(url + path)).status, 200);
      const before = openDescriptors(child.pid!);
      for (let round = 0; round < 3; round++) {
        const socket = await open(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(600));
        socket.pause();
        await sleep(200);
        socket.resetAndDestroy();
      }
      const more = () => openDescriptors(child.pid!) - before;
      // A few belong to threads that came meanwhile.
      let left = more();
      for (const end = Date.now() + 60_000; left > 8 && Date.now() < end; left = more()) await sleep(100);
      assert.ok(left <= 8, `${left} more than before`);
    });
});
