import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { RawBody } from '../../src/protocols/body.js';
import { ProtocolRequestError } from '../../src/protocols/errors.js';
import { bodyOf as found } from '../../src/protocols/predict/untold-body.js';
import { tensorsOnly } from '../helpers/kinds.js';

const signature = { inputs: [{ name: 'x', type: 'float32' as const, shape: [null, 2] }], outputs: [] };
const numbers = { ...signature, kinds: tensorsOnly(signature) } as never as ServedModel;
const picture: ServedModel = {
  ...numbers,
  kinds: { inputs: { x: { kind: 'image', spec: { size: [1, 2] } } }, outputs: {} },
};

describe('a body of a type that doesn’t tell', () => {
  const [form, octets] = ['application/x-www-form-urlencoded', 'application/octet-stream'];
  const bodyOf = (...chunks: (string | Buffer)[]) => {
    const bytes = chunks.map((chunk) => new Uint8Array(Buffer.from(chunk as string)));
    return new RawBody(
      bytes,
      bytes.reduce((sum, { length }) => sum + length, 0),
    );
  };
  const png = Buffer.from('\x89PNG\r\n\x1a\n\0', 'latin1');
  const stripped = Buffer.from('\xff\xd8\xff and no line end', 'latin1');

  const json = [
    '{"a": 1}',
    ' \n[1]',
    '\ufeff{}',
    'null',
    'true',
    ' false ',
    '12',
    '-1.5e+3',
    '"text"',
    '\ufeff"a"',
    `{"a": "${'b'.repeat(300)}`,
    // Read as JSON, which says what is wrong.
    '{',
    '[',
  ];
  for (const text of json)
    it(`is JSON: ${text.slice(0, 20)}`, () => {
      for (const type of [form, octets]) {
        const body = bodyOf(text);
        assert.deepEqual(found(body, type!, picture), { json: body });
      }
    });

  const others = [
    'nul',
    'nulls',
    'x{',
    'a[1]',
    '-',
    '1a',
    'e5',
    'a "b"',
    '"a" b',
    'x null',
    `"${'a'.repeat(300)}"`,
    '=a',
    'a, b=1',
  ];
  for (const text of others)
    it(`isn’t JSON: ${text.slice(0, 20)}`, () => {
      assert.throws(() => found(bodyOf(text), octets!, numbers), ProtocolRequestError);
    });

  it('is an image where it begins as one, or the type says so', () => {
    for (const type of [form, octets, 'image/png'])
      assert.deepEqual(found(bodyOf(png, 'rest'), type!, picture), {
        image: Buffer.concat([png, Buffer.from('rest')]),
      });
    // What it is then, decoding says.
    assert.deepEqual(found(bodyOf('nothing'), octets!, picture), { image: Buffer.from('nothing') });
    assert.deepEqual(found(bodyOf('{}'), 'image/png', picture), { image: Buffer.from('{}') });
    for (const end of ['\0', '\r', '\n'])
      assert.deepEqual(found(bodyOf(stripped, end), form!, picture), {
        image: Buffer.concat([stripped, Buffer.from(end)]),
      });
  });

  const what = 'Send JSON: {"instances": [...]}, where each instance is an array of 2 numbers.';
  const refused: Record<string, [body: RawBody, type: string, model: ServedModel, code: string, message: string]> = {
    'an image type for numbers': [
      bodyOf('{}'),
      'image/png',
      numbers,
      'model_takes_no_images',
      `This model takes no images. ${what}`,
    ],
    'an image for numbers': [
      bodyOf(png),
      octets!,
      numbers,
      'model_takes_no_images',
      `This model takes no images. ${what}`,
    ],
    'nothing for numbers': [bodyOf(), form!, numbers, 'body_invalid', `The request is empty. ${what}`],
    'an empty chunk for numbers': [bodyOf(''), octets!, numbers, 'body_invalid', `The request is empty. ${what}`],
    'something that is called a form for numbers': [
      bodyOf('hello'),
      form!,
      numbers,
      'body_invalid',
      `The body is neither JSON nor fields such as age=30. ${what}`,
    ],
    'a form with wrong escapes': [
      bodyOf('x=%zz'),
      form!,
      numbers,
      'form_invalid',
      'The form can’t be read: it isn’t percent-encoded UTF-8.',
    ],
    'a form of too many fields': [
      bodyOf('x=1&'.repeat(10)),
      form!,
      numbers,
      'form_too_large',
      'The form has more than 9 parts, the most that this model takes.',
    ],
    'CSV without its type': [
      bodyOf('a,b\n1,2'),
      octets!,
      numbers,
      'body_invalid',
      `The body is neither JSON nor an image. CSV needs -H "content-type: text/csv", and --data-binary to keep its lines. ${what}`,
    ],
    'something for numbers': [
      bodyOf('hello'),
      octets!,
      numbers,
      'body_invalid',
      `The body is neither JSON nor an image. ${what}`,
    ],
    'nothing for an image': [
      bodyOf(),
      octets!,
      picture,
      'image_missing',
      'The request is empty. Send a form: curl -F image=@dog.jpg',
    ],
    'a form without a file': [
      bodyOf('image=@dog.jpg'),
      form!,
      picture,
      'image_missing',
      'The form has no file. Send one with -F image=@dog.jpg, not with -d.',
    ],
    'an image without line ends': [
      bodyOf(stripped),
      form!,
      picture,
      'image_invalid',
      'The image lacks its line ends and zeros, which curl -d leaves out. Send it with --data-binary @dog.jpg.',
    ],
  };
  for (const [name, [body, type, given, code, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => {
      assert.throws(() => found(body, type, given), { code, message });
    });

  it('is a form for a model that takes no images', () => {
    const part = (name: string, value: string) => ({
      name,
      bytes: new Uint8Array(Buffer.from(value)),
      isFile: false,
    });
    for (const type of [form, octets])
      assert.deepEqual(found(bodyOf('x=1+2%26%C3%A9=&sch', 'ön=ü&'), type!, numbers), {
        form: [part('x', '1 2&é='), part('schön', 'ü')],
      });
  });

  it('is CSV by its type alone', () => {
    const body = bodyOf('{}');
    assert.deepEqual(found(body, 'text/csv', numbers), { csv: body });
  });

  it('is an image without line ends where no form has taken them', () => {
    assert.deepEqual(found(bodyOf(stripped), octets!, picture), { image: stripped });
  });
});

describe('a body that isn’t read yet', () => {
  it('has its chunks in one piece, without copies where there is one', () => {
    const memory = new Uint8Array([0, 1, 2, 3]);
    const one = new RawBody([memory.subarray(1, 3)], 2);
    assert.deepEqual(one.bytes, Buffer.of(1, 2));
    assert.equal(one.bytes.buffer, memory.buffer);
    assert.deepEqual(one.buffers, [memory.buffer]);
    assert.deepEqual(new RawBody([memory.subarray(1, 3), memory.subarray(3)], 3).bytes, Buffer.of(1, 2, 3));
    assert.deepEqual(new RawBody([], 0).bytes, Buffer.alloc(0));
  });
});
