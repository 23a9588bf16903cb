import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import { maxImages } from '../../src/datapoints/kinds/image.js';
import { Base64Error } from '../../src/json/base64.js';
import { JsonError } from '../../src/json/parse.js';
import { ProtocolRequestError } from '../../src/protocols/errors.js';
import { parsePredict, writePredict } from '../../src/protocols/tensorflow-serving/messages.js';
import { filesOf, tensorsOf } from '../../src/serving/model-input.js';
import type { Signature, TensorInfo } from '../../src/support/tensor.js';
import { runs } from '../helpers/runs.js';

const image: Signature = {
  inputs: [{ name: 'image', type: 'float32', shape: [null, 2, 2, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 3] }],
};
const parse = (text: string, signature = image, takesImages = true) =>
  parsePredict({ body: [Buffer.from(text)], signature, takesImages });
const png = Buffer.from('file').toString('base64');

describe('a predict request', () => {
  it('has image files wherever a row or an input may be', () => {
    const bodies = [
      { instances: [{ b64: png }] },
      { instances: [{ image: { b64: png } }] },
      { inputs: { b64: png } },
      { inputs: [{ b64: png }] },
      { inputs: { image: { b64: png } } },
      { inputs: { image: [{ b64: png }] } },
    ];
    for (const body of bodies) {
      const { format, input } = parse(JSON.stringify(body));
      assert.equal(format, 'instances' in body ? 'row' : 'column');
      assert.deepEqual(Object.keys(input), ['image']);
      assert.deepEqual(
        filesOf(input).map((image) => Buffer.from(image).toString()),
        ['file'],
      );
    }
  });

  it('may call an input instances', () => {
    const signature = { inputs: [{ name: 'instances', type: 'int32', shape: [null] } as TensorInfo], outputs: [] };
    for (const body of ['{"instances": [1, 2]}', '{"inputs": {"instances": [1, 2]}}']) {
      const { input } = parse(body, signature, false);
      assert.deepEqual(input, { instances: { tensor: { type: 'int32', shape: [2], data: Int32Array.of(1, 2) } } });
    }
  });

  const two: Signature = {
    inputs: [
      { name: 'a', type: 'float32', shape: [null] },
      { name: 'b', type: 'float32', shape: [null] },
    ],
    outputs: [],
  };
  const one: Signature = { ...two, inputs: two.inputs.slice(0, 1) };
  const tensorsIn = (body: object, signature: Signature) =>
    Object.entries(tensorsOf(parse(JSON.stringify(body), signature, false).input)).map(([name, { data }]) => [
      name,
      Array.from(data, Number),
    ]);

  it('has rows or whole inputs, of one input or several, by the one signature', () => {
    const a = [['a', [1, 2]]];
    const both = [...a, ['b', [3, 4]]];
    for (const signature_name of [undefined, '', 'serving_default']) {
      assert.deepEqual(tensorsIn({ signature_name, instances: [1, 2] }, one), a);
      assert.deepEqual(tensorsIn({ signature_name, inputs: [1, 2] }, one), a);
    }
    assert.deepEqual(tensorsIn({ instances: [{ a: 1 }, { a: 2 }] }, one), a);
    assert.deepEqual(tensorsIn({ inputs: { a: [1, 2] } }, one), a);
    assert.deepEqual(
      tensorsIn(
        {
          instances: [
            { a: 1, b: 3 },
            { a: 2, b: 4 },
          ],
        },
        two,
      ),
      both,
    );
    assert.deepEqual(tensorsIn({ inputs: { a: [1, 2], b: [3, 4] } }, two), both);
    const nonFinite = [['a', [Number.NaN, Number.NEGATIVE_INFINITY]]];
    for (const text of [
      '{"instances": [NaN, -Infinity]}',
      '{"inputs": [NaN, -Infinity]}',
      '{"inputs": {"a": [NaN, -Infinity]}}',
    ])
      assert.deepEqual(
        Object.entries(tensorsOf(parse(text, one, false).input)).map(([name, { data }]) => [name, [...data]]),
        nonFinite,
      );
    const chunks = ['{"inst', 'ances": [1, 2]}'].map((text) => Buffer.from(text));
    assert.deepEqual(
      tensorsOf(parsePredict({ body: chunks, signature: one, takesImages: false }).input).a!.data,
      Float32Array.of(1, 2),
    );
  });

  const many = Array(maxImages + 1).fill({ b64: '' });
  const refused: [message: string, text: string | object, signature?: Signature, takesImages?: boolean][] = [
    ['JSON Parse error: The document is empty', ''],
    ['JSON Value: Is not object', '[1]'],
    ['JSON Value: Is not object', 'null'],
    ["'signature_name' key must be a string value.", { signature_name: 1, instances: [1] }],
    [
      `Serving signature name: "${'a'.repeat(80)}" not found in signature def`,
      { signature_name: 'a'.repeat(81), instances: [1] },
    ],
    [
      "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist",
      { instances: [1], inputs: [1] },
    ],
    ["Missing 'inputs' or 'instances' key", {}],
    ["Expecting 'instances' to be a list/array", { instances: { a: 1 } }],
    ["No values in 'instances' array", { instances: [] }],
    [
      'inputs is a plain value/list, but expecting an object as multiple input tensors required',
      { inputs: [1, 2] },
      two,
      false,
    ],
    ["instances holds binary data, but the model doesn't take images.", { instances: [{ b64: png }] }, image, false],
    ["inputs holds binary data, but the model doesn't take images.", { inputs: { b64: png } }, image, false],
    [`One request can have ${maxImages} images: instances has ${maxImages + 1}.`, { instances: many }],
    ['instances[1] should be {"b64": "<base64>"} like the first.', { instances: [{ b64: png }, 1] }],
    ['inputs[1] should be {"b64": "<base64>"} like the first.', { inputs: [{ b64: png }, { b64: 1 }] }],
    ['instances[1] should be {"b64": "<base64>"} like the first.', { instances: [{ b64: png }, { b64: png, n: 1 }] }],
    [
      'instances[1].b64 is not base64. Send the base64 text of the file, or a data URL.',
      { instances: [{ b64: png }, { image: { b64: '!' } }] },
    ],
    ['instances[0].b64 is no input. The inputs are "a".', { instances: [{ b64: 1, n: 2 }] }, one, false],
  ];
  for (const [message, text, ...rest] of refused)
    it(`is refused: ${message.slice(0, 100)} ${JSON.stringify(text).slice(0, 60)}`, () => {
      assert.throws(() => parse(typeof text === 'string' ? text : JSON.stringify(text), ...rest), { message });
    });

  it('has as many images as there may be', () => {
    const { input } = parse(JSON.stringify({ instances: many.slice(1) }));
    assert.equal(filesOf(input).length, maxImages);
  });

  it('is parsed or refused, whatever it is', () => {
    const refusals = [ProtocolRequestError, JsonError, Base64Error, InstancesError];
    const value = fc.oneof(
      fc.jsonValue(),
      fc.array(
        fc.array(fc.array(fc.tuple(fc.double()), { minLength: 2, maxLength: 2 }), { minLength: 2, maxLength: 2 }),
      ),
      fc.array(fc.record({ b64: fc.oneof(fc.base64String(), fc.string(), fc.integer()) })),
      fc.dictionary(fc.constantFrom('image', 'b64', 'instances', '__proto__'), fc.jsonValue()),
    );
    const body = fc.record(
      { instances: value, inputs: value, signature_name: fc.oneof(fc.constant('serving_default'), fc.jsonValue()) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          body.map((json) => JSON.stringify(json)),
          fc.json(),
          fc.string(),
        ),
        fc.boolean(),
        (text, images) => {
          try {
            parse(text, image, images);
          } catch (error) {
            assert.ok(
              refusals.some((refusal) => error instanceof refusal),
              (error as Error).stack,
            );
          }
        },
      ),
      runs(20),
    );
  });
});

