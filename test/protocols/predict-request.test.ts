import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import { maxImages } from '../../src/datapoints/kinds/image.js';
import type { ModelKinds } from '../../src/datapoints/kinds.js';
import { readInput } from '../../src/protocols/predict/request.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { imageOf } from '../helpers/kinds.js';
import { plainColumns } from '../helpers/plain-columns.js';

const float = (name: string, ...row: number[]): TensorInfo => ({ name, type: 'float32', shape: [null, ...row] });
const tensor = { kind: 'tensor', spec: null };
const image = imageOf([1, 2]);
const table = { kind: 'table', spec: { columns: [{ name: 'age' }, { name: 'sex' }] } };

/** Inputs with what they are. */
interface Model {
  inputs: TensorInfo[];
  kinds: ModelKinds['inputs'];
}
const picture: Model = { inputs: [float('x', 1, 2, 1)], kinds: { x: image } };
const named = (name: string): Model => ({ inputs: [float(name, 1, 2, 1)], kinds: { [name]: image } });
const numbers: Model = { inputs: [float('x', 2)], kinds: { x: tensor } };
const person: Model = { inputs: [float('x', 2)], kinds: { x: table } };

const read = (json: unknown, { inputs, kinds }: Model) => {
  const bytes = Buffer.from(JSON.stringify(json));
  // Bodies come in chunks of any size.
  const bodies = [[bytes], [bytes.subarray(0, 3), bytes.subarray(3)]];
  const [found, other] = bodies.map((body) => {
    const { input, single } = readInput({ body, signature: { inputs, outputs: [float('y')] }, kinds });
    return { columns: plainColumns(input), single };
  });
  assert.deepEqual(found, other);
  return found!;
};
const [a, b] = ['a', 'b'].map((text) => Buffer.from(text).toString('base64'));
const pixels = [[[1], [2]]];

describe('what JSON asks a model', () => {
  const taken: Record<string, [json: unknown, model: Model, columns: object, single?: boolean]> = {
    'is one image': [{ image: a }, picture, { x: ['a'] }, true],
    'is several images': [{ instances: [{ b64: a }, { b64: b }] }, picture, { x: ['a', 'b'] }],
    'is a list of images alone': [[{ b64: a }], picture, { x: ['a'] }],
    'is images by input name': [{ instances: [{ x: { b64: a } }] }, picture, { x: ['a'] }],
    'is the numbers of an image': [{ instances: [pixels] }, picture, { x: [1, 2] }],
    'is a whole input of images': [{ x: [a] }, picture, { x: ['a'] }],
    'is one image of an input that is called image': [{ image: a }, named('image'), { image: ['a'] }, true],
    'is a whole input that is called image': [{ image: [a, b] }, named('image'), { image: ['a', 'b'] }],
    'is images of an input that is called b64': [
      { instances: [{ b64: a }, { b64: b }] },
      named('b64'),
      { b64: ['a', 'b'] },
    ],
    'is several images in a list': [{ image: [a, b] }, picture, { x: ['a', 'b'] }],
    'is a row by input name': [{ x: [1, 2] }, numbers, { x: [1, 2] }, true],
    'is lists of values': [{ inputs: { x: [[1, 2]] } }, numbers, { x: [1, 2] }],
    'is as many images as there may be': [
      Array(maxImages).fill({ b64: '' }),
      picture,
      { x: Array(maxImages).fill('') },
    ],
    'is rows of numbers': [
      {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
      numbers,
      { x: [1, 2, 3, 4] },
    ],
    'is a whole input': [{ x: [[1, 2]] }, numbers, { x: [1, 2] }],
    'is a table’s row': [{ age: 1, sex: 2 }, person, { x: [1, 2] }, true],
  };
  for (const [name, [json, model, columns, single = false]] of Object.entries(taken))
    it(name, () => assert.deepEqual(read(json, model), { columns, single }));

  const what = 'Send JSON: {"instances": [...]}, where each instance is';
  const refused: Record<string, [json: unknown, model: Model, code: string, message: string]> = {
    'an image that is no text': [
      { image: 1 },
      picture,
      'instances_invalid',
      'image should be {"b64": "<base64>"}, the base64 alone, or the numbers that the model takes, but is 1.',
    ],
    'an image beside instances': [
      { image: a, instances: [] },
      picture,
      'instances_invalid',
      'image is not known beside instances.',
    ],
    'an image that is no base64': [
      { image: '!' },
      picture,
      'base64_invalid',
      'image is not base64. Send the base64 text of the file, or a data URL.',
    ],
    'an image for a model that takes none': [
      { image: a },
      numbers,
      'model_takes_no_images',
      `This model takes no images. ${what} an array of 2 numbers.`,
    ],
    'nothing that it knows': [
      { other: 1 },
      numbers,
      'body_invalid',
      `The body must have the property "instances". ${what} an array of 2 numbers.`,
    ],
    'nothing that it knows, of images': [
      {},
      picture,
      'body_invalid',
      `The body must have the property "image" or "instances". ${what} {"b64": "<base64 of an image file>"}, the base64 alone, or an array of 1 array of 2 arrays of 1 number.`,
    ],
    'a number': [1, numbers, 'instances_invalid', 'There should be an array or an object, but there is 1.'],
    'images of a model that takes none': [
      [{ b64: a }],
      numbers,
      'instances_invalid',
      '[0].b64 is no input. The inputs are "x".',
    ],
    'too many images': [
      { instances: Array(maxImages + 1).fill({ b64: '' }) },
      picture,
      'instances_invalid',
      `There are ${maxImages + 1} images: a request can have at most ${maxImages} images.`,
    ],
    'a number among images': [
      [{ b64: a }, 5],
      picture,
      'instances_invalid',
      '[1] should be {"b64": "<base64>"} or the base64 alone, like the first, but is 5.',
    ],
    'an image that is a number': [
      { instances: [{ b64: a }, { b64: 5 }] },
      picture,
      'instances_invalid',
      'instances[1] should be {"b64": "<base64>"} or the base64 alone, like the first, but is an object.',
    ],
    'an image with something beside it': [
      [{ b64: a, n: 1 }],
      picture,
      'instances_invalid',
      '[0] should be {"b64": "<base64>"}, the base64 alone, or the numbers that the model takes, but is an object.',
    ],
    'an image among several that is no base64': [
      [{ b64: a }, { b64: '!' }],
      picture,
      'base64_invalid',
      '[1].b64 is not base64. Send the base64 text of the file, or a data URL.',
    ],
  };
  for (const [name, [json, model, code, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => {
      assert.throws(() => read(json, model), { code, message });
    });

  it('is refused with the place', () => {
    const places: [json: unknown, place: string][] = [
      [{ instances: Array(maxImages + 1).fill({ b64: '' }) }, 'instances[0]'],
      [Array(maxImages + 1).fill({ b64: '' }), '[0]'],
      [[{ b64: a }, 5], '[1]'],
    ];
    for (const [json, place] of places)
      assert.throws(
        () => read(json, picture),
        (error: Error) => error instanceof InstancesError && error.place === place,
      );
  });
});
