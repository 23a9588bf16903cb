import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { datatypeOf } from '../../src/protocols/datatypes.js';
import { bytesOfTensor } from '../../src/protocols/open-inference/binary-tensors.js';
import { packageVersion } from '../../src/support/package.js';
import type { Tensor } from '../../src/support/tensor.js';
import { photo } from '../helpers/app.js';
import { bundledName, useProtocolApp } from '../helpers/protocol-app.js';

const { app, recorded, types } = useProtocolApp();
const cat = photo('cat.jpg');

const send = (url: string, payload: Buffer, headers = {}) => app().inject({ method: 'POST', url, payload, headers });
const infer = (request: object, model = 'half_plus_two', binary?: Buffer[]) => {
  const json = Buffer.from(JSON.stringify(request));
  const headers = binary && { 'inference-header-content-length': String(json.length) };
  return send(`/v2/models/${model}/infer`, Buffer.concat([json, ...(binary ?? [])]), headers);
};
const get = async (path: string) => {
  const reply = await app().inject(`/v2${path}`);
  return { status: reply.statusCode, body: reply.json() };
};
const x = { name: 'x', shape: [3], datatype: 'FP32', data: [1, 2, 5] };

/** The JSON of a reply with what follows it. */
function split(reply: Awaited<ReturnType<typeof send>>) {
  const length = Number(reply.headers['inference-header-content-length']);
  assert.equal(reply.headers['content-type'], 'application/octet-stream');
  const json = JSON.parse(reply.rawPayload.subarray(0, length).toString());
  return { json, binary: reply.rawPayload.subarray(length) };
}

describe('Open Inference Protocol: server and models', () => {
  it('says what it is, that it lives and is ready', async () => {
    const extensions = ['binary_tensor_data', 'classification', 'model_repository(index)'];
    const body = { name: 'keras-serve', version: packageVersion, extensions };
    assert.deepEqual(await get(''), { status: 200, body });
    assert.deepEqual(await get('/health/live'), { status: 200, body: { live: true } });
    assert.deepEqual(await get('/health/ready'), { status: 200, body: { ready: true } });
  });

  it('says what a model takes and gives', async () => {
    const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [-1] });
    const body = {
      name: 'half_plus_two',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [tensor('x')],
      outputs: [tensor('y')],
    };
    for (const path of ['', '/versions/1']) {
      assert.deepEqual(await get(`/models/half_plus_two${path}`), { status: 200, body });
      const ready = { name: 'half_plus_two', ready: true };
      assert.deepEqual(await get(`/models/half_plus_two${path}/ready`), { status: 200, body: ready });
    }
    const { inputs } = (await get(`/models/${bundledName}`)).body;
    assert.deepEqual(inputs, [{ name: 'image', datatype: 'FP32', shape: [-1, 224, 224, 3] }]);
  });

  it('answers 404 for models and versions that there aren’t', async () => {
    for (const path of [
      '/models/other',
      '/models/half_plus_two/versions/2',
      '/models/half_plus_two/versions/x/ready',
    ]) {
      const { status, body } = await get(path);
      assert.equal(status, 404);
      assert.deepEqual(Object.keys(body), ['error']);
    }
    assert.equal((await infer({ inputs: [x] }, 'other')).statusCode, 404);
    assert.deepEqual(Object.keys((await get('/nothing')).body), ['error']);
    const unreadable = await get('/models/%zz');
    assert.deepEqual([unreadable.status, Object.keys(unreadable.body)], [400, ['error']]);
  });

  it('lists the models', async () => {
    const all = (await send('/v2/repository/index', Buffer.alloc(0))).json();
    assert.deepEqual(
      all.map(({ name }: { name: string }) => name).sort(),
      [bundledName, 'every_type', 'half_plus_two', 'two_inputs'].sort(),
    );
    assert.deepEqual(all.at(0), { name: all[0].name, version: '1', state: 'READY', reason: '' });
    assert.deepEqual((await send('/v2/repository/index', Buffer.from('{"ready": true}'))).json(), all);
    assert.equal((await send('/v2/repository/index', Buffer.from('{"ready": 1}'))).statusCode, 400);
  });
});

