import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import { maxImages } from '../../src/datapoints/kinds/image.js';
import type { ModelKinds } from '../../src/datapoints/kinds.js';
import { isByName, readDatapoints } from '../../src/datapoints/read-datapoints.js';
import { Base64Error } from '../../src/json/base64.js';
import { parseJson } from '../../src/json/parse.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { imageOf } from '../helpers/kinds.js';
import { plainColumns } from '../helpers/plain-columns.js';

const float = (name: string, ...row: (number | null)[]): TensorInfo => ({
  name,
  type: 'float32',
  shape: [null, ...row],
});
const tensor = { kind: 'tensor', spec: null };
const image = imageOf([1, 2]);
const table = (...names: string[]) => ({ kind: 'table', spec: { columns: names.map((name) => ({ name })) } });

/** Inputs with what they are. */
interface Model {
  inputs: TensorInfo[];
  kinds: ModelKinds['inputs'];
}
const person: Model = { inputs: [float('x', 2)], kinds: { x: table('age', 'height') } };
/** Two tables with a column of the same name, one that is called as an input, and a tensor. */
const mixed: Model = {
  inputs: [float('person', 2), float('house', 2), float('noise')],
  kinds: { person: table('age', 'house'), house: table('age', 'rooms'), noise: tensor },
};
const picture: Model = { inputs: [float('x', 1, 2, 1)], kinds: { x: image } };
const pair: Model = { inputs: [float('x', 1, 2, 1), float('n', 1)], kinds: { x: image, n: tensor } };
const twoPictures: Model = {
  inputs: [float('left', 1, 2, 1), float('right', 1, 2, 1)],
  kinds: { left: image, right: image },
};
const numbers: Model = { inputs: [float('x', 2)], kinds: { x: tensor } };
const scalar: Model = { inputs: [float('x', 1), float('z', 2)], kinds: { x: tensor, z: tensor } };
const series: Model = { inputs: [float('x', null)], kinds: { x: tensor } };
const matrix: Model = { inputs: [float('x', 2, 1)], kinds: { x: tensor } };
/** An input and columns that are called as what wraps datapoints. */
const wrappers: Model = { inputs: [float('inputs', 1)], kinds: { inputs: tensor } };
const wrapperColumns: Model = { inputs: [float('x', 2)], kinds: { x: table('instances', 'image') } };
const called: Model = { inputs: [float('n', 1), float('image', 1, 2, 1)], kinds: { n: tensor, image } };
/** An image, and a table that has a column of that name. */
const column: Model = { inputs: [float('x', 1, 2, 1), float('t', 1)], kinds: { x: image, t: table('image') } };

const signatureOf = ({ inputs }: Model) => ({ inputs, outputs: [float('y')] });
const read = (json: unknown, model: Model) => readDatapoints(json, signatureOf(model), model.kinds);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const [a, b] = [base64('a'), base64('b')];

