import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import { Base64Error } from '../../src/json/base64.js';
import { JsonError } from '../../src/json/parse.js';
import { ProtocolRequestError } from '../../src/protocols/errors.js';
import { parseInference } from '../../src/protocols/open-inference/request.js';
import { tensorsOf } from '../../src/serving/model-input.js';
import type { Signature } from '../../src/support/tensor.js';
import { runs } from '../helpers/runs.js';

const refusals = [ProtocolRequestError, JsonError, Base64Error, InstancesError];
const signature: Signature = {
  inputs: [
    { name: 'x', type: 'float32', shape: [null, 2] },
    { name: 'n', type: 'int64', shape: [null] },
  ],
  outputs: [
    { name: 'y', type: 'float32', shape: [null, 3] },
    { name: 'z', type: 'float32', shape: [null] },
  ],
};
const x = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] };
const n = { name: 'n', datatype: 'INT64', shape: [2], data: [5, 6] };
const parse = (request: unknown, ...rest: [length?: string, binary?: Buffer]) => {
  const json = Buffer.from(JSON.stringify(request));
  const [length, binary = Buffer.alloc(0)] = rest;
  const jsonLength = length ?? (binary.length ? String(json.length) : undefined);
  return parseInference({ body: [json, binary], jsonLength, signature, takesImages: false });
};
const tensors = (parsed: ReturnType<typeof parse>) => tensorsOf(parsed.input);
const expected = {
  x: { type: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  n: { type: 'int64', shape: [2], data: BigInt64Array.of(5n, 6n) },
};

describe('an inference request', () => {
  it('has its elements flat or nested', () => {
    assert.deepEqual(tensors(parse({ inputs: [x, n] })), expected);
    assert.deepEqual(
      tensors(
        parse({
          inputs: [
            n,
            {
              ...x,
              data: [
                [1, 2],
                [3, 4],
              ],
            },
          ],
        }),
      ),
      expected,
    );
  });

  it('has them after the JSON, in the order of the inputs', () => {
    const binary = Buffer.concat([
      Buffer.from(Float32Array.of(1, 2, 3, 4).buffer),
      Buffer.from(BigInt64Array.of(5n, 6n).buffer),
    ]);
    const inputs = [
      { ...x, data: undefined, parameters: { binary_data_size: 16 } },
      { ...n, data: undefined, parameters: { binary_data_size: 16 } },
    ];
    assert.deepEqual(tensors(parse({ inputs }, undefined, binary)), expected);
    const mixed = parse({ inputs: [x, inputs[1]] }, undefined, binary.subarray(16));
    assert.deepEqual(tensors(mixed), expected);
  });

  it('has an id, and outputs that it asks for', () => {
    const { id, outputs } = parse({
      id: '42',
      inputs: [x, n],
      parameters: { binary_data_output: true, priority: 1 },
      outputs: [
        { name: 'z', parameters: { binary_data: false } },
        { name: 'y', parameters: { classification: 2 } },
      ],
    });
    assert.equal(id, '42');
    assert.deepEqual(outputs, [
      { name: 'z', binary: false, classes: undefined },
      { name: 'y', binary: true, classes: 2 },
    ]);
    assert.deepEqual(
      parse({ inputs: [x, n] }).outputs.map(({ name, binary }) => [name, binary]),
      [
        ['y', false],
        ['z', false],
      ],
    );
  });

  const binary = Buffer.alloc(16);
  const after = { ...x, data: undefined, parameters: { binary_data_size: 16 } };
  const refused: Record<string, [request: unknown, message: RegExp, ...rest: [length?: string, binary?: Buffer]]> = {
    'no inputs': [{}, /inputs/],
    'an empty list of inputs': [{ inputs: [] }, /^inputs must not have fewer than 1 items/],
    'an input that is missing': [{ inputs: [x] }, /"n" is missing/],
    'an input twice': [{ inputs: [x, x] }, /inputs\[1\] is a second/],
    'an unknown input': [{ inputs: [x, n, { ...x, name: 'w' }] }, /no input \("w"\). It takes "x", "n"/],
    'another datatype': [{ inputs: [{ ...x, datatype: 'FP64' }, n] }, /inputs\[0\].datatype: .* takes FP32, not FP64/],
    'an unknown datatype': [{ inputs: [{ ...x, datatype: 'FLOAT' }, n] }, /inputs\[0\].datatype must be/],
    'BYTES for numbers': [{ inputs: [{ ...x, datatype: 'BYTES' }, n] }, /takes FP32, not BYTES/],
    'another shape': [{ inputs: [{ ...x, shape: [1, 4] }, n] }, /should have the shape \(any, 2\), but has \(1, 4\)/],
    'other numbers of rows': [{ inputs: [{ ...x, shape: [1, 2], data: [1, 2] }, n] }, /rows|batch|as many/i],
    'a negative size': [{ inputs: [{ ...x, shape: [-1, 2] }, n] }, /inputs\[0\].shape\[0\] must be >= 0/],
    'a size that is no number': [{ inputs: [{ ...x, shape: ['2', 2] }, n] }, /inputs\[0\].shape\[0\] must be integer/],
    'no rows': [{ inputs: [{ ...x, shape: [0, 2], data: [] }, n] }, /no axis may be empty|array/],
    'too few elements': [{ inputs: [{ ...x, data: [1] }, n] }, /inputs\[0\].data should be an array of 4 numbers/],
    'a shape beyond counting': [{ inputs: [{ ...x, shape: [2 ** 52, 2 ** 52] }, n] }, /inputs\[0\].data/],
    'ragged elements': [
      { inputs: [{ ...x, data: [[1, 2], [3]] }, n] },
      /inputs\[0\].data\[1\] should be an array of 2/,
    ],
    'a text': [{ inputs: [{ ...x, data: [1, 2, '3', 4] }, n] }, /inputs\[0\].data\[2\] should be a number/],
    'a number that the type lacks': [
      { inputs: [x, { ...n, data: [1.5, 2] }] },
      /inputs\[1\].data\[0\] should be a whole number/,
    ],
    'a number past 2⁵³': [{ inputs: [x, { ...n, data: [2 ** 60, 2] }] }, /Binary tensor data holds all/],
    'neither data nor a size': [{ inputs: [{ ...x, data: undefined }, n] }, /should have data, or parameters/],
    'both data and a size': [
      { inputs: [{ ...after, data: x.data }, n] },
      /both data and binary_data_size/,
      undefined,
      binary,
    ],
    'a size that is none': [
      { inputs: [{ ...after, parameters: { binary_data_size: -1 } }, n] },
      /should be a number of bytes/,
    ],
    'too few bytes': [
      { inputs: [after, n] },
      /should have 16 bytes after the JSON, but there are 15/,
      undefined,
      binary.subarray(1),
    ],
    'too many bytes': [
      { inputs: [after, n] },
      /1 bytes follow the JSON that belong to no input/,
      undefined,
      Buffer.alloc(17),
    ],
    'bytes that are not the shape’s': [
      { inputs: [{ ...after, parameters: { binary_data_size: 12 } }, n] },
      /needs 16 bytes, but has 12/,
      undefined,
      Buffer.alloc(12),
    ],
    'a header beyond the body': [{ inputs: [x, n] }, /Inference-Header-Content-Length/, '100000'],
    'a header that is no number': [{ inputs: [x, n] }, /Inference-Header-Content-Length/, '1e1'],
    'a header within the JSON': [{ inputs: [x, n] }, /not valid JSON/, '10'],
    'an unknown output': [{ inputs: [x, n], outputs: [{ name: 'w' }] }, /no output \("w"\). It gives "y", "z"/],
    'an output twice': [{ inputs: [x, n], outputs: [{ name: 'y' }, { name: 'y' }] }, /outputs\[1\] is a second/],
    'classes of an output without': [
      { inputs: [x, n], outputs: [{ name: 'z', parameters: { classification: 1 } }] },
      /needs an output of two axes/,
    ],
    'a number for an id': [{ id: 1, inputs: [x, n] }, /^id must be string/],
  };
  for (const [name, [request, message, ...rest]] of Object.entries(refused)) {
    it(`is refused for ${name}`, () => {
      assert.throws(
        () => parse(request, ...rest),
        (error: Error) =>
          (refusals.some((refusal) => error instanceof refusal) && message.test(error.message)) ||
          assert.fail(String(error)),
      );
    });
  }

  it('is parsed or refused, whatever its header and body are', () => {
    const headers = fc.oneof(fc.string(), fc.nat(200).map(String), fc.constant(undefined));
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(json)),
      fc
        .record({
          inputs: fc.array(
            fc.record(
              {
                name: fc.constantFrom('x', 'n', '__proto__'),
                datatype: fc.constantFrom('FP32', 'INT64', 'FP16', 'BYTES', 'BOOL'),
                shape: fc.array(fc.oneof(fc.nat(3), fc.maxSafeInteger(), fc.double()), { maxLength: 3 }),
                parameters: fc.record({ binary_data_size: fc.oneof(fc.nat(40), fc.double(), fc.string()) }),
                data: fc.jsonValue(),
              },
              { requiredKeys: ['name'] },
            ),
            { maxLength: 3 },
          ),
          outputs: fc.array(fc.record({ name: fc.constantFrom('y', 'z', 'constructor'), parameters: fc.jsonValue() })),
        })
        .chain((request) =>
          fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.concat([Buffer.from(JSON.stringify(request)), bytes])),
        ),
    );
    fc.assert(
      fc.property(bodies, headers, fc.boolean(), (body, header, images) => {
        try {
          parseInference({ body: [body], jsonLength: header, signature, takesImages: images });
        } catch (error) {
          assert.ok(
            refusals.some((refusal) => error instanceof refusal),
            (error as Error).stack,
          );
        }
      }),
      runs(20),
    );
  });
});
