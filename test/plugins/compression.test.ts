import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import Fastify from 'fastify';
import compression, { codingFor } from '../../plugins/compression.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { photo } from '../helpers/app.js';
import { bundledName, useProtocolApp } from '../helpers/protocol-app.js';
import { run } from '../helpers/run.js';

const { app } = useProtocolApp({ maxRows: 1_000_000 });
let port: number;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
}

/** Asks over a socket, with nothing more in the headers than is said. */
async function ask(path: string, { method = 'GET', headers = {}, body = '' as string | Buffer } = {}): Promise<Answer> {
  const sent = request({ port, host: '127.0.0.1', path, method, headers });
  sent.end(body);
  const [response] = await once(sent, 'response');
  const bytes = Buffer.concat(await response.toArray());
  return { status: response.statusCode, headers: response.headers, bytes };
}

const accepting = (accepted: string) => ({ headers: { 'accept-encoding': accepted } });
const decoders: Record<string, (bytes: Buffer) => Buffer> = { br: brotliDecompressSync, gzip: gunzipSync };

const rows = (count: number) => JSON.stringify({ instances: Array.from({ length: count }, (_, index) => index) });

/** Every kind of reply of text that is long enough. */
const long: Record<string, [path: string, body?: string]> = {
  'the document': ['/openapi.json'],
  'the document in YAML': ['/openapi.yaml'],
  'Swagger UI': ['/docs/static/swagger-ui-bundle.js'],
  'its styles': ['/docs/static/swagger-ui.css'],
  predictions: ['/models/half_plus_two/predict', rows(3000)],
  'predictions in pieces': ['/models/half_plus_two/predict', rows(200_000)],
  'TensorFlow Serving’s predictions': ['/v1/models/half_plus_two:predict', rows(3000)],
};

describe('replies', () => {
  before(async () => {
    await app().listen({ port: 0, host: '127.0.0.1' });
    ({ port } = app().server.address() as AddressInfo);
  });
  for (const [name, [path, body]] of Object.entries(long))
    it(`are compressed as the client likes it: ${name}`, async () => {
      const method = body === undefined ? 'GET' : 'POST';
      const plain = await ask(path, { method, body });
      assert.equal(plain.status, 200);
      assert.equal(plain.headers['content-encoding'], undefined);
      // Predictions are PNG or CSV where the client prefers that.
      const vary = path.endsWith('/predict') ? 'Accept, accept-encoding' : 'accept-encoding';
      assert.equal(plain.headers.vary, vary);
      assert.equal(Number(plain.headers['content-length']), plain.bytes.length);
      for (const encoding of ['br', 'gzip']) {
        const { status, headers, bytes } = await ask(path, { method, body, ...accepting(encoding) });
        assert.equal(status, 200);
        assert.deepEqual([headers['content-encoding'], headers.vary], [encoding, vary]);
        assert.equal(headers['content-type'], plain.headers['content-type']);
        assert.ok(bytes.length < plain.bytes.length * 0.7, `${bytes.length} of ${plain.bytes.length}`);
        if (headers['content-length']) assert.equal(Number(headers['content-length']), bytes.length);
        assert.deepEqual(decoders[encoding]!(bytes), plain.bytes);
      }
      if (method === 'POST') return;
      const { headers, bytes } = await ask(path, { method: 'HEAD', ...accepting('br') });
      assert.equal(bytes.length, 0);
      const { headers: got } = await ask(path, accepting('br'));
      for (const header of ['content-encoding', 'vary', 'content-type'])
        assert.equal(headers[header], got[header], header);
      // HEAD may leave out what is known only once the content is there (RFC 9110, section 9.3.2).
      if (headers['content-length']) assert.equal(headers['content-length'], got['content-length']);
    });

  it('are left as they are where they are short or no text', async () => {
    const image = { method: 'POST', body: photo('cat.jpg') };
    const tensor = {
      inputs: [{ name: 'x', shape: [10_000], datatype: 'FP32', data: Array.from({ length: 10_000 }, () => 1) }],
      parameters: { binary_data_output: true },
    };
    const replies = {
      short: await ask('/models', accepting('br, gzip')),
      predictions: await ask(`/models/${bundledName}/predict`, { ...image, ...accepting('br, gzip') }),
      'just too short': await ask('/models/half_plus_two/predict', {
        method: 'POST',
        body: rows(1500),
        ...accepting('gzip'),
      }),
      tensors: await ask('/v2/models/half_plus_two/infer', {
        method: 'POST',
        body: JSON.stringify(tensor),
        ...accepting('gzip'),
      }),
      'a picture': await ask('/docs/static/favicon-32x32.png', accepting('br, gzip')),
      range: await ask('/docs/static/swagger-ui.css', { headers: { 'accept-encoding': 'br', range: 'bytes=0-9999' } }),
    };
    assert.ok(replies['just too short'].bytes.length > 7000);
    assert.ok(replies.tensors.bytes.length > 40_000);
    for (const [name, { status, headers, bytes }] of Object.entries(replies)) {
      assert.equal(status, name === 'range' ? 206 : 200, `${name}: ${bytes}`);
      assert.equal(headers['content-encoding'], undefined, name);
      const negotiated = name === 'predictions' || name === 'just too short';
      assert.equal(headers.vary, negotiated ? 'Accept' : undefined, name);
      assert.equal(Number(headers['content-length']), bytes.length, name);
    }
  });

  it('are left as they are where they have a content coding already', async (t) => {
    const other = Fastify();
    t.after(() => other.close());
    await other.register(compression);
    const payload = gzipSync(randomBytes(10_000).toString('hex'));
    other.get('/', (_request, reply) => reply.type('text/plain').header('content-encoding', 'gzip').send(payload));
    const { headers, rawPayload } = await other.inject({ url: '/', ...accepting('br, gzip') });
    assert.equal(headers['content-encoding'], 'gzip');
    assert.ok(payload.length > 8192);
    assert.deepEqual(rawPayload, payload);
  });

  it('are read by curl --compressed', async () => {
    const { stdout } = await run('curl', ['--silent', '--compressed', `http://127.0.0.1:${port}/openapi.json`]);
    assert.equal(JSON.parse(stdout).openapi, '3.1.0');
  });

  it('of a client that goes away leave nothing open', async () => {
    for (let count = 0; count < 20; count++) {
      const sent = request({
        port,
        host: '127.0.0.1',
        path: '/docs/static/swagger-ui-bundle.js',
        ...accepting('gzip'),
      });
      sent.on('error', () => undefined).end();
      const [response] = await once(sent, 'response');
      response.on('error', () => undefined);
      response.destroy();
    }
    for (const end = Date.now() + 60_000; kerasServeOf(app()).replies.size > 0 && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(kerasServeOf(app()).replies.size, 0);
  });
});

describe('Accept-Encoding', () => {
  for (const [accepted, coding] of [
    ['', undefined],
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['GZIP', 'gzip'],
    ['br;q=0.5, gzip', 'gzip'],
    ['br ; q=0.5 , gzip; q=0.4', 'br'],
    ['br;q=0, gzip;q=0', undefined],
    ['br;q=0, *', 'gzip'],
    ['*', 'br'],
    ['*;q=0', undefined],
    ['identity', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity;q=0, gzip;q=0.1', 'gzip'],
    ['deflate, zstd', undefined],
    ['gzip;q=.', undefined],
    [',;=,q=1', undefined],
  ] as const)
    it(`${JSON.stringify(accepted)} asks for ${coding ?? 'nothing'}`, () => assert.equal(codingFor(accepted), coding));
});
