/** Real processes under load: killed, drowned, starved and told to stop. */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { photo } from '../helpers/app.js';
import { form } from '../helpers/form.js';
import { drive, post, type Reply } from '../helpers/load.js';
import { inferenceProcesses } from '../helpers/proc.js';
import { startServer } from '../helpers/server.js';

const onLinux =
  process.platform === 'linux' ? {} : { skip: 'the processes are looked up in /proc, which only Linux has' };

const cat = form(photo('cat.jpg'));
const coffee = form(photo('coffee.jpg'));

/** How many replies there were of each status. */
function counter() {
  const statuses = new Map<number, number>();
  const count = ({ status }: Reply) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
  return { statuses, count };
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/health/ready`)).status === 200;
}

describe('a server under load', () => {
  it('loses no request while its inference process is killed every second', onLinux, async (t: TestContext) => {
    const { url, child } = await startServer(t);
    const { statuses, count } = counter();
    let killing = true;
    const recoveries: number[] = [];
    const kills = (async () => {
      for (let round = 0; round < 10; round++) {
        await sleep(1000);
        const killed = inferenceProcesses(child.pid!);
        const at = performance.now();
        for (const pid of killed) process.kill(pid, 'SIGKILL');
        while (inferenceProcesses(child.pid!).some((pid) => killed.includes(pid)) || !(await isReady(url)))
          await sleep(10);
        recoveries.push(performance.now() - at);
      }
      killing = false;
    })();
    await drive(`${url}/predict`, 8, () => (killing ? cat : undefined), count);
    await kills;
    assert.deepEqual(
      [...statuses.keys()].filter((status) => status !== 200 && status !== 503),
      [],
    );
    assert.ok(statuses.get(200)! > 0, `${[...statuses]}`);
    t.diagnostic(`ms until ready again: ${recoveries.map(Math.round).join(' ')}`);
    t.diagnostic(`replies by status: ${[...statuses].map(([status, times]) => `${status}: ${times}`).join(', ')}`);
  });

  it('answers every good request right among bad ones', async (t: TestContext) => {
    const { url } = await startServer(t);
    const agent = new Agent();
    const expected = new Map<object, string>();
    for (const good of [cat, coffee]) expected.set(good, (await post(`${url}/predict`, agent, good)).body);
    const whole = photo('cat.jpg');
    const bad = [
      form(whole.subarray(0, whole.length / 2)),
      form('not an image'),
      form(Buffer.alloc(0)),
      form(whole, { field: 'picture' }),
      form(Buffer.alloc(11 * 2 ** 20)),
      { ...cat, payload: cat.payload.subarray(0, 1000) },
    ];
    const mixed = [cat, coffee, ...bad];
    let sent = 0;
    await drive(
      `${url}/predict`,
      16,
      () => (sent < 400 ? mixed[sent++ % mixed.length] : undefined),
      ({ status, body }, request) => {
        const right = expected.get(request);
        if (!right) return assert.ok(status >= 400 && status < 500, `${status} ${body}`);
        assert.equal(status, 200);
        const labels = (text: string) => JSON.parse(text).predictions.map(({ label }: { label: string }) => label);
        assert.deepEqual(labels(body), labels(right));
        const probability = (text: string) => JSON.parse(text).predictions[0].probability;
        assert.ok(Math.abs(probability(body) - probability(right)) < 1e-4);
      },
    );
  });

  it('leaves no process behind, and no word, when it is killed itself', onLinux, async (t: TestContext) => {
    const { url, child, ended } = await startServer(t);
    const processes = inferenceProcesses(child.pid!);
    assert.ok(processes.length > 0);
    let killed = false;
    const driving = drive(
      `${url}/predict`,
      8,
      () => (killed ? undefined : cat),
      () => undefined,
    ).catch(() => undefined);
    await sleep(500);
    killed = true;
    child.kill('SIGKILL');
    // It has ended once nobody has its output any more, the inference processes among them.
    const { stderr } = await ended;
    assert.equal(stderr, '');
    await driving;
  });

  it('serves a normal client beside 200 that send a byte a second', async (t: TestContext) => {
    const { url } = await startServer(t);
    const { hostname, port } = new URL(url);
    const head = `POST /predict HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: ${cat.headers['content-type']}\r\nContent-Length: ${cat.payload.length}\r\n\r\n`;
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(head);
      return socket;
    });
    const dripping = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('x');
    }, 1000);
    t.after(() => {
      clearInterval(dripping);
      for (const socket of sockets) socket.destroy();
    });
    await sleep(1500);
    const agent = new Agent();
    for (let round = 0; round < 10; round++) assert.equal((await post(`${url}/predict`, agent, cat)).status, 200);
    assert.ok(await isReady(url));
  });

  it('refuses at once what its queue has no room for, and answers the rest', async (t: TestContext) => {
    const { url } = await startServer(t, ['--max-queue', '4', '--max-batch', '1']);
    const { statuses, count } = counter();
    let sent = 0;
    await drive(
      `${url}/predict`,
      64,
      () => (sent++ < 600 ? cat : undefined),
      (reply) => {
        count(reply);
        if (reply.status === 503) assert.equal(JSON.parse(reply.body).error.code, 'queue_full');
      },
    );
    assert.deepEqual([...statuses.keys()].sort(), [200, 503]);
    assert.equal(statuses.get(200)! + statuses.get(503)!, 600);
  });
});
