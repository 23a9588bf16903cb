/** The bodies and replies of `/predict` beside JSON: forms, CSV in batches, texts and pictures, with a model that computes in JavaScript. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { kindsOf, type ModelKinds } from '../../src/datapoints/kinds.js';
import { RawBody } from '../../src/protocols/body.js';
import type { FormPart } from '../../src/protocols/predict/form-parts.js';
import { pictureBytes } from '../../src/protocols/predict/formats.js';
import { type PredictMessage, predictProtocol } from '../../src/protocols/predict/protocol.js';
import { TaskRunner } from '../../src/protocols/task-runner.js';
import type { ServingLimits } from '../../src/serving/serving.js';
import type { Tensor, TensorInfo, Tensors } from '../../src/support/tensor.js';
import { computedModel, requestContext, servingOf } from '../helpers/computed-model.js';
import { imageOf } from '../helpers/kinds.js';

const info = (name: string, ...shape: (number | null)[]): TensorInfo => ({
  name,
  type: 'float32',
  shape: [null, ...shape],
});
const protocol = predictProtocol(1000);
const tensor = { kind: 'tensor', spec: null };
const doubled = ({ x }: Tensors): Tensors => ({
  y: { ...x!, data: (x!.data as Float32Array).map((value) => 2 * value) } as Tensor,
});
const columns = [{ name: 'a' }, { name: 'b' }];
const kinds: ModelKinds = { inputs: { x: { kind: 'table', spec: { columns } } }, outputs: { y: tensor } };
/** A table to twice its numbers, and how many rows it was given at a time. */
function tableModel(given: Partial<ServedModel> & { batchDependent?: boolean } = {}) {
  const runs: number[] = [];
  const model = computedModel(
    (inputs) => {
      runs.push(inputs.x!.shape[0]!);
      return doubled(inputs);
    },
    { inputs: [info('x', 2)], outputs: [info('y', 2)], kinds, ...given },
  );
  return { model, runs };
}

async function answer(
  message: Omit<Partial<PredictMessage>, 'body'> & { body: Buffer | FormPart[] },
  model: ServedModel,
  limits: Partial<ServingLimits> = {},
) {
  const serving = servingOf(model, limits, {
    preprocess: async (bytes, { size: [height, width], channels = 3 }) => ({
      type: 'uint8',
      shape: [height, width, channels],
      source: { height: 2 * height, width: 2 * width },
      data: new Uint8Array(height * width * channels).fill(bytes[0]!),
    }),
  });
  const { context, memory } = requestContext();
  const asked: number[] = [];
  const { body, ...rest } = message;
  const sent = Array.isArray(body)
    ? {
        parts: async (most: number) => {
          asked.push(most);
          return body;
        },
      }
    : new RawBody([new Uint8Array(body)], body.length);
  const reply = await protocol.answer(
    { serving, tasks: new TaskRunner() },
    protocol.lease(serving, {}),
    { mediaType: 'application/json', topK: undefined, ...rest, body: sent },
    context,
  );
  return {
    contentType: reply.contentType,
    bytes: Buffer.concat(reply.body),
    timings: context.timings,
    reserved: memory.reserved,
    asked,
  };
}
const part = (name: string, text: string, more: Partial<FormPart> = {}): FormPart => ({
  name,
  bytes: new Uint8Array(Buffer.from(text)),
  isFile: false,
  ...more,
});
const jsonOf = ({ bytes }: { bytes: Buffer }) => JSON.parse(bytes.toString());

describe('a form to /predict', () => {
  it('is one datapoint', async () => {
    const { model, runs } = tableModel();
    const reply = await answer({ mediaType: 'multipart/form-data', body: [part('a', '1'), part('b', '2')] }, model);
    assert.deepEqual(jsonOf(reply), { predictions: [2, 4], success: true });
    assert.deepEqual([runs, reply.asked], [[1], [3 + 8]]);
    assert.ok(reply.timings.decode! >= 0);
  });

  it('may be a file of CSV', async () => {
    const { model } = tableModel();
    const file = part('file', 'b,a\n1,2\n3,4\n', { isFile: true });
    const reply = await answer({ mediaType: 'multipart/form-data', body: [file] }, model);
    assert.deepEqual(jsonOf(reply).predictions, [
      [4, 2],
      [8, 6],
    ]);
  });

  it('may be encoded', async () => {
    const { model } = tableModel();
    const body = Buffer.from('a=1&b=2');
    const reply = await answer({ mediaType: 'application/x-www-form-urlencoded', body }, model);
    assert.deepEqual(jsonOf(reply).predictions, [2, 4]);
  });
});

