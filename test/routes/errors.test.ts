import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import type { InjectOptions } from 'fastify';
import type { errors } from '../../schemas/error.js';
import type { Predictions } from '../../schemas/predict.js';
import { photo, useApp } from '../helpers/app.js';
import { form } from '../helpers/form.js';

const maxImageSize = 100_000;
const app = useApp({ maxImageSize });
const cat = photo('cat.jpg');

/** A PNG of zeros: a header with its size, and too few rows for it. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const body = Buffer.concat([Buffer.from(type), data]);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(2 ** 20))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

const json = (payload: string) => ({ headers: { 'content-type': 'application/json' }, payload });
const multipart = (payload: string, type = 'multipart/form-data; boundary=form-boundary') => ({
  headers: { 'content-type': type },
  payload,
});
const { headers, payload } = form(cat);

/** The form with text fields behind the image. */
function formWith(fields: Record<string, string>): ReturnType<typeof form> {
  const boundary = 'form-boundary';
  const parts = Object.entries(fields).map(
    ([name, text]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`,
  );
  const end = payload.lastIndexOf(`--${boundary}--`);
  return {
    headers,
    payload: Buffer.concat([payload.subarray(0, end), Buffer.from(parts.join('')), payload.subarray(end)]),
  };
}

/** What reads forms stands still at such a part on Node.js 20 alone; later it passes it over. */
const standsStill: [code: keyof typeof errors, message: RegExp] = process.version.startsWith('v20.')
  ? ['form_invalid', /no name/]
  : ['image_missing', /no field "image"/];

/** Requests to `POST /predict`, each with its status, its code and what its message must name. */
const refused: Record<
  string,
  [request: Partial<InjectOptions>, status: number, code: keyof typeof errors, message: RegExp]
> = {
  'no body': [{}, 400, 'image_missing', /-F image=@/],
  'an empty form': [multipart('--form-boundary--\r\n'), 400, 'image_missing', /"image"/],
  'an unknown parameter': [
    { ...form(cat), url: '/predict?topk=3' },
    400,
    'query_invalid',
    /^"topk" is no known parameter of the query\. Did you mean "top_k"\?$/,
  ],
  'an unknown parameter like no other': [
    { ...form(cat), url: '/predict?threshold=3' },
    400,
    'query_invalid',
    /^"threshold" is no known .* Known are "top_k", "size", "output", "webhook"\.$/,
  ],
  'an unknown field beside the image': [
    formWith({ top_k: '3' }),
    400,
    'form_invalid',
    /^"top_k" is no known field of the form\. Known is "image"\.$/,
  ],
  'a misspelt field beside the image': [formWith({ Images: '3' }), 400, 'form_invalid', /Did you mean "image"\?$/],
  'a form without a body': [multipart(''), 400, 'image_missing', /"image"/],
  'a wrong field name': [form(cat, { field: 'file' }), 400, 'image_missing', /no field "image", but "file"/],
  'a field that holds text': [form('cat.jpg', { file: null, type: 'text/plain' }), 400, 'image_missing', /holds text/],
  'more fields than a form needs': [
    multipart(
      `${Array.from(
        { length: 137 },
        (_, i) => `--form-boundary\r\nContent-Disposition: form-data; name="${i}"\r\n\r\n\r\n`,
      ).join('')}--form-boundary--\r\n`,
    ),
    400,
    'form_too_large',
    /^The form has more than 136 parts/,
  ],
  'a file called __proto__': [form(cat, { field: '__proto__' }), 400, 'form_invalid', /a name that none may have/],
  'a field called toString': [
    formWith({ toString: 'x' }),
    400,
    'form_invalid',
    /a name that none may have, .*"toString"/,
  ],
  'an empty file': [form(''), 400, 'image_empty', /empty/],
  'an empty body of an image type': [
    { headers: { 'content-type': 'image/jpeg', 'content-length': '0' }, payload: '' },
    400,
    'image_empty',
    /empty/,
  ],
  'an empty string': [json('{"image":""}'), 400, 'image_empty', /empty/],
  'a file that is no image': [form('hello, I am text'), 400, 'image_invalid', /JPEG, PNG/],
  'an SVG drawing': [form('<svg xmlns="http://www.w3.org/2000/svg"/>'), 400, 'image_invalid', /SVG/],
  'a truncated image': [
    form(cat.subarray(0, cat.length / 2)),
    400,
    'image_truncated',
    /^The JPEG image is cut short or damaged: .*send the whole file\.$/,
  ],
  'a file over the limit': [form(Buffer.alloc(maxImageSize + 1)), 413, 'content_too_large', /97\.7 KB/],
  'a body over the limit': [
    { headers: { 'content-type': 'image/jpeg' }, payload: Buffer.alloc(maxImageSize + 1) },
    413,
    'content_too_large',
    /97\.7 KB/,
  ],
  'a body over the limit that says that it is short': [
    { headers: { 'content-type': 'image/jpeg', 'content-length': '10' }, payload: Buffer.alloc(maxImageSize + 1) },
    413,
    'content_too_large',
    /97\.7 KB/,
  ],
  'JSON over the limit': [
    json(JSON.stringify({ image: 'a'.repeat(2 * maxImageSize) })),
    413,
    'content_too_large',
    /97\.7 KB/,
  ],
  'a PNG of 30,000 × 30,000 pixels': [form(png(30_000, 30_000)), 413, 'image_too_many_pixels', /30.?000/],
  'a form without an end': [{ headers, payload: payload.subarray(0, -30) }, 400, 'form_invalid', /end/],
  'a form without a boundary': [multipart('x', 'multipart/form-data'), 400, 'form_invalid', /[Bb]oundary/],
  'a form whose part has no name, and much in it': [
    multipart(`--a\r\nX: y\r\n\r\n${'x'.repeat(30_000)}\r\n--a--\r\n`, 'multipart/form-data; boundary=a'),
    400,
    ...standsStill,
  ],
  'a form whose file has no name': [
    multipart(
      '--a\r\nContent-Disposition: form-data; filename="a.jpg"\r\n\r\nx\r\n--a--\r\n',
      'multipart/form-data; boundary=a',
    ),
    400,
    'image_missing',
    /no field "image"/,
  ],
  'a form that is no form': [multipart('hello'), 400, 'form_invalid', /end/],
  text: [
    { headers: { 'content-type': 'text/plain' }, payload: 'hello' },
    415,
    'content_type_unsupported',
    /multipart\/form-data/,
  ],
  'a content type that is none': [
    { headers: { 'content-type': ';;' }, payload: 'hello' },
    415,
    'content_type_unsupported',
    /multipart/,
  ],
  'what curl -d sends': [
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'image=cat.jpg' },
    400,
    'image_missing',
    /-F image=@/,
  ],
  'malformed JSON': [json('{"image":'), 400, 'json_invalid', /JSON/],
  'empty JSON': [json(''), 400, 'json_invalid', /JSON/],
  'JSON with a prototype': [json('{"__proto__":{"image":"a"}}'), 400, 'json_invalid', /JSON/],
  'JSON without an image': [json('{}'), 400, 'body_invalid', /image/],
  'JSON that is neither an object nor a list': [json('5'), 400, 'instances_invalid', /an array or an object/],
  'JSON of no instances': [json('[]'), 400, 'instances_invalid', /one element or more/],
  'a number for an image': [json('{"image":5}'), 400, 'instances_invalid', /^image should be \{"b64": .* but is 5/],
  'bad base64': [json('{"image":"not base64!"}'), 400, 'base64_invalid', /base64/],
  'a data URL without base64': [json('{"image":"data:image/png,hello"}'), 400, 'base64_invalid', /base64/],
  'base64 of no image': [json('{"image":"aGVsbG8gdGhlcmU="}'), 400, 'image_invalid', /JPEG, PNG/],
  'top_k of 0': [{ headers, payload, query: { top_k: '0' } }, 400, 'query_invalid', /"top_k" must be >= 1/],
  'top_k over the classes': [{ headers, payload, query: { top_k: '1001' } }, 400, 'query_invalid', /<= 1000/],
  'a top_k that is no number': [{ headers, payload, query: { top_k: 'many' } }, 400, 'query_invalid', /"top_k"/],
  'an empty top_k': [{ headers, payload, query: { top_k: '' } }, 400, 'query_invalid', /"top_k"/],
  'two of top_k': [
    { headers, payload, url: '/predict?top_k=1&top_k=2' },
    400,
    'query_invalid',
    /^"top_k" stands in the query more than once\.$/,
  ],
  'a broken top_k': [{ headers, payload, query: { top_k: '2.5' } }, 400, 'query_invalid', /"top_k"/],
  'an unknown route': [{ url: '/predictions' }, 404, 'not_found', /\/docs/],
  'an address outside': [{ url: '/../../etc/passwd' }, 404, 'not_found', /\/docs/],
  'a broken address': [{ url: '/%zz' }, 400, 'url_invalid', /percent-encoding/],
  'an endless name': [{ url: `/models/${'a'.repeat(2000)}/predict` }, 400, 'url_invalid', /too long to be a name/],
  'a misspelt file of the documents': [
    { method: 'GET', url: '/docs/static/swagger-ui.ccs', payload: undefined },
    404,
    'not_found',
    /Did you mean "swagger-ui\.css"\?/,
  ],
  GET: [{ method: 'GET', payload: undefined }, 405, 'method_not_allowed', /curl -X POST -F image=@dog\.jpg/],
  PUT: [{ method: 'PUT', headers, payload }, 405, 'method_not_allowed', /PUT is not allowed/],
};

/** A run of several images at once rounds the last digits in another way. */
const rounded = ({ predictions }: Predictions) =>
  predictions.map(({ label, probability }) => `${label} ${probability?.toFixed(4)}`);

const send = (request: Partial<InjectOptions>) =>
  app().inject({ method: 'POST', url: '/predict', ...request } as InjectOptions);

describe('a request that is refused', () => {
  for (const [name, [request, status, code, message]] of Object.entries(refused)) {
    it(`says why: ${name}`, async () => {
      const reply = await send(request);
      const body = reply.json();
      assert.equal(reply.statusCode, status, reply.payload);
      assert.match(String(reply.headers['content-type']), /^application\/json/);
      assert.deepEqual(body, { success: false, error: { code, message: body.error.message } });
      assert.match(body.error.message, message);
      assert.doesNotMatch(reply.payload, /node_modules|\.[jt]s\b|\bat \w+ \(|Error:/);
    });
  }

  it('names the methods that are allowed', async () => {
    assert.equal((await send({ method: 'GET' })).headers.allow, 'POST');
    assert.equal((await send({ url: '/health/live' })).headers.allow, 'GET, HEAD');
  });

  it('names the verb that TensorFlow Serving’s API has', async () => {
    for (const model of ['efficientnet-lite0', 'efficientnet-lite0/versions/1', 'x/labels/stable']) {
      const reply = await send({ url: `/v1/models/${model}:foo` });
      assert.equal(reply.statusCode, 404);
      assert.ok(reply.json().error.includes(`Did you mean /v1/models/${model}:predict?`), reply.payload);
    }
  });

  it('may have parameters that a route does not know, where clients of other servers and browsers add theirs', async () => {
    for (const url of [
      '/',
      '/docs/',
      '/health/live',
      '/v2',
      '/v1/models/efficientnet-lite0',
      '/openapi.json',
      '/metrics',
    ])
      assert.equal((await app().inject(`${url}?utm_source=x`)).statusCode, 200, url);
    for (const url of ['/models', '/models/efficientnet-lite0', '/models/efficientnet-lite0/versions/1']) {
      const reply = await app().inject(`${url}?page=2`);
      assert.equal(reply.statusCode, 400, url);
      assert.match(reply.json().error.message, /^"page" is no known parameter of the query\. There is none here\.$/);
    }
  });

  it('disturbs none beside it', async () => {
    const alone = (await send({ headers, payload })).json();
    const all = Object.values(refused).flatMap(([request]) => [send(request), send({ headers, payload })]);
    const replies = await Promise.all(all);
    const good = replies.filter((_, index) => index % 2 === 1);
    for (const reply of good) assert.deepEqual(rounded(reply.json()), rounded(alone));
    assert.equal((await app().inject('/health/ready')).statusCode, 200);
  });

  it('costs no memory for the pixels that an image only claims', async () => {
    const bomb = form(png(30_000, 30_000));
    await send(bomb);
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 20; round++) await send(bomb);
    assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20);
  });
});
