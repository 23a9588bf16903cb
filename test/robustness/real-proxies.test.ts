/** The examples of `deploy/` as nginx and Caddy run them, before a real server. */
import assert from 'node:assert/strict';
import { request } from 'node:https';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledModel, photo } from '../helpers/app.js';
import { exchange } from '../helpers/exchange.js';
import { form } from '../helpers/form.js';
import { loopingModel } from '../helpers/onnx-models.js';
import { bundledName } from '../helpers/protocol-app.js';
import { noProxy, realProxies, startRealProxy } from '../helpers/real-proxies.js';
import { startServer } from '../helpers/server.js';

const base = '/models-api';
const json = { 'content-type': 'application/json' };
const cat = photo('cat.jpg').toString('base64');

/** So many times adds the looping model 1 to its number: seconds. */
const loops = 5e6;

/** Waits until something holds. */
async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); await sleep(20))
    assert.ok(Date.now() < end, `not seen: ${what}`);
}

async function start(t: TestContext, program: string, model = bundledModel, ...args: string[]) {
  const flags = ['--processes', '1', '--base-path', base, '--trust-proxy', '127.0.0.1', ...args];
  const server = await startServer(t, flags, model);
  const { place, plainPort } = await startRealProxy(t, program, server.url.replace('localhost', '127.0.0.1'));
  const ask = (path: string, options: object = {}, body?: Buffer | string) =>
    exchange({ ...place, path, ...options }, body);
  return { ...server, place, plainPort, ask, direct: { host: '127.0.0.1', port: new URL(server.url).port } };
}

for (const program of Object.keys(realProxies))
  describe(`behind ${program}, as deploy/${realProxies[program]!.file} has it`, { skip: noProxy(program) }, () => {
    it('all works below the path, over TLS, and nothing else is handed on', async (t) => {
      const { ask, plainPort } = await start(t, program);
      const { headers, payload } = form(photo('cat.jpg'));
      const predicted = await ask(`${base}/predict?top_k=1`, { method: 'POST', headers }, payload);
      assert.equal(JSON.parse(predicted.text).predictions[0].label, 'Egyptian_cat', predicted.text);
      for (const path of ['', '/', '/docs', '/docs/', '/page.js', '/v2', `/v1/models/${bundledName}`, '/health/ready'])
        assert.equal((await ask(base + path)).status, 200, path);
      const [{ url }] = JSON.parse((await ask(`${base}/openapi.json`)).text).servers;
      assert.equal((await ask(`${url}/models`)).status, 200);
      const moved = await ask(`${base}/docs/static/index.html`);
      assert.equal(moved.headers.location, `${base}/docs/`);
      for (const path of [`${base}/metrics`, `${base}/metrics/`, '/metrics', '/health/live', `${base}x/docs`]) {
        const { text, status } = await ask(path);
        assert.ok(status === 404 || text === '', `${path}: ${text}`);
      }
      if (program !== 'nginx') return;
      const plain = await exchange({ host: '127.0.0.1', port: plainPort, path: `${base}/docs` });
      assert.deepEqual([plain.status, plain.headers.location], [308, `https://127.0.0.1${base}/docs`]);
    });

    it('the log has who asked, whatever he says, and nobody past the proxy is believed', async (t) => {
      const { ask, line, direct } = await start(t, program);
      const clientOf = async (mark: string) => JSON.parse(await line(mark)).client;
      const headers = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Prefix': '/evil', Forwarded: 'for=192.0.2.1' };
      const far = { localAddress: '127.0.0.77', headers };
      await ask(`${base}/models/through`, far);
      assert.equal(await clientOf('/models/through'), '127.0.0.77');
      assert.equal(JSON.parse((await ask(`${base}/openapi.json`, far)).text).servers[0].url, base);
      await exchange({ ...direct, ...far, path: `${base}/models/around` });
      assert.equal(await clientOf('/models/around'), '127.0.0.77');
      assert.equal(
        JSON.parse((await exchange({ ...direct, ...far, path: `${base}/openapi.json` })).text).servers[0].url,
        base,
      );
    });

    it('large bodies pass, and what is larger than the server takes is refused by it', async (t) => {
      const { ask } = await start(t, program, bundledModel, '--max-json-size', '20MB');
      const post = (body: string) => ask(`${base}/predict`, { method: 'POST', headers: json }, body);
      const padded = (size: number) => `{"instances":[{"b64":"${cat}"}]}`.padEnd(size);
      const passed = await post(padded(19 * 2 ** 20));
      assert.equal(JSON.parse(passed.text).predictions[0][0].label, 'Egyptian_cat', passed.text.slice(0, 300));
      const refused = await post(padded(30 * 2 ** 20));
      assert.equal(refused.status, 413);
      assert.match(JSON.parse(refused.text).error.message, /20 MB/);
    });

    it('what is larger than the proxy takes is refused by it, as keras-serve does', async (t) => {
      const { ask } = await start(t, program, bundledModel, '--max-json-size', '200MB');
      const body = Buffer.alloc(90e6, ' ');
      const refused = await ask(`${base}/predict`, { method: 'POST', headers: json }, body).catch((error) => error);
      // Who is refused while sending may find the connection broken.
      if (refused instanceof Error) return void assert.match(String(refused), /EPIPE|ECONNRESET/);
      assert.equal(refused.status, 413);
      assert.equal(JSON.parse(refused.text).error.code, 'content_too_large');
      assert.match(refused.text, /80 MB/);
    });

    it('the server learns that a client has gone', async (t) => {
      const { place, lines, direct } = await start(t, program, loopingModel(), '--max-batch', '1');
      const body = JSON.stringify({ instances: [[loops]] });
      const asked = [1, 2].map(() => {
        const path = `${base}/predict`;
        const headers = { ...json, 'content-length': body.length };
        const one = request({ ...place, path, method: 'POST', headers, agent: false });
        one.on('error', () => undefined).end(body);
        return one;
      });
      const queued = async () =>
        /^keras_serve_queue_depth\{.*\} (\d+)$/m.exec((await exchange({ ...direct, path: '/metrics' })).text)?.[1];
      // One runs, one waits: both have come.
      await eventually(async () => (await queued()) === '1', 'two requests');
      for (const one of asked) one.destroy();
      const gone = () => lines.filter((line) => line.includes('"status":499')).length;
      await eventually(async () => gone() === 2, 'that their clients have gone');
    });

    it('a server that isn’t there is told of as keras-serve tells of it', async (t) => {
      const { ask, child, ended } = await start(t, program);
      child.kill('SIGKILL');
      await ended;
      const { status, headers, text } = await ask(`${base}/models`);
      assert.deepEqual([status, headers['retry-after'], JSON.parse(text).error.code], [503, '1', 'model_not_ready']);
      assert.match(headers['content-type']!, /^application\/json/);
    });
  });