describe('CSV to /predict', () => {
  const csvOf = (rows: number) =>
    Buffer.from(['a,b', ...Array.from({ length: rows }, (_, row) => `${row},1`), ''].join('\n'));
  const csv = (rows: number) => ({ mediaType: 'text/csv', body: csvOf(rows) });

  it('is a list, of one row too', async () => {
    const { model } = tableModel();
    assert.deepEqual(jsonOf(await answer(csv(1), model)), { predictions: [[0, 2]], success: true });
  });

  it('is run in batches that are one reply', async () => {
    const { model, runs } = tableModel();
    const reply = await answer(csv(7), model, { maxRows: 3 });
    assert.deepEqual(jsonOf(reply), {
      predictions: Array.from({ length: 7 }, (_, row) => [2 * row, 2]),
      success: true,
    });
    assert.deepEqual(runs, [3, 3, 1]);
    const text = (await answer({ ...csv(7), accept: 'text/csv' }, model, { maxRows: 3 })).bytes.toString();
    assert.deepEqual(text.split('\r\n'), ['y[0],y[1]', ...Array.from({ length: 7 }, (_, row) => `${2 * row},2`), '']);
  });

  it('is run at once where rows depend on each other, and is no longer than that may be', async () => {
    const { model, runs } = tableModel({ batchDependent: true });
    await answer(csv(3), model, { maxRows: 3 });
    assert.deepEqual(runs, [3]);
    await assert.rejects(answer(csv(4), model, { maxRows: 3 }), { code: 'content_too_large' });
  });

  it('is answered within the limit of a reply', async () => {
    const { model, runs } = tableModel();
    await assert.rejects(answer(csv(40), model, { maxRows: 10, maxReplySize: 100 }), { code: 'content_too_large' });
    assert.ok(runs.length > 1 && runs.length < 4, runs.join());
    await assert.rejects(answer(csv(4), model, { maxReplySize: 15 }), { code: 'content_too_large' });
    assert.equal(
      (await answer({ ...csv(1), accept: 'text/csv' }, model)).contentType,
      'text/csv; charset=utf-8; header=present',
    );
  });
});

describe('a version of /predict', () => {
  it('is a whole number', () => {
    const { model } = tableModel();
    const serving = servingOf(model);
    assert.equal(protocol.lease(serving, { name: 'model', version: '1' }).version, 1);
    assert.throws(() => protocol.lease(serving, { name: 'model', version: 'one' }), {
      code: 'model_version_unknown',
      message: 'A version is a whole number.',
    });
    assert.throws(() => protocol.lease(serving, { name: 'model', version: '2' }), { code: 'model_version_unknown' });
  });
});

describe('pictures of /predict', () => {
  const image = imageOf([2, 3]);
  const outputs = [info('mask', 2, 3, 1), info('sort', 2)];
  const { kinds } = kindsOf(
    { signature: { inputs: [info('x', 2, 3, 1)], outputs }, hints: {} },
    { outputs: { mask: { kind: 'mask' }, sort: { kind: 'classes' } } },
  );
  const model = computedModel(
    ({ x }) => ({
      mask: {
        type: 'float32',
        shape: [x!.shape[0]!, 2, 3, 1],
        data: Float32Array.from(x!.data as Uint8Array, (value) => value / 255),
      },
      sort: { type: 'float32', shape: [x!.shape[0]!, 2], data: new Float32Array(2 * x!.shape[0]!).fill(0.5) },
    }),
    { inputs: [info('x', 2, 3, 1)], outputs, kinds: { ...kinds, inputs: { x: { ...image } } } },
  );
  const file = { mediaType: 'image/png', body: Buffer.of(255) };
  const sizeOf = (png: Buffer) => [png.readUInt32BE(20), png.readUInt32BE(16)];

  it('are files where they are asked for', async () => {
    const { contentType, bytes } = await answer({ ...file, accept: 'image/png' }, model);
    assert.equal(contentType, 'image/png');
    assert.deepEqual([bytes.subarray(1, 4).toString(), sizeOf(bytes)], ['PNG', [2, 3]]);
    const { length } = bytes;
    await answer({ ...file, accept: 'image/png' }, model, { maxReplySize: length });
    await assert.rejects(answer({ ...file, accept: 'image/png' }, model, { maxReplySize: length - 1 }), {
      code: 'content_too_large',
    });
  });

  it('are what they cost of memory', async () => {
    const one = pictureBytes(model, outputs, 1, undefined);
    // Numbers of the model, and each byte of the picture five times.
    assert.equal(one, 2 * 3 * 4 + 2 * 3 * 5);
    assert.equal(pictureBytes(model, outputs, 3, undefined), 3 * one);
    assert.equal(pictureBytes(model, outputs.slice(1), 3, undefined), 0);
    const sources = [
      { height: 4, width: 6 },
      { height: 20, width: 30 },
    ];
    const [small, large] = sources.map((source) => pictureBytes(model, outputs, 1, [source]));
    assert.ok(small! >= 2 * 3 * 4 + 4 * 6 * 5 && large! >= 2 * 3 * 4 + 20 * 30 * 5);
    assert.equal(pictureBytes(model, outputs, 2, sources), small! + large!);
    const { reserved } = await answer(file, model);
    assert.equal(reserved, one);
  });
});
