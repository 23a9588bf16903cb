/** Forms as what they ask a model: the fields' texts as their kinds read them, files, and what is no such form. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maxImages } from '../../src/datapoints/kinds/image.js';
import type { ModelKinds } from '../../src/datapoints/kinds.js';
import { readForm } from '../../src/protocols/predict/form.js';
import { csvFileOf, type FormPart, partsFor, partsOfEncoded } from '../../src/protocols/predict/form-parts.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { imageOf } from '../helpers/kinds.js';

const float = (name: string, ...row: number[]): TensorInfo => ({ name, type: 'float32', shape: [null, ...row] });
const tensor = { kind: 'tensor', spec: null };
const table = {
  kind: 'table',
  spec: { columns: [{ name: 'age' }, { name: 'sex', categories: ['f', 'm'] }], ignored: ['id'] },
};

/** Inputs with what they are. */
interface Model {
  inputs: TensorInfo[];
  kinds: ModelKinds['inputs'];
}
const numbers: Model = { inputs: [float('x', 2)], kinds: { x: tensor } };
const person: Model = { inputs: [float('x', 2)], kinds: { x: table } };
const picture: Model = { inputs: [float('x', 1, 2, 1)], kinds: { x: imageOf([1, 2]) } };
const both: Model = {
  inputs: [float('photo', 1, 2, 1), float('n', 1)],
  kinds: { photo: imageOf([1, 2]), n: tensor },
};
const described = ({ inputs, kinds }: Model) => ({ inputs, kinds: { inputs: kinds } });

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const text = (name: string, content: string | Buffer): FormPart => ({
  name,
  bytes: new Uint8Array(Buffer.from(content)),
  isFile: false,
});
const file = (name: string, content: string | Buffer, more: Partial<FormPart> = {}): FormPart => ({
  ...text(name, content),
  isFile: true,
  ...more,
});

