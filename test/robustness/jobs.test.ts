/** Jobs of the built command line: whom it tells of their ends, and what becomes of them when it ends itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net';
import { basename } from 'node:path';
import { json } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { Job } from '../../schemas/jobs.js';
import { bundledModel, photo } from '../helpers/app.js';
import { bearer, keyFile } from '../helpers/key-file.js';
import { inferenceProcesses } from '../helpers/proc.js';
import { startServer } from '../helpers/server.js';
import { type Message, receiver } from '../helpers/webhook-receiver.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const image = new Uint8Array(photo('cat.jpg'));

const post = (url: string, query: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  fetch(`${url}/predict?${new URLSearchParams(query)}`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg', ...headers },
    body: image,
  });

const errorOf = async (reply: Response) => {
  const { error } = (await reply.json()) as { error: { code: string; message: string } };
  return `${reply.status} ${error.code}: ${error.message}`;
};

describe('a webhook', () => {
  it('is told of the end of a job, signed as Standard Webhooks has it', async (t) => {
    const told = await receiver(t);
    const { url } = await startServer(t, ['--webhook-host', told.host], bundledModel, {
      KERAS_SERVE_WEBHOOK_SECRET: secret,
    });
    const reply = await post(url, { webhook: `http://${told.host}/done?of=me` });
    assert.equal(reply.status, 202);
    const job = (await reply.json()) as Job;
    const [{ path, headers, body }] = (await told.have(1)) as [Message];
    assert.deepEqual([path, headers['webhook-id']], ['/done?of=me', job.id]);
    const message = new Webhook(secret).verify(body, headers as Record<string, string>) as { type: string; data: Job };
    assert.equal(message.type, 'job.succeeded');
    assert.deepEqual(message.data, await (await fetch(`${url}/jobs/${job.id}`)).json());
    assert.ok(message.data.result);
  });

  it('is told again after a while where it didn’t say that it got it, and follows no redirect', async (t) => {
    const told = await receiver(t, 302, 204);
    const server = await startServer(t, ['--webhook-host', told.host, '--webhook-secret', secret]);
    await (await post(server.url, { webhook: `http://${told.host}/done` })).arrayBuffer();
    const messages = await told.have(2);
    assert.deepEqual(
      messages.map(({ path }) => path),
      ['/done', '/done'],
    );
    const [first, second] = messages.map(({ headers }) => headers['webhook-id']);
    assert.equal(first, second);
    assert.match(await server.line('a webhook was not taken, and is sent again later'), /"reason":"status 302"/);
  });

  it('that switches protocols, or says nothing, holds up neither those of others nor the end', async (t) => {
    const told = await receiver(t);
    const sockets: Socket[] = [];
    const odd = createSocketServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      socket.once('data', (head) => {
        if (String(head).startsWith('POST /switch'))
          socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n');
      });
    }).listen(0, '127.0.0.1');
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      odd.close();
    });
    await once(odd, 'listening');
    const host = `127.0.0.1:${(odd.address() as AddressInfo).port}`;
    const hosts = ['--webhook-host', `${told.host},${host}`, '--webhook-secret', secret];
    const server = await startServer(t, hosts);
    for (const path of ['switch', 'switch', 'never', 'never', 'never', 'never', 'never'])
      await (await post(server.url, { webhook: `http://${host}/${path}` })).arrayBuffer();
    await (await post(server.url, { webhook: `http://${told.host}/` })).arrayBuffer();
    await told.have(1);
    // None of those that say nothing has been given up yet.
    const reasons = server.lines.flatMap((line) => /"reason":"([^"]*)"/.exec(line)?.[1] ?? []);
    assert.deepEqual(
      reasons.filter((reason) => reason !== 'status 101'),
      [],
    );
    assert.match(await server.line('status 101'), /a webhook was not taken, and is sent again later/);
    server.child.kill('SIGTERM');
    for (const socket of sockets) socket.destroy();
    odd.on('connection', (socket) => socket.destroy());
    assert.equal((await server.ended).code, 0);
  });

  it('is refused where it is of another host, no address, or of a scheme that hides nothing', async (t) => {
    const told = await receiver(t);
    const hosts = ['--webhook-host', `${told.host},example.com`];
    const { url } = await startServer(t, [...hosts, '--webhook-secret', secret]);
    for (const [webhook, why] of Object.entries({
      'http://127.0.0.1:1/done': /of a host that isn’t allowed here/,
      [`http://${told.host}@example.org/`]: /may hold no user/,
      'http://example.com/done': /should begin with https/,
      'file:///etc/passwd': /should be an address such as/,
      done: /should be an address such as/,
    })) {
      const error = await errorOf(await post(url, { webhook }));
      assert.match(error, /^400 webhook_refused: /);
      assert.match(error, why, webhook);
    }
    assert.equal(told.messages.length, 0);
  });

  it('of a name that is a private address is told nothing', async (t) => {
    const told = await receiver(t);
    const server = await startServer(t, ['--webhook-host', `localhost:${told.port}`, '--webhook-secret', secret]);
    await (await post(server.url, { webhook: `https://localhost:${told.port}/` })).arrayBuffer();
    assert.match(await server.line('a webhook was not taken'), /localhost has no public address/);
    assert.equal(told.messages.length, 0);
  });

  it('is refused where the operator has set no secret', async (t) => {
    const { url } = await startServer(t);
    assert.match(
      await errorOf(await post(url, { webhook: 'https://example.com/' })),
      /^400 webhook_refused: There are no webhooks here/,
    );
  });
});

describe('a job that a key has made', () => {
  it('is there for that key alone, be it for some models only', async (t) => {
    const path = keyFile(t, { some: `models=${basename(bundledModel)}`, other: '' });
    const { url } = await startServer(t, ['--api-keys', path]);
    const reply = await post(url, {}, { ...bearer('some'), prefer: 'respond-async', 'idempotency-key': 'one' });
    assert.equal(reply.status, 202);
    const { id } = (await reply.json()) as Job;
    const statusFor = async (path: string, headers: Record<string, string>, method = 'GET') => {
      const { status, body } = await fetch(`${url}/jobs/${id}${path}`, { headers, method });
      await body?.cancel();
      return status;
    };
    for (const path of ['', '/result', '/events']) {
      assert.equal(await statusFor(path, {}), 401, path);
      assert.equal(await statusFor(path, bearer('other')), 404, path);
    }
    assert.equal(await statusFor('', bearer('other'), 'DELETE'), 404);
    assert.equal(await statusFor('?wait=60', bearer('some')), 200);
    assert.equal(await statusFor('/result', bearer('some')), 200);
    const others = await post(url, {}, { ...bearer('other'), prefer: 'respond-async', 'idempotency-key': 'one' });
    assert.notEqual(((await others.json()) as Job).id, id);
  });
});

describe('the list of jobs', () => {
  it('is for keys with admin alone, and has those of all', async (t) => {
    const path = keyFile(t, { some: '', root: 'admin' });
    const { url } = await startServer(t, ['--api-keys', path]);
    await (await post(url, {}, { ...bearer('some'), prefer: 'respond-async, wait=60' })).arrayBuffer();
    const forbidden = await fetch(`${url}/jobs`, { headers: bearer('some') });
    assert.match(await errorOf(forbidden), /^403 forbidden: The list of jobs is for API keys with "admin"/);
    const { jobs, total } = (await (await fetch(`${url}/jobs`, { headers: bearer('root') })).json()) as {
      jobs: (Job & { key: string })[];
      total: number;
    };
    assert.equal(total, 1);
    assert.deepEqual(
      jobs.map(({ key, status, result }) => [key, status, result]),
      [['some', 'succeeded', undefined]],
    );
  });
});

/** Asks for a job, and waits until the server has read that: from then on it must answer. */
async function begin(url: string): Promise<{ job: Promise<Job> }> {
  const asking = request(url, { headers: { expect: '100-continue' } });
  const job = once(asking, 'response').then(([reply]) => json(reply) as Promise<Job>);
  asking.end();
  await once(asking, 'continue');
  return { job };
}

