/** What docs/network.md and docs/jobs.md have for Python, against a real server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { temporaryFolder } from '../helpers/folder.js';
import { noPython, python } from '../helpers/python.js';
import { freePort } from '../helpers/real-proxies.js';
import { run } from '../helpers/run.js';
import { runCli, startServer } from '../helpers/server.js';

/** The blocks of code of one section of a document, in a language. */
function blocksOf(name: string, section: string, language: string): string[] {
  const [, text = ''] = readFileSync(join(packageRoot, 'docs', name), 'utf8').split(`# ${section}\n`);
  const [own = ''] = text.split('\n## ');
  return [...own.matchAll(/^```(\w+)\n(.*?)^```/gms)].flatMap(([, of, code]) => (of === language ? [code!] : []));
}

describe('docs/network.md', { skip: noPython }, () => {
  it('makes a certificate, serves with it, and asks with it and a key', async (t) => {
    const [make, ask] = blocksOf('network.md', "A certificate of one's own", 'sh') as [string, string];
    const [program] = blocksOf('network.md', "A certificate of one's own", 'python');
    const folder = temporaryFolder('network-docs');
    for (const name of ['models', 'examples']) mkdirSync(join(folder, name));
    cpSync(bundledModel, join(folder, 'models', 'pets'), { recursive: true });
    cpSync(join(packageRoot, 'examples', 'cat.jpg'), join(folder, 'examples', 'cat.jpg'));
    const lines = make.trim().split('\n');
    const made = await run('sh', ['-c', lines.slice(0, -1).join('\n')], {}, folder);
    assert.equal(made.code, 0, made.stderr);
    const [, , ...words] = lines.at(-1)!.split(' ');
    const args = words.map((word) => (word.startsWith('--') ? word : join(folder, word)));
    const server = runCli(t, [...args, '--port', '0', '--log-format', 'json']);
    const { url } = JSON.parse(await server.line('"url":"https://'));
    const [, KEY] = readFileSync(join(folder, 'keys.txt'), 'utf8').trim().split(' ') as [string, string];
    const here = (text: string) => text.replace('https://localhost:5000', url);
    const curl = await run('sh', ['-c', `${here(ask).trim()} --silent`], { KEY }, folder);
    assert.equal(JSON.parse(curl.stdout).predictions[0].label, 'Egyptian_cat', curl.stdout);
    const { stdout, stderr } = await run(python, ['-c', here(program!)], { KEY }, folder);
    assert.equal(stdout, 'Egyptian_cat\n', stderr);
  });
});

describe('docs/jobs.md', { skip: noPython }, () => {
  const [wait, receive] = blocksOf('jobs.md', 'In Python', 'python') as [string, string];

  it('has a program that waits for a job', async (t) => {
    const { url } = await startServer(t);
    const { stdout, stderr } = await run(python, ['-c', wait.replace('http://localhost:5000', url)]);
    assert.match(stdout, /^\{'label': 'Egyptian_cat'/, stderr);
  });

  it('has a receiver of webhooks that takes what is signed alone', async (t) => {
    const KERAS_SERVE_WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const port = await freePort();
    const place = `127.0.0.1:${port}`;
    const receiver = spawn(python, ['-c', receive.replace('8000', String(port))], {
      env: { ...process.env, KERAS_SERVE_WEBHOOK_SECRET },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.after(() => receiver.kill('SIGKILL'));
    const told = once(createInterface(receiver.stdout), 'line');
    const { url } = await startServer(t, ['--webhook-host', place], bundledModel, { KERAS_SERVE_WEBHOOK_SECRET });
    while (!(await fetch(`http://${place}/`).catch(() => undefined))) await sleep(20);
    const headers = { 'webhook-id': 'a', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) };
    for (const signature of ['', 'v1,AAAA', 'v1,é']) {
      const forged = { ...headers, 'webhook-signature': signature };
      const { status } = await fetch(`http://${place}/`, {
        method: 'POST',
        headers: forged,
        body: '{"type":"forged"}',
      });
      assert.equal(status, 401);
    }
    const form = ['-F', 'image=@examples/cat.jpg', `${url}/predict?webhook=http://${place}/done`];
    const { id } = JSON.parse((await run('curl', ['--silent', ...form])).stdout);
    assert.deepEqual(await told, [`job.succeeded ${id}`]);
  });
});
