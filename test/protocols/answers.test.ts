/** The way through each protocol, from a message to its reply, with a model that computes in JavaScript. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { RawBody } from '../../src/protocols/body.js';
import { openInference } from '../../src/protocols/open-inference/protocol.js';
import { imageTooLarge, type PredictMessage, predictProtocol } from '../../src/protocols/predict/protocol.js';
import type { Reply } from '../../src/protocols/protocol.js';
import { TaskRunner } from '../../src/protocols/task-runner.js';
import { tensorFlowServing } from '../../src/protocols/tensorflow-serving/protocol.js';
import type { ServingLimits } from '../../src/serving/serving.js';
import type { Tensor, TensorInfo } from '../../src/support/tensor.js';
import { computedModel, requestContext, servingOf } from '../helpers/computed-model.js';
import { imageOf } from '../helpers/kinds.js';

const info = (name: string, ...shape: (number | null)[]): TensorInfo => ({ name, type: 'float32', shape });
const signature = { inputs: [info('x', null, 3)], outputs: [info('y', null, 3)] };
const doubled = ({ x }: Record<string, Tensor>) => ({
  y: { ...x!, data: (x!.data as Float32Array).map((value) => 2 * value) },
});
const named = { kind: 'classes', spec: { labels: ['a', ['n1', 'b'], 'c'], count: 3, logits: false } };
const unnamed = { kind: 'classes', spec: { labels: [], count: 3, logits: false } };
const tensor = { kind: 'tensor', spec: null };
const image = imageOf([1, 3]);

const model = (given: Partial<ServedModel> = {}) => computedModel(doubled, { ...signature, ...given });
/** A model of images whose outputs are the pixels. */
const pictures = (output: object = unnamed, rawInputs = ['x']) =>
  model({
    inputs: [info('x', null, 1, 3, 1)],
    kinds: { inputs: { x: image }, outputs: { y: output as never } },
    // Nothing names what isn't named.
    assumptions: output === unnamed ? [{ key: 'outputs.y.labels', value: null, basis: '', certainty: 'guess' }] : [],
    predict: async ({ x }, { raw } = {}) => {
      assert.deepEqual(raw, rawInputs);
      const pixels = x!.data as Uint8Array;
      return {
        outputs: { y: { type: 'float32', shape: [pixels.length / 3, 3], data: Float32Array.from(pixels) } },
        timings: { queue: 0, inference: 0 },
      };
    },
  });
const bodyOf = (given: unknown = '') => {
  const bytes = new Uint8Array(Buffer.isBuffer(given) ? given : Buffer.from(JSON.stringify(given)));
  return new RawBody([bytes], bytes.length);
};
const partsOf = (served: ServedModel, limits: Partial<ServingLimits> = {}) => ({
  tasks: new TaskRunner(),
  serving: servingOf(served, limits, {
    preprocess: async (bytes) => ({
      shape: [1, 3, 1],
      source: { height: 1, width: 3 },
      type: 'uint8',
      data: Uint8Array.from(bytes.subarray(0, 3)),
    }),
  }),
});
const textOf = ({ body }: Reply) => Buffer.concat(body).toString();
const base64 = (...bytes: number[]) => Buffer.from(bytes).toString('base64');

