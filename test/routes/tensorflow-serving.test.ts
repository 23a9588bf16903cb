import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { photo } from '../helpers/app.js';
import { bundledName, protocolModels, useProtocolApp } from '../helpers/protocol-app.js';

const { app, recorded, types } = useProtocolApp({ maxJsonSize: 2 ** 21 });
const half = '/v1/models/half_plus_two';

const predict = (body: unknown, url = `${half}:predict`, headers = {}) => {
  const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return app().inject({ method: 'POST', url, payload, headers });
};
const near = (actual: number[], expected: ArrayLike<number | bigint>) => {
  assert.equal(actual.length, expected.length);
  for (const [index, value] of actual.entries())
    assert.ok(Math.abs(value - Number(expected[index])) < 1e-4, `${actual} for ${expected}`);
};

describe('TensorFlow Serving: predict', () => {
  it('answers as its documentation says, in row and in column format', async () => {
    const rows = await predict({ instances: [1.0, 2.0, 5.0] });
    assert.equal(rows.statusCode, 200);
    assert.equal(rows.payload, '{"predictions":[2.5,3,4.5]}');
    assert.match(rows.headers['content-type'] as string, /^application\/json/);
    const columns = await predict({ signature_name: 'serving_default', inputs: [1.0, 2.0, 5.0] });
    assert.equal(columns.payload, '{"outputs":[2.5,3,4.5]}');
    assert.equal((await predict({ inputs: { x: [1] } })).payload, '{"outputs":[2.5]}');
    assert.equal((await predict({ instances: [{ x: 1 }, { x: 2 }] })).payload, '{"predictions":[2.5,3]}');
  });

  it('takes a version, the label stable, and whatever curl calls its body', async () => {
    for (const part of ['', '/versions/1', '/labels/stable']) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const { payload } = await predict({ instances: [4] }, `${half}${part}:predict`, headers);
      assert.equal(payload, '{"predictions":[4]}');
    }
  });

  it('takes compressed bodies, which have to be what they are called and no larger than others', async () => {
    const send = (body: Buffer, encoding: string) => predict(body, undefined, { 'content-encoding': encoding });
    const body = '{"instances":[3]}';
    assert.equal((await send(gzipSync(body), 'gzip')).payload, '{"predictions":[3.5]}');
    assert.equal((await send(deflateSync(body), 'deflate')).payload, '{"predictions":[3.5]}');
    const bomb = await send(gzipSync(Buffer.alloc(100 * 2 ** 20)), 'gzip');
    assert.equal(bomb.statusCode, 413);
    assert.match(bomb.json().error, /larger than 2 MB/);
    const wrong = await send(Buffer.from(body), 'gzip');
    assert.equal(wrong.statusCode, 400);
    assert.match(wrong.json().error, /isn’t gzip/);
    const cut = await send(gzipSync(body).subarray(0, 20), 'gzip');
    assert.equal(cut.statusCode, 400);
    const unknown = await send(Buffer.from(body), 'zstd');
    assert.equal(unknown.statusCode, 415);
  });

  it('takes and gives NaN and infinities as TensorFlow Serving writes them', async () => {
    const { payload } = await predict('{"instances": [NaN, Infinity, -Infinity, 1]}');
    assert.equal(payload, '{"predictions":[NaN,Infinity,-Infinity,2.5]}');
    const short = await predict('{"inputs": [-NaN, Inf, -Inf, 1]}');
    assert.equal(short.payload, '{"outputs":[NaN,Infinity,-Infinity,2.5]}');
  });

  it('takes no digits for infinity', async () => {
    for (const [body, place] of [
      ['{"instances": [1, 1e400]}', 'instances[1]'],
      ['{"instances": [1, -1e309]}', 'instances[1]'],
      ['{"inputs": {"x": [1e39]}}', 'x[0]'],
      ['{"instances": [1], "id": 1e400}', 'id'],
    ] as const) {
      const reply = await predict(body);
      assert.equal(reply.statusCode, 400, body);
      assert.ok(reply.json().error.startsWith(`${place} should be a number that float`), reply.payload);
    }
  });

  it('refuses a body that is too large', async () => {
    const reply = await predict(`{"instances": [${'1,'.repeat(2 ** 21)}1]}`);
    assert.equal(reply.statusCode, 413);
    assert.match(reply.json().error, /larger than 2 MB/);
  });

  it('reads and writes large JSON in a thread', async () => {
    const url = `/v1/models/${bundledName}:predict`;
    const pixels = (grey: number | string) => Array.from({ length: 224 }, () => Array(224).fill([grey, 0.5, 0.5]));
    const reply = await predict({ instances: [pixels(0.5)] }, url);
    assert.equal(reply.statusCode, 200, reply.payload.slice(0, 300));
    const [scores] = reply.json().predictions as number[][];
    assert.ok(Math.abs(scores!.reduce((sum, score) => sum + score) - 1) < 1e-4);
    const wrong = await predict({ instances: [pixels('x')] }, url);
    assert.equal(wrong.statusCode, 400);
    assert.match(wrong.json().error, /instances\[0\]\[0\]\[0\]\[0\] should be a number/);
  });

  it('names several inputs and outputs', async () => {
    const age = Array.from(recorded('two_inputs', 'age').data, Number);
    const sensor = Array.from(recorded('two_inputs', 'sensor').data, Number);
    const cells = [sensor.slice(0, 4), sensor.slice(4)].map((row) => [row.slice(0, 2), row.slice(2)]);
    const url = '/v1/models/two_inputs:predict';
    const rows = await predict({ instances: cells.map((cell, row) => ({ age: age[row], sensor: cell })) }, url);
    assert.equal(rows.statusCode, 200, rows.payload);
    const predictions: Record<string, number[]>[] = rows.json().predictions;
    assert.deepEqual(Object.keys(predictions[0]!).sort(), ['kind', 'risk']);
    near(
      predictions.flatMap(({ risk }) => risk!),
      recorded('two_inputs', 'risk').data,
    );
    near(
      predictions.flatMap(({ kind }) => kind!),
      recorded('two_inputs', 'kind').data,
    );
    const columns = await predict({ inputs: { age: age.map((one) => [one]), sensor: cells } }, url);
    near(columns.json().outputs.kind.flat(), recorded('two_inputs', 'kind').data);
    const bare = await predict({ inputs: age }, url);
    assert.equal(bare.statusCode, 400);
    assert.match(bare.json().error, /expecting an object as multiple input tensors/);
  });

  it('keeps every type', async () => {
    const row = Object.fromEntries(
      types.map(({ name, dtype }) => [name, dtype === 'bool' ? [true, false, true] : [1, 0, 7]]),
    );
    const url = '/v1/models/every_type:predict';
    const { payload } = await predict({ instances: [row] }, url);
    assert.match(payload, /"bool_out":\[true,false,true\]/);
    for (const { dtype } of types.slice(1)) assert.ok(payload.includes(`"${dtype}_out":[1,0,7]`), payload);
    const large = await predict({ instances: [{ ...row, int64_in: [2 ** 60, 0, 0] }] }, url);
    assert.equal(large.statusCode, 400);
    assert.match(large.json().error, /int64_in\[0\] should be a whole number/);
  });

  it('takes image files as b64 and prepares them as /predict does', async () => {
    const cat = { b64: photo('cat.jpg').toString('base64') };
    const coffee = { b64: photo('coffee.jpg').toString('base64') };
    const url = `/v1/models/${bundledName}:predict`;
    const reply = await predict({ instances: [cat, { image: coffee }] }, url);
    assert.equal(reply.statusCode, 200, reply.payload);
    const scores: number[][] = reply.json().predictions;
    const { labels } = kerasServeOf(app()).catalog.find(bundledName).card;
    const best = scores.map((row) => labels![row.indexOf(Math.max(...row))]!.at(-1));
    assert.deepEqual(best, ['Egyptian_cat', 'espresso']);
    const column = await predict({ inputs: { image: [cat] } }, url);
    near(column.json().outputs[0], scores[0]!);
    const refused: [body: object, message: RegExp][] = [
      [{ instances: [{ b64: '?' }] }, /instances\[0\]\.b64 is not base64/],
      [{ instances: [cat, 1] }, /instances\[1\] should be \{"b64"/],
      [{ instances: [{ b64: Buffer.from('hello').toString('base64') }] }, /not an image/],
      [{ instances: Array(2000).fill({ b64: 'aGVsbG8=' }) }, /can have 128 images/],
    ];
    for (const [body, message] of refused) {
      const reply = await predict(body, url);
      assert.ok([400, 413].includes(reply.statusCode), reply.payload);
      assert.match(reply.json().error, message);
    }
    const none = await predict({ instances: [cat] });
    assert.match(none.json().error, /doesn't take images/);
  });
});

describe('TensorFlow Serving: what it refuses', () => {
  const one = { instances: [1] };
  const notFound = 'Servable not found for request:';
  const refused: Record<string, [body: unknown, url: string, status: number, error: string | RegExp]> = {
    'an unknown model': [one, '/v1/models/half:predict', 404, `${notFound} Latest(half)`],
    'an unknown version': [one, `${half}/versions/9:predict`, 404, `${notFound} Specific(half_plus_two, 9)`],
    'a version that is no number': [one, `${half}/versions/x:predict`, 400, /Failed to convert version: x/],
    'an unknown label': [one, `${half}/labels/canary:predict`, 400, 'Unrecognized servable version label: canary'],
    'an unknown signature': [
      { signature_name: 'other', ...one },
      `${half}:predict`,
      400,
      'Serving signature name: "other" not found in signature def',
    ],
    'a signature that is no text': [{ signature_name: 1, ...one }, `${half}:predict`, 400, /must be a string/],
    nothing: ['', `${half}:predict`, 400, 'JSON Parse error: The document is empty'],
    'half of JSON': ['{"instances": [1', `${half}:predict`, 400, /not valid JSON: .* at byte 16/],
    'a list': ['[1]', `${half}:predict`, 400, /Is not object/],
    'neither format': [{}, `${half}:predict`, 400, "Missing 'inputs' or 'instances' key"],
    'both formats': [{ ...one, inputs: [1] }, `${half}:predict`, 400, /only one of/],
    'instances that are no list': [{ instances: 1 }, `${half}:predict`, 400, /to be a list/],
    'no instances': [{ instances: [] }, `${half}:predict`, 400, /No values/],
    'a text': [{ instances: ['1'] }, `${half}:predict`, 400, /^instances\[0\] should be a number/],
    'an unknown input': [{ instances: [{ y: 1 }] }, `${half}:predict`, 400, /instances\[0\]\.y is no input/],
    classification: [{ examples: [] }, `${half}:classify`, 400, /^Expected classification signature/],
    regression: [{ examples: [] }, `${half}:regress`, 400, /^Expected regression signature/],
    'an unknown verb': [{}, `${half}:explain`, 404, /nothing at this address/],
    'a very long name': [{}, `/v1/models/${'x'.repeat(1300)}:predict`, 400, /./],
  };
  for (const [name, [body, url, status, error]] of Object.entries(refused)) {
    it(`${name}: ${status}`, async () => {
      const reply = await predict(body, url);
      assert.equal(reply.statusCode, status, reply.payload);
      assert.deepEqual(Object.keys(reply.json()), ['error']);
      if (typeof error === 'string') assert.equal(reply.json().error, error);
      else assert.match(reply.json().error, error);
    });
  }

  it('other methods: 405, with those that are allowed', async () => {
    const reply = await app().inject({ method: 'GET', url: `${half}:predict` });
    assert.equal(reply.statusCode, 405);
    assert.equal(reply.headers.allow, 'POST');
    assert.deepEqual(Object.keys(reply.json()), ['error']);
  });
});

describe('TensorFlow Serving and the Open Inference Protocol: versions', () => {
  const { folder, cases } = protocolModels();
  let versions: FastifyInstance;
  before(async () => {
    const served = join(folder, 'versions');
    const model = cases.find(({ name }) => name === 'half_plus_two')!.model;
    for (const version of ['3', '12']) {
      mkdirSync(join(served, 'half', version), { recursive: true });
      copyFileSync(model, join(served, 'half', version, 'model.keras'));
    }
    mkdirSync(join(served, 'half', '20'));
    writeFileSync(join(served, 'half', '20', 'model.keras'), 'broken');
    versions = await buildApp({ model: served, noCache: true, processes: 1 });
    await versions.ready();
  });
  after(async () => {
    await versions.close();
    rmSync(folder, { recursive: true });
  });
  const get = async (url: string) => (await versions.inject(url)).json();

  it('have their states, the newest first, with what is wrong', async () => {
    const { model_version_status: all } = await get('/v1/models/half');
    const states = all.map(({ version, state, status }: { version: string; state: string; status: object }) => [
      version,
      state,
      status,
    ]);
    const ok = { error_code: 'OK', error_message: '' };
    assert.deepEqual(states.slice(1), [
      ['12', 'AVAILABLE', ok],
      ['3', 'AVAILABLE', ok],
    ]);
    const [version, state, { error_code, error_message }] = states[0];
    assert.deepEqual([version, state, error_code], ['20', 'END', 'FAILED_PRECONDITION']);
    assert.ok(error_message.length > 0 && !error_message.includes(folder), error_message);
    const stable = await get('/v1/models/half/labels/stable');
    assert.deepEqual(
      stable.model_version_status.map(({ version }: { version: string }) => version),
      ['12'],
    );
    const index = (await versions.inject({ method: 'POST', url: '/v2/repository/index' })).json();
    assert.deepEqual(
      index.map(({ version, state }: { version: string; state: string }) => [version, state]),
      [
        ['20', 'UNAVAILABLE'],
        ['12', 'READY'],
        ['3', 'READY'],
      ],
    );
  });

  it('answer by number; the newest that is there answers without', async () => {
    assert.equal((await get('/v1/models/half/metadata')).model_spec.version, '12');
    assert.equal((await get('/v1/models/half/versions/3/metadata')).model_spec.version, '3');
    assert.deepEqual((await get('/v2/models/half')).versions, ['12', '3']);
    const payload = { inputs: [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }] };
    for (const [path, expected] of Object.entries({ '': '12', '/versions/3': '3' })) {
      const reply = await versions.inject({ method: 'POST', url: `/v2/models/half${path}/infer`, payload });
      assert.equal(reply.json().model_version, expected);
    }
  });

  it('that could not be loaded answer 503 and are not ready', async () => {
    for (const url of ['/v1/models/half/versions/20/metadata', '/v2/models/half/versions/20/ready']) {
      const reply = await versions.inject(url);
      assert.equal(reply.statusCode, 503);
      assert.deepEqual(Object.keys(reply.json()), ['error']);
    }
  });
});