describe('a server that ends', () => {
  const later = { prefer: 'respond-async' };

  it('finishes the jobs that it has, and answers those who wait for them', async (t) => {
    const told = await receiver(t);
    const server = await startServer(t, ['--webhook-host', told.host, '--webhook-secret', secret]);
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => post(server.url, { webhook: `http://${told.host}/` }, later)),
    );
    const jobs = (await Promise.all(replies.map((reply) => reply.json()))) as Job[];
    const waiting = await Promise.all(jobs.map(({ id }) => begin(`${server.url}/jobs/${id}?wait=60`)));
    server.child.kill('SIGTERM');
    for (const { job } of waiting) assert.equal((await job).status, 'succeeded');
    const { code } = await server.ended;
    assert.equal(code, 0);
    assert.equal((await told.have(12)).length, 12);
  });

  it('says how many jobs are lost when its time is over', async (t) => {
    const server = await startServer(t, ['--close-timeout', '1', '--processes', '1']);
    const [inference] = inferenceProcesses(server.child.pid!);
    process.kill(inference!, 'SIGSTOP');
    for (let made = 0; made < 3; made++) assert.equal((await post(server.url, {}, later)).status, 202);
    server.child.kill('SIGTERM');
    await server.line('jobs not finished within 1 s, and lost: 3');
    await server.ended;
  });
});
