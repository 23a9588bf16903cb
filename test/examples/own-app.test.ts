import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
import { photo } from '../helpers/app.js';

it('examples/own-app.js serves a model beside its own routes', async (t) => {
  const child = spawn(process.execPath, ['examples/own-app.js'], {
    cwd: packageRoot,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    [, url] = /listening at (http:[^"]+)/.exec(line) ?? [];
    if (url) break;
  }
  assert.ok(url, 'it ended before it listened');
  const body = new FormData();
  body.append('image', new Blob([Uint8Array.from(photo('coffee.jpg'))]), 'coffee.jpg');
  const reply = await fetch(`${url}/vision/predict`, { method: 'POST', body });
  const { predictions } = (await reply.json()) as { predictions: { label: string }[] };
  assert.equal(predictions[0]!.label, 'espresso');
  assert.match(await (await fetch(url)).text(), /pet shop/);
});