describe('a form', () => {
  const read = (parts: FormPart[], { inputs, kinds }: Model) => {
    const { input, single } = readForm({ parts, signature: { inputs, outputs: [float('y')] }, kinds });
    const columns = Object.entries(input).map(([name, column]) => [
      name,
      'files' in column
        ? column.files.map((bytes) => Buffer.from(bytes).toString('latin1'))
        : 'tensor' in column && Array.from(column.tensor.data, Number),
    ]);
    return { ...Object.fromEntries(columns), single };
  };

  const taken: Record<string, [parts: FormPart[], model: Model, asked: object]> = {
    'has JSON in a field of numbers': [[text('x', '[1, 2]')], numbers, { x: [1, 2], single: true }],
    'has JSON in a file, too': [[file('x', '[1, 2]')], numbers, { x: [1, 2], single: true }],
    'has bare texts in fields of columns, and what is ignored': [
      [text('age', ' 30 '), text('sex', 'm'), text('id', '7'), text('id', '8')],
      person,
      { x: [30, 1], single: true },
    ],
    'has an image in its field': [[file('x', jpeg)], picture, { x: [jpeg.toString('latin1')], single: true }],
    'has it in the field image': [[file('image', 'a')], picture, { x: ['a'], single: true }],
    'has several': [[file('image', 'a'), file('x', 'b')], picture, { x: ['a', 'b'], single: false }],
    'has an image beside numbers': [
      [file('photo', jpeg), text('n', '3')],
      both,
      { photo: [jpeg.toString('latin1')], n: [3], single: true },
    ],
  };
  for (const [name, [parts, model, asked]] of Object.entries(taken))
    it(name, () => assert.deepEqual(read(parts, model), asked));

  const send = 'Send JSON: {"instances": [...]}, where each instance is an array of 2 numbers.';
  const refused: Record<string, [parts: FormPart[], model: Model, code: string, message: string | RegExp]> = {
    'nothing in it': [[], numbers, 'body_invalid', `The form is empty. ${send}`],
    'a file called image, to a model without': [
      [file('image', 'a')],
      numbers,
      'model_takes_no_images',
      `This model takes no images. ${send}`,
    ],
    'an image file in any field, to a model without': [
      [text('x', '[1, 2]'), file('other', jpeg)],
      numbers,
      'model_takes_no_images',
      `This model takes no images. ${send}`,
    ],
    'a text called image, as any other name that isn’t known': [
      [text('image', 'a')],
      numbers,
      'form_invalid',
      /^"image" is no known field of the form/,
    ],
    'another name': [
      [text('agee', '30'), text('sex', 'm')],
      person,
      'form_invalid',
      /^"agee" is no known field of the form\. Did you mean "age"\?$/,
    ],
    'another file, where images are taken beside others': [
      [file('photo', jpeg), file('nn', jpeg)],
      both,
      'form_invalid',
      /^"nn" is no known field of the form/,
    ],
    'a field that is there twice': [
      [text('x', '[1, 2]'), text('x', '[1, 2]')],
      numbers,
      'form_invalid',
      'The field "x" is there twice.',
    ],
    'a field that is no JSON': [[text('x', '[1,')], numbers, 'form_invalid', /^The field "x" .*JSON/],
    'a field that is no UTF-8': [
      [text('x', Buffer.from([0x5b, 0xff, 0x5d]))],
      numbers,
      'form_invalid',
      'The field "x" isn’t UTF-8.',
    ],
    'a text where an image should be': [
      [text('photo', 'cat.jpg'), text('n', '3')],
      both,
      'image_missing',
      'The field "photo" holds text. Send a file in it: -F photo=@dog.jpg, with the @.',
    ],
    'no image, to a model of nothing else': [
      [],
      picture,
      'image_missing',
      'The form has no field "image". Send the file as -F image=@dog.jpg.',
    ],
    'others than the image': [
      [file('picture1', 'a'), text('b', '')],
      picture,
      'image_missing',
      'The form has no field "image", but "picture1", "b". Send the file as -F image=@dog.jpg.',
    ],
    'something beside the image': [
      [file('image', 'a'), text('top_k', '3')],
      picture,
      'form_invalid',
      '"top_k" is no known field of the form. Known are "image", "x".',
    ],
    'a long name in the message': [
      [text('n'.repeat(50), '')],
      picture,
      'image_missing',
      `The form has no field "image", but "${'n'.repeat(40)}". Send the file as -F image=@dog.jpg.`,
    ],
    'a value that the model doesn’t take': [
      [text('age', 'old'), text('sex', 'm')],
      person,
      'instances_invalid',
      'age should be a number, but is "old".',
    ],
    'an absent value': [[text('age', ''), text('sex', 'm')], person, 'instances_invalid', 'age is missing.'],
  };
  for (const [name, [parts, model, code, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => assert.throws(() => read(parts, model), { code, message }));
});

describe('a file of CSV in a form', () => {
  const rows = 'age,sex\n1,f\n';
  const found: [name: string, parts: FormPart[], model: Model, isFound: boolean][] = [
    ['by its type', [file('any', rows, { mediaType: 'text/csv' })], person, true],
    ['by its type in a field that is no file', [{ ...text('any', rows), mediaType: 'text/csv' }], person, true],
    ['by its name', [file('any', rows, { fileName: 'People.CSV' })], person, true],
    ['not by a name that has it elsewhere', [file('any', rows, { fileName: 'a.csv.txt' })], person, false],
    ['in the field of a table', [file('x', rows)], person, true],
    ['in a field called file', [file('file', rows)], person, true],
    ['not in a text called file', [text('file', rows)], person, false],
    ['not in the field of a column', [file('age', '30')], person, false],
    ['not where the table is JSON', [file('x', ' {"age": 1, "sex": "f"}')], person, false],
    ['not where the table is a list', [file('x', '\n[1, "f"]')], person, false],
    ['not in the field of numbers', [file('x', '[1, 2]')], numbers, false],
    ['not where there is none', [], person, false],
    ['not for a model of images', [file('image', rows, { mediaType: 'text/csv' })], picture, false],
  ];
  for (const [name, parts, model, isFound] of found)
    it(`is found ${name}`, () =>
      assert.equal(csvFileOf(parts, described(model) as never), isFound ? parts[0] : undefined));

  it('is all of the form', () => {
    const parts = [text('age', '30'), file('rows', rows, { fileName: 'a.csv' })];
    assert.throws(() => csvFileOf(parts, described(person) as never), {
      code: 'form_invalid',
      message: 'The field "age" is beside a file of CSV, which has all columns. Send the file alone.',
    });
    assert.equal(csvFileOf([text('age', '30'), text('sex', 'f')], described(person) as never), undefined);
  });
});

describe('an encoded form', () => {
  const read = (encoded: string | Buffer, most = 10) =>
    partsOfEncoded(Buffer.from(encoded), most).map(({ name, bytes, isFile }) => {
      assert.equal(isFile, false);
      return [name, Buffer.from(bytes).toString()];
    });

  it('has fields', () => {
    assert.deepEqual(read('age=30&first+name=J%C3%BCrg+%2B+1&formula=a=b&empty=&bare&&'), [
      ['age', '30'],
      ['first name', 'Jürg + 1'],
      ['formula', 'a=b'],
      ['empty', ''],
      ['bare', ''],
    ]);
    assert.deepEqual(read(''), []);
  });

  it('is refused where it can’t be read', () => {
    const message = 'The form can’t be read: it isn’t percent-encoded UTF-8.';
    for (const wrong of ['a=%', 'a=%ff', '%zz=1', Buffer.from([0x61, 0x3d, 0xff])])
      assert.throws(() => read(wrong), { code: 'form_invalid', message });
  });

  it('has so many fields, empty ones aside', () => {
    assert.equal(read('a=1&b=2&c=3', 3).length, 3);
    assert.throws(() => read('a=1&b=2&c=3&d=4', 3), {
      code: 'form_too_large',
      message: 'The form has more than 3 parts, the most that this model takes.',
    });
  });

  it('may have a few more than the model has names', () => {
    assert.equal(partsFor(described(numbers) as never), 1 + 8);
    // The input, its columns and what is ignored.
    assert.equal(partsFor(described(person) as never), 4 + 8);
    assert.equal(partsFor(described(picture) as never), maxImages + 8);
    const columns = Array.from({ length: 20_000 }, (_, index) => ({ name: `c${index}` }));
    const wide: Model = { inputs: [float('x', 20_000)], kinds: { x: { kind: 'table', spec: { columns } } } };
    assert.equal(partsFor(described(wide) as never), 10_000);
  });
});
