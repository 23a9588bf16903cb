import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, constants as zlib } from 'node:zlib';
import { photo } from '../helpers/app.js';
import { form } from '../helpers/form.js';
import { bundledName, useProtocolApp } from '../helpers/protocol-app.js';
import { run } from '../helpers/run.js';

const megabyte = 2 ** 20;
const { app } = useProtocolApp({ maxImageSize: 100_000, maxJsonSize: megabyte });
const cat = photo('cat.jpg');
const numbers = '{"instances": [3]}';
const images = `/models/${bundledName}/predict`;
const tensors = '/models/half_plus_two/predict';

const post = (url: string, payload: Buffer | string, headers: Record<string, string> = {}) =>
  app().inject({ method: 'POST', url, payload, headers });

const formType = 'application/x-www-form-urlencoded';

/** What clients say of a body when nobody told them what it is. */
const untold: Record<string, Record<string, string>> = {
  'no type': {},
  'an empty type': { 'content-type': '' },
  'the type that curl gives': { 'content-type': formType },
  'a type with a charset': { 'content-type': `${formType}; charset=utf-8` },
  'application/octet-stream': { 'content-type': 'application/octet-stream' },
};

describe('a body whose type says nothing', () => {
  for (const [name, headers] of Object.entries(untold))
    it(`is read by its first bytes: ${name}`, async () => {
      for (const text of [numbers, ` \r\n\t${numbers}`, `\ufeff${numbers}`, '[3]']) {
        const reply = await post(tensors, text, headers);
        assert.equal(reply.payload, '{"predictions":[3.5],"success":true}', text);
      }
      const expected = (await post(images, cat, { 'content-type': 'image/jpeg' })).json();
      assert.equal(expected.predictions[0].label, 'Egyptian_cat');
      const inJson = JSON.stringify({ image: cat.toString('base64') });
      for (const payload of [cat, inJson]) assert.deepEqual((await post(images, payload, headers)).json(), expected);
    });

  it('is refused with what to do where it is neither JSON nor an image', async () => {
    const octets = { 'content-type': 'application/octet-stream' };
    const curl = { 'content-type': formType };
    const cases: [url: string, payload: string | Buffer, headers: object, code: string, message: RegExp][] = [
      [images, '', {}, 'image_missing', /-F image=@/],
      [images, '', octets, 'image_missing', /-F image=@/],
      [tensors, '', {}, 'body_invalid', /The request is empty\. Send JSON: \{"instances"/],
      [tensors, '', octets, 'body_invalid', /The request is empty/],
      [images, 'image=@cat.jpg', curl, 'image_missing', /-F image=@/],
      [images, 'hello', octets, 'image_invalid', /JPEG, PNG/],
      [images, '%PDF-1.7', {}, 'image_invalid', /PDF/],
      [tensors, 'y=3', curl, 'form_invalid', /"y" is no known field of the form/],
      [tensors, '3,5', {}, 'body_invalid', /neither JSON nor an image.*text\/csv.*Send JSON/],
      [tensors, cat, octets, 'model_takes_no_images', /Send JSON/],
      [tensors, '{"instances": [', curl, 'json_invalid', /JSON/],
      ...['null', 'true', '-1.5e3', ' "text" '].flatMap((text): (typeof cases)[0][] => [
        [images, text, {}, 'instances_invalid', /an array or an object/],
        [tensors, text, octets, 'instances_invalid', /an array or an object/],
      ]),
    ];
    for (const [url, payload, headers, code, message] of cases) {
      const reply = await post(url, payload, headers as Record<string, string>);
      const { error } = reply.json();
      assert.deepEqual([reply.statusCode, error?.code], [400, code], `${url} ${String(payload).slice(0, 20)}`);
      assert.match(error.message, message);
    }
    const large = await post(images, Buffer.concat([cat, Buffer.alloc(100_000)]));
    assert.equal(large.statusCode, 413);
    assert.match(large.json().error.message, /image is larger than 97\.7 KB/);
  });

  it('is no other type', async () => {
    for (const type of ['text/plain', 'application/pdf', 'json'])
      assert.equal((await post(tensors, numbers, { 'content-type': type })).statusCode, 415, type);
  });

  it('is never looked at for its type by the protocols', async () => {
    for (const type of ['', 'json', 'text/plain', formType, 'application/octet-stream', ';;'])
      assert.equal(
        (await post('/v1/models/half_plus_two:predict', numbers, { 'content-type': type })).payload,
        '{"predictions":[3.5]}',
        type,
      );
  });

  it('comes from curl without a flag more than the data', async () => {
    await app().listen({ port: 0, host: '127.0.0.1' });
    const { port } = app().server.address() as AddressInfo;
    const curl = async (...words: string[]) => (await run('curl', ['--silent', '--max-time', '30', ...words])).stdout;
    const url = `http://127.0.0.1:${port}`;
    const three = '{"predictions":[3.5],"success":true}';
    assert.equal(await curl('-d', numbers, url + tensors), three);
    assert.equal(await curl('-H', 'content-type:', '-d', numbers, url + tensors), three);
    assert.match(await curl('--data-binary', '@examples/cat.jpg', url + images), /"Egyptian_cat"/);
    assert.match(await curl('-T', 'examples/cat.jpg', '-X', 'POST', url + images), /"Egyptian_cat"/);
    // curl -d leaves out line ends and zeros of a file.
    assert.match(await curl('-d', '@examples/cat.jpg', url + images), /image_invalid.*--data-binary @/);
    assert.match(await curl('-d', 'image=@examples/cat.jpg', url + images), /image_missing.*-F image=@/);
  });
});

const encodings: Record<string, (bytes: Buffer | string) => Buffer> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  GZIP: gzipSync,
  deflate: deflateSync,
  br: (bytes) => brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 4 } }),
};

