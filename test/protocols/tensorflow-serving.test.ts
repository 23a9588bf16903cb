import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InstancesError } from '../../src/catalog/json-tensor.js';
import { Base64Error } from '../../src/json/base64.js';
import { JsonError } from '../../src/json/parse.js';
import { ProtocolRequestError } from '../../src/protocols/errors.js';
import { parsePredict, writePredict } from '../../src/protocols/tensorflow-serving.js';
import type { Signature, TensorInfo } from '../../src/tensor.js';

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
      const { images } = input as { images: Uint8Array[] };
      assert.deepEqual(
        images.map((image) => Buffer.from(image).toString()),
        ['file'],
      );
    }
  });

  it('may call an input instances', () => {
    const signature = { inputs: [{ name: 'instances', type: 'int32', shape: [null] } as TensorInfo], outputs: [] };
    for (const body of ['{"instances": [1, 2]}', '{"inputs": {"instances": [1, 2]}}']) {
      const { input } = parse(body, signature, false);
      assert.deepEqual(input, { tensors: { instances: { type: 'int32', shape: [2], data: Int32Array.of(1, 2) } } });
    }
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
      { numRuns: 2000 },
    );
  });
});

describe('the reply to a predict request', () => {
  const text = (...request: Parameters<typeof writePredict>) => Buffer.concat(writePredict(...request)).toString();
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
  });
});