describe('TensorFlow Serving: status and metadata', () => {
  const get = async (path: string) => {
    const reply = await app().inject(`/v1/models/${path}`);
    return { status: reply.statusCode, body: reply.json() };
  };

  it('gives the status of all versions, of one and of a label', async () => {
    const body = {
      model_version_status: [{ version: '1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }],
    };
    for (const path of ['', '/versions/1', '/labels/stable'])
      assert.deepEqual(await get(`half_plus_two${path}`), { status: 200, body });
    const error = (error: string) => ({ status: 404, body: { error } });
    assert.deepEqual(await get('half'), error('Could not find any versions of model half'));
    assert.deepEqual(await get('half_plus_two/versions/7'), error('Could not find version 7 of model half_plus_two'));
    assert.equal((await get('half_plus_two/labels/canary')).status, 400);
  });

  it('gives the signature by TensorFlow’s names', async () => {
    const tensor = (name: string) => ({
      dtype: 'DT_FLOAT',
      tensor_shape: { dim: [{ size: '-1', name: '' }], unknown_rank: false },
      name: `${name}:0`,
    });
    const serving_default = {
      inputs: { x: tensor('x') },
      outputs: { y: tensor('y') },
      method_name: 'tensorflow/serving/predict',
    };
    const body = {
      model_spec: { name: 'half_plus_two', signature_name: '', version: '1' },
      metadata: { signature_def: { signature_def: { serving_default } } },
    };
    for (const path of ['', '/versions/1', '/labels/stable'])
      assert.deepEqual(await get(`half_plus_two${path}/metadata`), { status: 200, body });
    const { inputs } = (await get('every_type/metadata')).body.metadata.signature_def.signature_def.serving_default;
    const dtypes = Object.values<{ dtype: string }>(inputs).map(({ dtype }) => dtype);
    assert.equal(new Set(dtypes).size, types.length);
    assert.ok(dtypes.includes('DT_UINT64') && dtypes.includes('DT_BOOL'));
  });
});