describe('the reply to a predict request', () => {
  const text = (request: Omit<Parameters<typeof writePredict>[0], 'maxSize'>) =>
    Buffer.concat(writePredict({ ...request, maxSize: 2 ** 30 })).toString();
  const a: TensorInfo = { name: 'a', type: 'int64', shape: [null, 2] };
  const b: TensorInfo = { name: 'b', type: 'float32', shape: [null] };
  const outputs = {
    a: { type: 'int64', shape: [2, 2], data: BigInt64Array.of(1n, 2n ** 60n + 1n, 3n, 4n) },
    b: { type: 'float32', shape: [2], data: Float32Array.of(0.5, Number.NaN) },
  } as const;

  it('is in the format of the request, of one output or several', () => {
    const infos = [b, a];
    const both = { outputs: { ...outputs } as never, infos };
    assert.equal(
      text({ ...both, format: 'row' }),
      '{"predictions":[{"b":0.5,"a":[1,1152921504606846977]},{"b":NaN,"a":[3,4]}]}',
    );
    assert.equal(
      text({ ...both, format: 'column' }),
      '{"outputs":{"b":[0.5,NaN],"a":[[1,1152921504606846977],[3,4]]}}',
    );
    assert.equal(text({ ...both, infos: [b], format: 'row' }), '{"predictions":[0.5,NaN]}');
    assert.equal(text({ ...both, infos: [b], format: 'column' }), '{"outputs":[0.5,NaN]}');
  });

  it('has no rows where the outputs have none in common', () => {
    const one = { ...outputs, b: { type: 'float32', shape: [1], data: Float32Array.of(1) } } as never;
    assert.throws(
      () => text({ outputs: one, infos: [a, b], format: 'row' }),
      /no rows in common: ask in column format/,
    );
    assert.equal(text({ outputs: one, infos: [a, b], format: 'column' }).startsWith('{"outputs":{"a":'), true);
    const scalar = { b: { type: 'float32', shape: [], data: Float32Array.of(1) } } as never;
    assert.throws(() => text({ outputs: scalar, infos: [b], format: 'row' }), /no rows in common/);
    assert.equal(text({ outputs: scalar, infos: [b], format: 'column' }), '{"outputs":1}');
  });

  it('ends where it would be larger than it may be', () => {
    const given = { outputs: { ...outputs } as never, infos: [b], format: 'row' } as const;
    const { length } = text(given);
    assert.equal(Buffer.concat(writePredict({ ...given, maxSize: length })).length, length);
    assert.throws(() => writePredict({ ...given, maxSize: length - 1 }), { code: 'content_too_large' });
  });
});
