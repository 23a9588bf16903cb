/** Inference requests with image files, and the words in which requests are refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maxImages } from '../../src/datapoints/kinds/image.js';
import { bytesOfTexts } from '../../src/protocols/open-inference/binary-tensors.js';
import { parseInference } from '../../src/protocols/open-inference/request.js';
import { filesOf } from '../../src/serving/model-input.js';
import type { Signature, TensorInfo } from '../../src/support/tensor.js';

const info = (name: string, ...shape: (number | null)[]): TensorInfo => ({ name, type: 'float32', shape });
const pictures: Signature = { inputs: [info('x', null, 1, 2, 1)], outputs: [info('y', null, 3)] };
const parse = (request: object, binary: Buffer = Buffer.alloc(0), signature = pictures, takesImages = true) => {
  const json = Buffer.from(JSON.stringify(request));
  const jsonLength = binary.length > 0 ? String(json.length) : undefined;
  return parseInference({ body: [json, binary], jsonLength, signature, takesImages });
};
const base64 = (text: string) => Buffer.from(text).toString('base64');
const images = { name: 'x', datatype: 'BYTES', shape: [2], data: [base64('a'), base64('b')] };

describe('an inference request with images', () => {
  const texts = (request: object, binary?: Buffer) =>
    filesOf(parse(request, binary).input).map((file) => Buffer.from(file).toString());

  it('has them as base64, flat or nested, or as bytes', () => {
    assert.deepEqual(texts({ inputs: [images] }), ['a', 'b']);
    assert.deepEqual(texts({ inputs: [{ ...images, shape: [2, 1] }] }), ['a', 'b']);
    assert.deepEqual(texts({ inputs: [{ ...images, shape: [2, 1], data: [[base64('a')], [base64('b')]] }] }), [
      'a',
      'b',
    ]);
    const bytes = bytesOfTexts(['a', 'b']);
    const after = { ...images, data: undefined, parameters: { binary_data_size: bytes.length } };
    assert.deepEqual(texts({ inputs: [after] }, bytes), ['a', 'b']);
    const most = { ...images, shape: [maxImages], data: Array(maxImages).fill('') };
    assert.equal(texts({ inputs: [most] }).length, maxImages);
  });

  it('may have the numbers that the model takes', () => {
    const { input } = parse({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1, 2, 1], data: [1, 2] }] });
    assert.deepEqual(input, { x: { tensor: { type: 'float32', shape: [1, 1, 2, 1], data: Float32Array.of(1, 2) } } });
  });

  const refused: Record<string, [inputs: object[], message: string]> = {
    'another input beside them': [[images, images], 'The model has one input, "x": inputs should be that alone.'],
    'another name': [[{ ...images, name: 'z' }], 'The model has one input, "x": inputs should be that alone.'],
    'no images': [
      [{ ...images, shape: [0], data: [] }],
      'inputs[0].shape: images as BYTES should be of the shape [images] or [images, 1], not [0].',
    ],
    'no axes': [
      [{ ...images, shape: [] }],
      'inputs[0].shape: images as BYTES should be of the shape [images] or [images, 1], not [].',
    ],
    'another shape': [
      [{ ...images, shape: [1, 2] }],
      'inputs[0].shape: images as BYTES should be of the shape [images] or [images, 1], not [1,2].',
    ],
    'too many images': [
      [{ ...images, shape: [maxImages + 1] }],
      `inputs[0].shape: one request can have ${maxImages} images, not ${maxImages + 1}.`,
    ],
    'too few texts': [[{ ...images, shape: [3] }], 'inputs[0].data of shape [3] should have 3 texts, but has 2.'],
    'a number': [
      [{ ...images, data: [base64('a'), 1] }],
      'inputs[0].data[1] should be the base64 text of an image file.',
    ],
    'numbers alone': [[{ ...images, data: [1, 2] }], 'inputs[0].data of shape [2] should have 2 texts, but has 0.'],
    'no base64': [
      [{ ...images, data: [base64('a'), '!'] }],
      'inputs[0].data[1] is not base64. Send the base64 text of the file, or a data URL.',
    ],
  };
  for (const [name, [inputs, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => {
      assert.throws(() => parse({ inputs }), { message });
    });

  it('is refused by a model that takes none', () => {
    assert.throws(() => parse({ inputs: [images] }, undefined, pictures, false), {
      message: 'inputs[0].datatype: the input ("x") takes FP32, not BYTES.',
    });
  });
});

describe('an inference request is refused with the words', () => {
  const signature: Signature = {
    inputs: [info('x', null, 2), { name: 'n', type: 'uint64', shape: [null] }],
    outputs: [info('y', null, 3), info('z', null, 3, 3)],
  };
  const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
  const n = { name: 'n', datatype: 'UINT64', shape: [1], data: [1] };
  const bytes = { ...x, data: undefined, parameters: { binary_data_size: 8 } };
  const cases: [message: string, request: object, binary?: Buffer][] = [
    ['The request must be object.', [x]],
    ['inputs must be array.', {}],
    ['inputs[0] must be object.', { inputs: [1] }],
    ['inputs[0].data must be array.', { inputs: [{ ...x, data: 'a' }] }],
    ['inputs[1].shape must be array.', { inputs: [x, { ...n, shape: 1 }] }],
    ['inputs[1].shape[0] must be integer.', { inputs: [x, { ...n, shape: [1.5] }] }],
    ['outputs must be array.', { inputs: [x, n], outputs: 'y' }],
    ['outputs[0] must have required properties name.', { inputs: [x, n], outputs: [{}] }],
    ['inputs[1] is a second ("x").', { inputs: [x, x] }],
    ['inputs[1]: the model has no input ("w"). It takes "x", "n".', { inputs: [x, { ...x, name: 'w' }] }],
    ['outputs[1] is a second ("y").', { inputs: [x, n], outputs: [{ name: 'y' }, { name: 'y' }] }],
    ['outputs[0]: the model has no output ("w"). It gives "y", "z".', { inputs: [x, n], outputs: [{ name: 'w' }] }],
    [
      'outputs[0]: classification needs an output of two axes, rows and classes.',
      { inputs: [x, n], outputs: [{ name: 'z', parameters: { classification: 1 } }] },
    ],
    [
      'inputs[0] ("x") should have data, or parameters with binary_data_size.',
      { inputs: [{ ...x, data: undefined }, n] },
    ],
    ['inputs[0] ("x") has both data and binary_data_size.', { inputs: [{ ...bytes, data: [1, 2] }, n] }],
    [
      'inputs[0] ("x").parameters.binary_data_size should be a number of bytes.',
      { inputs: [{ ...bytes, parameters: { binary_data_size: 1.5 } }, n] },
    ],
    [
      'inputs[0] ("x").parameters.binary_data_size should be a number of bytes.',
      { inputs: [{ ...bytes, parameters: { binary_data_size: -1 } }, n] },
    ],
    [
      'inputs[0] ("x") should have 8 bytes after the JSON, but there are 7. The header Inference-Header-Content-Length says where the JSON ends.',
      { inputs: [bytes, n] },
      Buffer.alloc(7),
    ],
    ['1 bytes follow the JSON that belong to no input.', { inputs: [bytes, n] }, Buffer.alloc(9)],
    [
      'inputs[0] of datatype FP32 and shape [1,2] needs 8 bytes, but has 4.',
      { inputs: [{ ...bytes, parameters: { binary_data_size: 4 } }, n] },
      Buffer.alloc(4),
    ],
    [
      'inputs[1].data[0] should be a whole number from 0 to 9007199254740991, but is -1. Binary tensor data holds all that UINT64 can be.',
      { inputs: [x, { ...n, data: [-1] }] },
    ],
    [
      'inputs[0].data should be an array of 2 numbers, but is an array of 1 element.',
      { inputs: [{ ...x, data: [1] }, n] },
    ],
    ['The input "n" is missing.', { inputs: [x] }],
  ];
  for (const [message, request, binary] of cases)
    it(message, () => {
      assert.throws(() => parse(request, binary, signature, false), { code: 'body_invalid', message });
    });

  it('of the bytes of the JSON, and names cut short', () => {
    const body = [Buffer.from('{"inputs": []}')];
    for (const jsonLength of ['15', '-1', '1.5', '', '1'.repeat(16), '0x1'])
      assert.throws(() => parseInference({ body, jsonLength, signature, takesImages: false }), {
        message: 'Inference-Header-Content-Length should be a number of bytes from 0 to 14, those of the body.',
      });
    assert.throws(() => parseInference({ body, jsonLength: '14', signature, takesImages: false }), {
      message: 'inputs must not have fewer than 1 items.',
    });
    const long = 'a'.repeat(81);
    assert.throws(() => parse({ inputs: [{ ...x, name: long }] }, undefined, signature, false), {
      message: `inputs[0]: the model has no input ("${long.slice(1)}"). It takes "x", "n".`,
    });
  });

  it('of twenty names at most', () => {
    const inputs = (count: number) => Array.from({ length: count }, (_, index) => info(`i${index}`, null));
    const refuse = (count: number, message: RegExp) =>
      assert.throws(() => parse({ inputs: [x] }, undefined, { ...signature, inputs: inputs(count) }, false), {
        message,
      });
    refuse(20, /"i0", .*, "i19"\.$/);
    refuse(21, /"i0", .*, "i19", …\.$/);
  });
});