describe('Open Inference Protocol: infer', () => {
  it('answers JSON with JSON, with the id of the request', async () => {
    const reply = await infer({ id: '42', inputs: [x] });
    assert.equal(reply.statusCode, 200, reply.payload);
    assert.deepEqual(reply.json(), {
      model_name: 'half_plus_two',
      model_version: '1',
      id: '42',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [3], data: [2.5, 3, 4.5] }],
    });
    const version = await send(
      '/v2/models/half_plus_two/versions/1/infer',
      Buffer.from(JSON.stringify({ inputs: [x] })),
    );
    assert.deepEqual(version.json().outputs[0].data, [2.5, 3, 4.5]);
  });

  it('takes and gives every datatype as JSON and as bytes, with all bits', async () => {
    const names = types.map(({ name }) => name);
    const tensors = names.map((name) => recorded('every_type', name));
    const binary = tensors.map(bytesOfTensor);
    const inputs = tensors.map((tensor, index) => ({
      name: names[index],
      shape: tensor.shape,
      datatype: datatypeOf(tensor.type),
      parameters: { binary_data_size: binary[index]!.length },
    }));
    const asBytes = await infer({ inputs, parameters: { binary_data_output: true } }, 'every_type', binary);
    assert.equal(asBytes.statusCode, 200, asBytes.payload);
    const reply = split(asBytes);
    let position = 0;
    for (const { name, datatype, shape, parameters, data } of reply.json.outputs) {
      const expected = recorded('every_type', name);
      assert.deepEqual([datatype, shape, data], [datatypeOf(expected.type), expected.shape, undefined]);
      const bytes = reply.binary.subarray(position, position + parameters.binary_data_size);
      assert.deepEqual(bytes, bytesOfTensor(expected), name);
      position += parameters.binary_data_size;
    }
    assert.equal(position, reply.binary.length);

    const asJson = await infer({ inputs }, 'every_type', binary);
    assert.match(asJson.payload, /"INT64","shape":\[2,3\],"data":\[9007199254740993,-4611686018427387905,7,/);
    const small = (tensor: Tensor) =>
      Array.from(tensor.data as ArrayLike<number | bigint>, (value) =>
        tensor.type === 'bool' ? value === 1 : Number(value) % 100,
      );
    const numbers = tensors.map((tensor, index) => ({ ...inputs[index], parameters: {}, data: small(tensor) }));
    const fromJson = await infer({ inputs: numbers }, 'every_type');
    assert.equal(fromJson.statusCode, 200, fromJson.payload);
    for (const { name, data } of fromJson.json().outputs) {
      const { type } = recorded('every_type', name);
      const expected = small(tensors[names.indexOf(name.replace('_out', '_in'))]!);
      assert.deepEqual(data, type === 'float32' ? expected.map((value) => Math.fround(Number(value))) : expected);
    }
  });

  it('gives the outputs that are asked for, each as JSON or as bytes', async () => {
    const inputs = ['age', 'sensor'].map((name) => {
      const { shape, data } = recorded('two_inputs', name);
      return { name, shape, datatype: 'FP32', data: Array.from(data, Number) };
    });
    const outputs = [{ name: 'kind', parameters: { binary_data: true } }, { name: 'risk' }];
    const { json, binary } = split(await infer({ inputs, outputs }, 'two_inputs'));
    assert.deepEqual(
      json.outputs.map(({ name }: { name: string }) => name),
      ['kind', 'risk'],
    );
    const kind = recorded('two_inputs', 'kind').data;
    for (let index = 0; index < kind.length; index++)
      assert.ok(Math.abs(binary.readFloatLE(4 * index) - Number(kind[index])) < 1e-4);
    assert.equal(json.outputs[1].data.length, 2);
    const one = await infer({ inputs, outputs: [{ name: 'risk' }] }, 'two_inputs');
    assert.equal(one.json().outputs.length, 1);
  });

  it('takes NaN and infinities, gives null for them, and takes no digits for infinity', async () => {
    const inferText = (data: string) =>
      send(
        '/v2/models/half_plus_two/infer',
        Buffer.from(`{"inputs": [{"name": "x", "shape": [3], "datatype": "FP32", "data": ${data}}]}`),
      );
    const reply = await inferText('[NaN, Infinity, 1]');
    assert.equal(reply.statusCode, 200, reply.payload);
    assert.deepEqual(reply.json().outputs[0].data, [null, null, 2.5]);
    const digits = await inferText('[1, 1e400, 1]');
    assert.equal(digits.statusCode, 400);
    assert.match(digits.json().error, /^inputs\[0\]\.data\[1\] should be a number that float64 can hold, but is 1e400/);
  });

  it('takes half precision for FP32, and NaN as bytes', async () => {
    const halves = Buffer.from(Uint16Array.of(0x3c00, 0x4000, 0x7e00).buffer);
    const request = { inputs: [{ ...x, datatype: 'FP16', data: undefined, parameters: { binary_data_size: 6 } }] };
    const reply = await infer(request, 'half_plus_two', [halves]);
    assert.deepEqual(reply.json().outputs[0].data, [2.5, 3, null]);
  });

  it('takes compressed bodies', async () => {
    const json = gzipSync(JSON.stringify({ inputs: [x] }));
    const reply = await send('/v2/models/half_plus_two/infer', json, { 'content-encoding': 'gzip' });
    assert.deepEqual(reply.json().outputs[0].data, [2.5, 3, 4.5]);
  });

  it('takes image files as BYTES and gives classes', async () => {
    const outputs = [{ name: 'predictions', parameters: { classification: 2 } }];
    const text = { name: 'image', shape: [1, 1], datatype: 'BYTES', data: [cat.toString('base64')] };
    const json = (await infer({ inputs: [text], outputs }, bundledName)).json();
    const [{ datatype, shape, data }] = json.outputs;
    assert.deepEqual([datatype, shape], ['BYTES', [1, 2]]);
    assert.match(data[0], /^0\.\d+:285:Egyptian_cat$/);

    const length = Buffer.alloc(4);
    length.writeUInt32LE(cat.length);
    const element = Buffer.concat([length, cat]);
    const binary = Buffer.concat([element, element]);
    const parameters = { binary_data_size: binary.length };
    const both = await infer(
      {
        inputs: [{ name: 'image', shape: [2], datatype: 'BYTES', parameters }],
        outputs,
        parameters: { binary_data_output: true },
      },
      bundledName,
      [binary],
    );
    assert.equal(both.statusCode, 200, both.payload);
    const reply = split(both);
    assert.deepEqual(reply.json.outputs[0].shape, [2, 2]);
    assert.equal(reply.binary.toString('utf8', 4, 4 + reply.binary.readUInt32LE(0)), data[0]);
  });

  const bytes = { ...x, data: undefined, parameters: { binary_data_size: 12 } };
  const refused: Record<string, [request: object, model: string, binary: Buffer[] | undefined, message: RegExp]> = {
    'another shape': [
      { inputs: [{ ...x, shape: [3, 1] }] },
      'half_plus_two',
      undefined,
      /should have the shape \(any\)/,
    ],
    'another datatype': [
      { inputs: [{ ...x, datatype: 'INT32' }] },
      'half_plus_two',
      undefined,
      /takes FP32, not INT32/,
    ],
    'too few bytes': [{ inputs: [bytes] }, 'half_plus_two', [Buffer.alloc(8)], /should have 12 bytes after the JSON/],
    'bytes that belong to no input': [{ inputs: [x] }, 'half_plus_two', [Buffer.alloc(8)], /8 bytes follow the JSON/],
    'no inputs': [{}, 'half_plus_two', undefined, /inputs/],
    'a list': [[], 'half_plus_two', undefined, /must have required properties inputs/],
    'images of another shape': [
      { inputs: [{ name: 'image', shape: [1, 2], datatype: 'BYTES', data: ['', ''] }] },
      bundledName,
      undefined,
      /\[images\] or \[images, 1\]/,
    ],
    'numbers for files': [
      { inputs: [{ name: 'image', shape: [1], datatype: 'BYTES', data: [1] }] },
      bundledName,
      undefined,
      /should have 1 text|base64/,
    ],
    'a file that is no image': [
      { inputs: [{ name: 'image', shape: [1], datatype: 'BYTES', data: ['aGVsbG8='] }] },
      bundledName,
      undefined,
      /not an image/,
    ],
  };
  for (const [name, [request, model, binary, message]] of Object.entries(refused)) {
    it(`refuses ${name} with 400`, async () => {
      const reply = await infer(request, model, binary);
      assert.equal(reply.statusCode, 400, reply.payload);
      assert.deepEqual(Object.keys(reply.json()), ['error']);
      assert.match(reply.json().error, message);
    });
  }

  it('reads large requests in a thread, and says what is wrong with them alike', async () => {
    const large = Buffer.alloc(6_000_000);
    const input = { ...x, datatype: 'FP16', data: undefined, parameters: { binary_data_size: large.length } };
    const reply = await infer({ inputs: [{ ...input, shape: [3_000_001] }] }, 'half_plus_two', [large]);
    assert.equal(reply.statusCode, 400);
    assert.match(reply.json().error, /needs 6000002 bytes, but has 6000000/);
  });

  it('refuses more images than it would decode at once', async () => {
    const empty = Buffer.alloc(4 * 1000);
    const input = { name: 'image', shape: [1000], datatype: 'BYTES', parameters: { binary_data_size: empty.length } };
    const reply = await infer({ inputs: [input] }, bundledName, [empty]);
    assert.equal(reply.statusCode, 400);
    assert.match(reply.json().error, /can have 128 images, not 1000/);
  });

  it('refuses hostile headers', async () => {
    for (const value of ['-1', '1e3', '0x10', '99999999999999999999', '', 'NaN', '4294967296']) {
      const headers = { 'inference-header-content-length': value };
      const reply = await send('/v2/models/half_plus_two/infer', Buffer.from(JSON.stringify({ inputs: [x] })), headers);
      assert.equal(reply.statusCode, 400, `${value}: ${reply.payload}`);
      assert.match(reply.json().error, /Inference-Header-Content-Length should be a number of bytes/);
    }
  });
});