describe('datapoints', () => {
  const ada = { age: 40, height: 2 };
  const row = { 'person.age': 1, 'person.house': 2, 'house.age': 3, rooms: 4, noise: 5 };
  const whole = { person: { age: 1, house: 2 }, house: [3, 4], noise: 5 };
  const mixedOnce = { person: [1, 2], house: [3, 4], noise: [5] };
  const pixels = [[[1], [2]]];
  const taken: Record<string, [json: unknown, model: Model, columns: object, single?: boolean]> = {
    'one by column name': [ada, person, { x: [40, 2] }, true],
    'several by column name': [{ instances: [ada, ada] }, person, { x: [40, 2, 40, 2] }],
    'the list alone': [[ada], person, { x: [40, 2] }],
    'by input name': [[{ x: ada }, { x: [1, 2] }], person, { x: [40, 2, 1, 2] }],
    'the values alone, of one input': [[[1, 2], ada], person, { x: [1, 2, 40, 2] }],
    'an object first, then a list': [[ada, [1, 2]], person, { x: [40, 2, 1, 2] }],
    'whole inputs': [{ x: [ada, [1, 2]] }, person, { x: [40, 2, 1, 2] }],
    'one of several tables': [
      { 'person.age': 1, 'person.house': 2, 'house.age': 3, rooms: 4 },
      { inputs: mixed.inputs.slice(0, 2), kinds: mixed.kinds },
      { person: [1, 2], house: [3, 4] },
      true,
    ],
    'rows of several tables and a tensor': [[row], mixed, mixedOnce],
    'one of several tables and a tensor': [row, mixed, mixedOnce, true],
    'one by input name': [whole, mixed, mixedOnce, true],
    'rows by input name': [[whole], mixed, mixedOnce],
    'rows by input and column name': [
      [{ 'person.age': 1, 'person.house': 2, house: [3, 4], noise: 5 }],
      mixed,
      mixedOnce,
    ],
    'whole inputs of several kinds': [
      { person: [[1, 2]], house: [{ age: 3, rooms: 4 }], noise: [5] },
      mixed,
      mixedOnce,
    ],
    'lists of values by column name': [{ inputs: { age: [1, 2], height: [3, 4] } }, person, { x: [1, 3, 2, 4] }],
    'lists of values by column name alone': [{ age: [1, 2], height: [3, 4] }, person, { x: [1, 3, 2, 4] }],
    'lists of values by input name': [{ inputs: { x: [ada] } }, person, { x: [40, 2] }],
    'lists of values by input and column name': [
      {
        inputs: {
          house: [
            [3, 4],
            [7, 8],
          ],
          'person.age': [1, 5],
          'person.house': [2, 6],
          noise: [0, 9],
        },
      },
      mixed,
      { person: [1, 2, 5, 6], house: [3, 4, 7, 8], noise: [0, 9] },
    ],
    'one row of numbers by input name': [{ x: [1, 2] }, numbers, { x: [1, 2] }, true],
    'several rows of numbers by input name': [{ x: [[1, 2]] }, numbers, { x: [1, 2] }],
    'a row as long as there are rows': [
      { x: [1, 2], z: [3, 4] },
      { ...scalar, inputs: [float('x', 2), float('z', 2)] },
      { x: [1, 2], z: [3, 4] },
      true,
    ],
    'numbers alone': [{ x: 1, z: [2, 3] }, scalar, { x: [1], z: [2, 3] }, true],
    'numbers alone, and in lists of one': [{ x: [1], z: [2, 3] }, scalar, { x: [1], z: [2, 3] }, true],
    'lists of numbers alone': [
      {
        x: [1, 2],
        z: [
          [3, 4],
          [5, 6],
        ],
      },
      scalar,
      { x: [1, 2], z: [3, 4, 5, 6] },
    ],
    'one of any length': [{ x: [1, 2, 3] }, series, { x: [1, 2, 3] }, true],
    'several of any length': [{ x: [[1, 2, 3]] }, series, { x: [1, 2, 3] }],
    'one of two axes': [{ x: [[1], [2]] }, matrix, { x: [1, 2] }, true],
    'several of two axes': [{ x: [[[1], [2]]] }, matrix, { x: [1, 2] }],
    'one of an input called inputs': [{ inputs: 1 }, wrappers, { inputs: [1] }, true],
    'several of an input called inputs': [{ inputs: [1, 2] }, wrappers, { inputs: [1, 2] }],
    'one with a column called instances': [{ instances: 1, image: 2 }, wrapperColumns, { x: [1, 2] }, true],
    'one image file': [{ image: a }, picture, { x: ['a'] }, true],
    'one image file by input name': [{ x: { b64: a } }, picture, { x: ['a'] }, true],
    'the numbers of one image': [{ image: pixels }, picture, { x: [1, 2] }, true],
    'image files': [[a, { b64: b }], picture, { x: ['a', 'b'] }],
    'image files by input name': [[{ x: a }, { x: { b64: b } }], picture, { x: ['a', 'b'] }],
    'image files by what an only image is called': [[{ image: a }, { x: b }], picture, { x: ['a', 'b'] }],
    'a whole input of image files': [{ x: [a, b] }, picture, { x: ['a', 'b'] }],
    'a whole input of image files by what an only image is called': [{ image: [a, b] }, picture, { x: ['a', 'b'] }],
    'lists of image files': [{ inputs: { image: [a, { b64: b }] } }, picture, { x: ['a', 'b'] }],
    'numbers of images': [[pixels, [[[3], [4]]]], picture, { x: [1, 2, 3, 4] }],
    'numbers of images by input name': [[{ x: pixels }], picture, { x: [1, 2] }],
    'a file beside a number': [
      [
        { x: { b64: a }, n: 1 },
        { x: b, n: 2 },
      ],
      pair,
      { x: ['a', 'b'], n: [1, 2] },
    ],
    'one file beside a number': [{ image: a, n: 1 }, pair, { x: ['a'], n: [1] }, true],
    'lists of files and numbers': [{ inputs: { image: [a, b], n: [1, 2] } }, pair, { x: ['a', 'b'], n: [1, 2] }],
    'two files': [{ left: a, right: { b64: b } }, twoPictures, { left: ['a'], right: ['b'] }, true],
    'a file and an image’s numbers': [{ left: a, right: pixels }, twoPictures, { left: ['a'], right: [1, 2] }, true],
    'an image by an input’s own name': [{ image: a, n: 1 }, called, { n: [1], image: ['a'] }, true],
    'a column that is called as an image': [{ image: 1, x: a }, column, { x: ['a'], t: [1] }, true],
    'as many images as there may be': [Array(maxImages).fill(''), picture, { x: Array(maxImages).fill('') }],
  };
  for (const [name, [json, model, columns, single = false]] of Object.entries(taken))
    it(`are ${name}`, () => {
      // Parsed as servers do, and as JSON.parse does.
      for (const given of [json, parseJson(Buffer.from(JSON.stringify(json)))]) {
        const found = read(given, model);
        assert.deepEqual([plainColumns(found.columns), found.single], [columns, single]);
      }
    });

  const all = '"person.age", "person.house", "house.age", "rooms", "person", "house", "noise"';
  const refused: Record<string, [json: unknown, model: Model, place: string, message: string]> = {
    'a column that is near one': [
      [{ ...row, roms: 1 }],
      mixed,
      '[0].roms',
      '[0].roms is no input. Did you mean "rooms"?',
    ],
    'a column that is near one, in one datapoint': [
      { ...row, roms: 1 },
      mixed,
      'roms',
      'roms is no input. Did you mean "rooms"?',
    ],
    'a column that two tables have': [
      { instances: [{ ...row, size: 1 }] },
      mixed,
      'instances[0].size',
      `instances[0].size is no input. There are ${all}.`,
    ],
    'a row that is no object': [[row, 1], mixed, '[1]', `[1] should be an object with ${all}, but is 1.`],
    'an input as a whole and by its columns': [
      [{ ...row, person: [1, 2] }],
      mixed,
      '[0].person',
      '[0].person is given as a whole and by its columns.',
    ],
    'an input that is missing': [
      [
        { ...row, noise: 1 },
        { 'person.age': 1, 'person.house': 1, noise: 1 },
      ],
      mixed,
      '[1].house.age',
      '[1].house.age is missing.',
    ],
    'an input that is missing in one datapoint': [
      { ...row, rooms: null },
      mixed,
      'house.rooms',
      'house.rooms is missing.',
    ],
    'a column that is missing': [{ age: 1 }, person, 'height', 'height is missing.'],
    'a column that is missing in one of several': [[ada, { age: 1 }], person, '[1].height', '[1].height is missing.'],
    'an image by both of its names': [{ image: a, x: a }, picture, 'x', 'x is the input "x", which is given twice.'],
    'images by both of their names': [
      { inputs: { x: [a], image: [a] } },
      picture,
      'inputs.image',
      'inputs.image is the input "x", which is given twice.',
    ],
    'an image where there are two': [
      { left: a, right: a, image: a },
      twoPictures,
      'image',
      'image is no input. The inputs are "left", "right".',
    ],
    'something beside instances': [
      { instances: [ada], inputs: {} },
      person,
      'inputs',
      'inputs is not known beside instances.',
    ],
    'something beside inputs': [{ inputs: { x: [ada] }, age: 1 }, person, 'age', 'age is not known beside inputs.'],
    'instances that are no list': [
      { instances: ada },
      person,
      'instances',
      'instances should be an array, but is an object.',
    ],
    'inputs that are no object': [
      { inputs: [ada] },
      person,
      'inputs',
      'inputs should be an object with a list of values for every input, but is an array of 1 element.',
    ],
    'inputs without values': [{ inputs: {} }, person, 'inputs.x', 'inputs.x is missing. The inputs are "x".'],
    'lists of other lengths': [
      { inputs: { age: [1, 2], height: [3] } },
      person,
      'inputs.height',
      'inputs.height should be as many values as inputs.age, which has 2, but is an array of 1 element.',
    ],
    'a value among lists': [
      { inputs: { age: [1], height: 3 } },
      person,
      'inputs.height',
      'inputs.height should be a list of values, like the others, but is 3.',
    ],
    'lists without values': [
      { inputs: { age: [], height: [] } },
      person,
      'inputs',
      'inputs should have one element or more, but is empty.',
    ],
    'a number after a file': [
      [a, pixels],
      picture,
      '[1]',
      '[1] should be {"b64": "<base64>"} or the base64 alone, like the first, but is an array of 1 element.',
    ],
    'an object without a text after a file': [
      [a, { b64: 1 }],
      picture,
      '[1]',
      '[1] should be {"b64": "<base64>"} or the base64 alone, like the first, but is an object.',
    ],
    'an image that is a number': [
      { image: 1 },
      picture,
      'image',
      'image should be {"b64": "<base64>"}, the base64 alone, or the numbers that the model takes, but is 1.',
    ],
    'one image too many': [
      Array(maxImages + 1).fill(''),
      picture,
      '[0]',
      `There are ${maxImages + 1} images: a request can have at most ${maxImages} images.`,
    ],
    'a text after numbers': [
      [pixels, a],
      picture,
      '[1]',
      '[1] should be an array of 1 array of 2 arrays of 1 number, but is "YQ==".',
    ],
    'a number': [1, person, '', 'There should be an array or an object, but there is 1.'],
  };
  for (const [name, [json, model, place, message]] of Object.entries(refused))
    it(`are refused for ${name}`, () => {
      assert.throws(
        () => read(json, model),
        (error: Error) => {
          assert.ok(error instanceof InstancesError, String(error));
          assert.deepEqual([error.place, error.message], [place, message]);
          return true;
        },
      );
    });

  it('are refused for files that are no base64, with their places', () => {
    const places: [json: unknown, model: Model, message: RegExp][] = [
      [[a, '!'], picture, /^\[1\] is not base64/],
      [{ x: [a, { b64: '!' }] }, picture, /^x\[1\]\.b64 is not base64/],
      [{ image: '!' }, picture, /^image is not base64/],
      [[{ x: { b64: '!' }, n: 1 }], pair, /^\[0\]\.x\.b64 is not base64/],
    ];
    for (const [json, model, message] of places)
      assert.throws(
        () => read(json, model),
        (error: Error) => error instanceof Base64Error && message.test(error.message),
      );
  });

  it('are named in a message up to the twentieth', () => {
    const inputs = Array.from({ length: 19 }, (_, index) => float(`i${index}`));
    const kinds = { ...Object.fromEntries(inputs.map(({ name }) => [name, tensor])), t: table('c') };
    const all = { inputs: [...inputs, float('t', 1)], kinds };
    assert.throws(() => read([{}], all), /"c", "i0", .*, "i18", …\.$/);
    assert.throws(() => read([{}], { ...all, inputs: all.inputs.slice(1) }), /"c", "i1", .*, "i18", "t"\.$/);
  });
});

describe('what a model is asked about by name', () => {
  const cases: [json: Record<string, unknown>, model: Model, expected: boolean][] = [
    [{ age: 1 }, person, true],
    [{ x: [1, 2] }, person, true],
    [{ age: 1, other: 1 }, person, true],
    [{ instances: [] }, person, true],
    [{ inputs: {} }, person, true],
    [{ other: 1 }, person, false],
    [{}, person, false],
    [{ image: a }, person, false],
    [{ image: a }, picture, true],
    [{ image: a }, twoPictures, false],
    [{ b64: a }, picture, false],
    // A name that two tables have, or that is an input's too, is written with its table's.
    [{ age: 1 }, mixed, false],
    [{ 'house.age': 1 }, mixed, true],
    [{ 'house.rooms': 1 }, mixed, false],
    [{ rooms: 1 }, mixed, true],
  ];
  for (const [json, { inputs, kinds }, expected] of cases)
    it(`is ${expected ? '' : 'not '}${JSON.stringify(json)} of ${inputs.map(({ name }) => name)}`, () => {
      assert.equal(isByName(json, inputs, kinds), expected);
    });
});