/** Every route that takes a body, with one. */
const bodies: Record<string, [url: string, payload: Buffer | string, headers: Record<string, string>]> = {
  JSON: [tensors, numbers, { 'content-type': 'application/json' }],
  'an untyped body': [tensors, numbers, {}],
  'an image': [images, cat, { 'content-type': 'image/jpeg' }],
  'an untyped image': [images, cat, {}],
  'a form': [images, form(cat).payload, form(cat).headers],
  'TensorFlow Serving’s': ['/v1/models/half_plus_two:predict', numbers, {}],
  'the Open Inference Protocol’s': [
    '/v2/models/half_plus_two/infer',
    '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[3]}]}',
    {},
  ],
  'the index of the repository': ['/v2/repository/index', '{"ready": true}', {}],
};

describe('a compressed body', () => {
  for (const [name, [url, payload, headers]] of Object.entries(bodies))
    it(`is read as it was before: ${name}`, async () => {
      const expected = await post(url, payload, headers);
      assert.equal(expected.statusCode, 200, expected.payload);
      for (const [encoding, compress] of Object.entries(encodings)) {
        const reply = await post(url, compress(payload), { ...headers, 'content-encoding': encoding });
        assert.deepEqual([reply.statusCode, reply.payload], [200, expected.payload], encoding);
      }
      for (const encoding of ['identity', '', ' , identity']) {
        const plain = await post(url, payload, { ...headers, 'content-encoding': encoding });
        assert.equal(plain.payload, expected.payload, encoding);
      }
      for (const encoding of ['identity, gzip', 'gzip, identity', 'gzip,']) {
        const reply = await post(url, gzipSync(payload), { ...headers, 'content-encoding': encoding });
        assert.deepEqual([reply.statusCode, reply.payload], [200, expected.payload], encoding);
      }
    });

  for (const [name, [url, payload, headers]] of Object.entries(bodies))
    it(`is refused where it is compressed in another way, cut or broken: ${name}`, async () => {
      const send = (bytes: Buffer | string, encoding: string) =>
        post(url, bytes, { ...headers, 'content-encoding': encoding });
      for (const encoding of ['zstd', 'gzip, br', 'gzip, gzip', 'identity, zstd', 'constructor']) {
        const reply = await send(gzipSync(payload), encoding);
        assert.equal(reply.statusCode, 415, encoding);
        assert.match(reply.payload, /Content-Encoding/);
        assert.equal(reply.headers['accept-encoding'], 'gzip, deflate, br');
      }
      for (const encoding of ['gzip', 'deflate', 'br']) {
        const whole = encodings[encoding]!(payload);
        for (const bytes of [payload, whole.subarray(0, -5), Buffer.from('hello')]) {
          const reply = await send(bytes, encoding);
          assert.equal(reply.statusCode, 400, `${encoding} ${reply.payload}`);
          const isCut = bytes.length === whole.length - 5;
          assert.match(reply.payload, isCut ? /The body is cut off/ : new RegExp(`isn’t ${encoding}`));
        }
      }
    });

  for (const [name, [url, payload, headers]] of Object.entries(bodies))
    it(`is refused at the limit however little it was: ${name}`, async () => {
      const prefix = headers['content-type']?.startsWith('multipart') ? (payload as Buffer).subarray(0, 150) : payload;
      const bomb = Buffer.concat([Buffer.from(prefix), Buffer.alloc(64 * megabyte, ' ')]);
      for (const encoding of ['gzip', 'br']) {
        const bytes = encodings[encoding]!(bomb);
        assert.ok(bytes.length < 100_000);
        const reply = await post(url, bytes, { ...headers, 'content-encoding': encoding });
        assert.equal(reply.statusCode, 413, reply.payload);
      }
    });
});