describe('/predict', () => {
  const protocol = predictProtocol(4);
  const answer = async (message: Partial<PredictMessage> & { given?: unknown }, served = model(), limits = {}) => {
    const parts = partsOf(served, limits);
    const { context } = requestContext();
    const { given, ...rest } = message;
    const body = bodyOf(given);
    const reply = await protocol.answer(
      parts,
      protocol.lease(parts.serving, {}),
      { mediaType: 'application/json', body, topK: undefined, ...rest },
      context,
    );
    assert.equal(reply.contentType, 'application/json; charset=utf-8');
    return { predictions: JSON.parse(textOf(reply)).predictions, timings: context.timings };
  };
  const labels = model({ kinds: { inputs: { x: tensor }, outputs: { y: named as never } } });

  it('answers JSON, and tells how long reading took', async () => {
    const { predictions, timings } = await answer({ given: { instances: [[1, 2, 3]] } });
    assert.deepEqual(predictions, [[2, 4, 6]]);
    assert.ok(timings.decode! >= 0 && timings.decode! < 10_000);
    const octets = await answer({ given: [[1, 2, 3]], mediaType: 'application/octet-stream' });
    assert.deepEqual(octets.predictions, [[2, 4, 6]]);
  });

  it('answers a body that is an image, a form with one, and images in JSON', async () => {
    const expected = [
      { label: '2', probability: 3 },
      { label: '1', probability: 2 },
      { label: '0', probability: 1 },
    ];
    const part = { name: 'image', bytes: Uint8Array.of(1, 2, 3), isFile: true };
    const form = { parts: async () => [part] };
    const file = Buffer.of(1, 2, 3);
    assert.deepEqual((await answer({ given: file, mediaType: 'image/png' }, pictures())).predictions, expected);
    assert.deepEqual((await answer({ body: form }, pictures())).predictions, expected);
    assert.deepEqual((await answer({ given: { image: base64(1, 2, 3) } }, pictures())).predictions, expected);
    const several = { instances: [{ b64: base64(1, 2, 3) }, { b64: base64(1, 2, 3) }] };
    assert.deepEqual((await answer({ given: several }, pictures())).predictions, [expected, expected]);
    assert.deepEqual((await answer({ body: form }, pictures(tensor))).predictions, [1, 2, 3]);
    await assert.rejects(answer({ body: form }), {
      code: 'model_takes_no_images',
      message: /^This model takes no images/,
    });
  });

  it('gives labels for numbers too, with names or without', async () => {
    const outputs = { y: unnamed, z: named } as never;
    const two = computedModel(({ x }) => ({ ...doubled({ x: x! }), z: x! }), {
      inputs: signature.inputs,
      outputs: [info('y', null, 3), info('z', null, 3)],
      kinds: { inputs: { x: tensor }, outputs },
    });
    const { predictions } = await answer({ given: [[1, 2, 3]], topK: 1 }, two);
    assert.deepEqual(predictions, [{ y: [{ label: '2', probability: 6 }], z: [{ label: 'c', probability: 3 }] }]);
    assert.deepEqual((await answer({ given: [[1, 2, 3]] }, labels)).predictions[0][1], { label: 'b', probability: 4 });
    const pixels = { image: [[[1], [2], [3]]] };
    const asNumbers = pictures(unnamed, []);
    assert.deepEqual((await answer({ given: pixels, topK: 1 }, asNumbers)).predictions, [
      { label: '2', probability: 3 },
    ]);
  });

  it('answers one datapoint by input name with its prediction alone', async () => {
    assert.deepEqual((await answer({ given: { x: [1, 2, 3] } })).predictions, [2, 4, 6]);
    assert.deepEqual((await answer({ given: { x: [[1, 2, 3]] } })).predictions, [[2, 4, 6]]);
    assert.deepEqual((await answer({ given: { inputs: { x: [[1, 2, 3]] } } })).predictions, [[2, 4, 6]]);
  });

  it('gives as many labels as are asked for, five where none are', async () => {
    const count = async (topK: number | undefined, classes: number) => {
      const outputs = { y: { kind: 'classes', spec: { labels: [], count: classes, logits: false } } };
      const served = computedModel(({ x }) => ({ y: x! }), {
        inputs: [info('x', null, classes)],
        outputs: [info('y', null, classes)],
        kinds: { inputs: { x: tensor }, outputs: outputs as never },
      });
      return (await answer({ given: [Array(classes).fill(1)], topK }, served)).predictions[0].length;
    };
    const cases: [topK: number | undefined, classes: number, labels: number][] = [
      [undefined, 3, 3],
      [undefined, 7, 5],
      [1, 7, 1],
      [7, 7, 7],
    ];
    for (const [topK, classes, expected] of cases) assert.equal(await count(topK, classes), expected);
    await assert.rejects(count(8, 7), {
      code: 'query_invalid',
      message: '"top_k" must be <= 7, the number of classes.',
    });
    await assert.rejects(answer({ given: [[1, 2, 3]], topK: 1 }), {
      code: 'query_invalid',
      message: '"top_k" is for models that have labels, and this one has none.',
    });
  });

  it('refuses image files that are larger than they may be', async () => {
    const file = (size: number) => ({ given: Buffer.alloc(size), mediaType: 'image/png' });
    await answer(file(4), pictures());
    await assert.rejects(answer(file(5), pictures()), { code: 'content_too_large', message: imageTooLarge(4) });
    const mixed = { given: [{ b64: base64(1, 2, 3) }, { b64: base64(1, 2, 3, 4, 5) }] };
    await assert.rejects(answer(mixed, pictures()), { code: 'content_too_large' });
    assert.equal(imageTooLarge(2 ** 20), 'The image is larger than 1 MB, the most that this server takes.');
  });

  it('counts the elements of tensors in the reply, not those of labels', async () => {
    const given = { given: [[1, 2, 3]] };
    await assert.rejects(answer(given, model(), { maxReplySize: 5 }), { code: 'content_too_large' });
    // Labels take more than the five bytes too, but that is told once they are written.
    await assert.rejects(answer(given, labels, { maxReplySize: 5 }), { code: 'content_too_large' });
    let runs = 0;
    const counted = (served: ServedModel) => ({
      ...served,
      predict: (...call: Parameters<ServedModel['predict']>) => {
        runs++;
        return served.predict(...call);
      },
    });
    await assert.rejects(answer(given, counted(model()), { maxReplySize: 5 }));
    assert.equal(runs, 0);
    await assert.rejects(answer(given, counted(labels), { maxReplySize: 5 }));
    assert.equal(runs, 1);
  });
});