describe('Open Inference Protocol over a socket', () => {
  it('answers a client that calls its body nothing, and goes on on the same connection', async () => {
    if (!app().server.listening) await app().listen({ port: 0, host: '127.0.0.1' });
    const { port } = app().server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const json = JSON.stringify({
      inputs: [{ ...x, data: undefined, parameters: { binary_data_size: 12 } }],
      parameters: { binary_data_output: true },
    });
    const body = Buffer.concat([Buffer.from(json), Buffer.from(Float32Array.of(1, 2, 5).buffer)]);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
    });
    const head = [
      'POST /v2/models/half_plus_two/infer HTTP/1.1',
      'Host: test',
      `Content-Length: ${body.length}`,
      `Inference-Header-Content-Length: ${json.length}`,
    ].join('\r\n');
    const expected = Buffer.from(Float32Array.of(2.5, 3, 4.5).buffer);
    for (let round = 1; round <= 2; round++) {
      socket.write(`${head}\r\n\r\n`);
      // The body comes in pieces that end within an element.
      socket.write(body.subarray(0, json.length + 5));
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.write(body.subarray(json.length + 5));
      while (received.indexOf(expected) < 0) await once(socket, 'data');
      assert.match(received.toString('latin1'), /^HTTP\/1\.1 200 OK\r\n/);
      received = Buffer.alloc(0);
    }
    socket.destroy();
  });
});