describe('TensorFlow Serving’s predict', () => {
  const answer = async (given: unknown, served = model(), limits = {}) => {
    const parts = partsOf(served, limits);
    const lease = tensorFlowServing.lease(parts.serving, { model: 'model', version: '1' });
    return tensorFlowServing.answer(parts, lease, { body: bodyOf(given) }, requestContext().context);
  };

  it('answers in the format of the request', async () => {
    const reply = await answer({ instances: [[1, 2, 3]] });
    assert.deepEqual(
      [reply.contentType, textOf(reply)],
      ['application/json; charset=utf-8', '{"predictions":[[2,4,6]]}'],
    );
    assert.equal(textOf(await answer({ inputs: [[1, 2, 3]] })), '{"outputs":[[2,4,6]]}');
    assert.equal(
      textOf(await answer({ instances: [{ b64: base64(1, 2, 3) }] }, pictures())),
      '{"predictions":[[1,2,3]]}',
    );
    await assert.rejects(answer({ instances: [{ b64: base64(1) }] }), { message: /the model doesn't take images/ });
    await assert.rejects(answer({ instances: [[1, 2, 3]] }, model(), { maxReplySize: 10 }), {
      code: 'content_too_large',
    });
  });
});

describe('the Open Inference Protocol’s infer', () => {
  const x = { name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] };
  const answer = async (given: unknown, served = model(), jsonLength?: string, limits = {}) => {
    const parts = partsOf(served, limits);
    const lease = openInference.lease(parts.serving, { model: 'model' });
    const message = { modelName: 'MODEL', jsonLength, body: bodyOf(given) };
    return openInference.answer(parts, lease, message, requestContext().context);
  };
  const head = '{"model_name":"MODEL","model_version":"1","outputs":[{"name":"y","datatype":';

  it('answers in JSON', async () => {
    const reply = await answer({ inputs: [x] });
    assert.deepEqual(
      [reply.contentType, reply.headers, textOf(reply)],
      ['application/json; charset=utf-8', undefined, `${head}"FP32","shape":[1,3],"data":[2,4,6]}]}`],
    );
    const id = textOf(await answer({ id: '7', inputs: [x] }));
    assert.ok(id.startsWith('{"model_name":"MODEL","model_version":"1","id":"7","outputs":['), id);
  });

  it('answers in bytes after the JSON, whose length a header tells', async () => {
    const { contentType, headers, body } = await answer({ inputs: [x], parameters: { binary_data_output: true } });
    const json = `${head}"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}]}`;
    assert.equal(contentType, 'application/octet-stream');
    assert.deepEqual(headers, { 'inference-header-content-length': json.length });
    const bytes = Buffer.concat(body);
    assert.equal(bytes.subarray(0, json.length).toString(), json);
    assert.deepEqual(bytes.subarray(json.length), Buffer.from(Float32Array.of(2, 4, 6).buffer));
  });

  it('reads bytes after the JSON', async () => {
    const json = Buffer.from(
      JSON.stringify({ inputs: [{ ...x, data: undefined, parameters: { binary_data_size: 12 } }] }),
    );
    const body = Buffer.concat([json, Buffer.from(Float32Array.of(1, 2, 3).buffer)]);
    assert.match(textOf(await answer(body, model(), String(json.length))), /"data":\[2,4,6\]/);
  });

  it('answers with classes by the labels of the card', async () => {
    const outputs = [{ name: 'y', parameters: { classification: 2 } }];
    const files = { inputs: [{ name: 'x', datatype: 'BYTES', shape: [1], data: [base64(1, 3, 2)] }], outputs };
    const classes = (texts: string[]) => `${head}"BYTES","shape":[1,2],"data":${JSON.stringify(texts)}}]}`;
    assert.equal(textOf(await answer(files, pictures(named))), classes(['3:1:b', '2:2:c']));
    assert.equal(textOf(await answer(files, pictures())), classes(['3:1', '2:2']));
    assert.equal(textOf(await answer({ inputs: [x], outputs })), classes(['6:2', '4:1']));
  });

  it('counts the elements in the reply, not those that classes are made of', async () => {
    const limits = { maxReplySize: 5 };
    const run = { predict: () => Promise.reject(new Error('it was run')) };
    await assert.rejects(answer({ inputs: [x] }, model(run), undefined, limits), { code: 'content_too_large' });
    const outputs = [{ name: 'y', parameters: { classification: 2 } }];
    await assert.rejects(answer({ inputs: [x], outputs }, model(run), undefined, limits), { message: 'it was run' });
    await assert.rejects(answer({ inputs: [x] }, model(), undefined, { maxReplySize: 20 }), {
      code: 'content_too_large',
    });
  });

  it('has labels of an output whose numbers are as many', async () => {
    const binary = { kind: 'binary', spec: { labels: ['no', 'yes'], count: 2, threshold: 0.5 } };
    const one = model({
      outputs: [info('y', null, 1)],
      kinds: { inputs: { x: tensor }, outputs: { y: binary } },
      predict: async () => ({
        outputs: { y: { type: 'float32', shape: [1, 1], data: Float32Array.of(0.75) } },
        timings: { queue: 0, inference: 0 },
      }),
    });
    const outputs = [{ name: 'y', parameters: { classification: 1 } }];
    assert.match(textOf(await answer({ inputs: [x], outputs }, one)), /"data":\["0\.75:0"\]/);
  });

  it('answers with some outputs as classes or bytes, and others as numbers', async () => {
    const both = model({
      outputs: [info('y', null, 3), info('z', null, 2)],
      kinds: { inputs: { x: tensor }, outputs: { y: named, z: tensor } } as never,
      predict: async () => ({
        outputs: {
          y: { type: 'float32', shape: [1, 3], data: Float32Array.of(1, 3, 2) },
          z: { type: 'float32', shape: [1, 2], data: Float32Array.of(4, 5) },
        },
        timings: { queue: 0, inference: 0 },
      }),
    });
    const asked = (y: object, z: object) => [
      { name: 'y', parameters: y },
      { name: 'z', parameters: z },
    ];
    const limits = { maxReplySize: 200 };
    const ofClasses = await answer({ inputs: [x], outputs: asked({ classification: 1 }, {}) }, both, undefined, limits);
    // Of several outputs none has labels.
    assert.deepEqual(
      JSON.parse(textOf(ofClasses)).outputs.map(({ data }: { data: unknown }) => data),
      [['3:1'], [4, 5]],
    );
    const bytes = await answer({ inputs: [x], outputs: asked({ binary_data: true }, {}) }, both);
    const [json, rest] = [bytes.body.slice(0, -1), bytes.body.at(-1)!];
    assert.deepEqual(
      JSON.parse(Buffer.concat(json).toString()).outputs.map(({ data }: { data?: unknown }) => data),
      [undefined, [4, 5]],
    );
    assert.deepEqual(new Float32Array(rest.slice().buffer), Float32Array.of(1, 3, 2));
    const run = { predict: () => Promise.reject(new Error('it was run')) };
    const few = { maxReplySize: 5 };
    const outputs = asked({ classification: 1 }, { classification: 1 });
    await assert.rejects(answer({ inputs: [x], outputs }, { ...both, ...run }, undefined, few), {
      message: 'it was run',
    });
    await assert.rejects(
      answer({ inputs: [x], outputs: asked({}, { classification: 1 }) }, { ...both, ...run }, undefined, few),
      { code: 'content_too_large' },
    );
    await assert.rejects(
      answer({ inputs: [x], outputs: [{ name: 'z' }] }, { ...both, ...run }, undefined, { maxReplySize: 4 }),
      { message: 'it was run' },
    );
  });
});
