/** Models that take and give strings, by all protocols: those of the fixtures give the answers of real Keras. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { elementsOf, textsOf } from '../../src/support/strings.js';
import type { Tensor } from '../../src/support/tensor.js';
import { decode, unpackFamily } from '../helpers/fixtures.js';
import '../helpers/checked-replies.js';

const names = {
  text: 'text_vectorization_bag',
  words: 'string_lookup_there_and_back',
  closed: 'string_lookup_no_oov',
  columns: 'feature_space_concat',
};

const { folder, cases } = unpackFamily('strings');
let app: FastifyInstance;
before(async () => {
  mkdirSync(join(folder, 'served'));
  for (const [name, of] of Object.entries(names))
    copyFileSync(cases.find((one) => one.name === of)!.model, join(folder, 'served', `${name}.keras`));
  app = await buildApp({ model: join(folder, 'served'), noCache: true, processes: 1 });
  await app.ready();
});
after(async () => {
  await app?.close();
  rmSync(folder, { recursive: true });
});

const tensors = (model: keyof typeof names) => {
  const { inputs, outputs } = cases.find(({ name }) => name === names[model])!;
  return {
    inputs: inputs.map(decode),
    outputs: outputs.map(decode),
    named: [...inputs, ...outputs].map((one) => one.name),
  };
};

const post = async (url: string, payload: object | Buffer, headers: Record<string, string> = {}) => {
  const reply = await app.inject({ method: 'POST', url, payload, headers });
  return {
    status: reply.statusCode,
    reply,
    body: headers['inference-header-content-length'] ? undefined : reply.json(),
  };
};

/** Whether numbers are those of Keras, but for rounding. */
function assertClose(actual: number[], expected: Tensor): void {
  assert.equal(actual.length, expected.data.length);
  for (const [index, value] of actual.entries())
    assert.ok(Math.abs(value - Number(expected.data[index])) < 1e-5, `${value} for ${expected.data[index]}`);
}

/** The elements of a tensor of strings as TensorFlow Serving's clients write them. */
const encoded = (tensor: Tensor) =>
  Array.from(elementsOf(tensor), (bytes) => ({ b64: Buffer.from(bytes).toString('base64') }));

/** Each element after its length in four bytes. */
const lengthPrefixed = (tensor: Tensor) =>
  Buffer.concat(
    Array.from(elementsOf(tensor), (bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return Buffer.concat([length, bytes]);
    }),
  );

describe('strings over /predict', () => {
  it('a text is asked with text', async () => {
    const { inputs, outputs, named } = tensors('text');
    const text = textsOf({ ...inputs[0]!, data: inputs[0]!.data.slice(0, 1), shape: [1, 1] })[0]!;
    for (const payload of [{ [named[0]!]: text }, { instances: [{ [named[0]!]: text }] }, [[text]]]) {
      const { status, body } = await post('/models/text/predict', payload);
      assert.equal(status, 200, JSON.stringify(body));
      const [found] = Array.isArray(body.predictions[0]) ? body.predictions : [body.predictions];
      const likeliest = [...outputs[0]!.data.slice(0, 2)].map(Number);
      assert.ok(Math.abs(found[0].probability - Math.max(...likeliest)) < 1e-5);
    }
  });

  it('strings are answered with', async () => {
    const { status, body } = await post('/models/words/predict', {
      [tensors('words').named[0]!]: ['red', 'pink'],
      [tensors('words').named[1]!]: [0, 0, 0],
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.predictions.words, ['rot', '[UNK]']);
  });

  it('what is no string is refused by its place, and what the model has no number for', async () => {
    const [input] = tensors('text').named;
    const wrong = await post('/models/text/predict', { instances: [{ [input!]: 'a' }, { [input!]: 5 }] });
    assert.equal(wrong.status, 400);
    assert.match(wrong.body.error.message, /instances\[1\]\.\S+ should be a string|should be an array of 1 string/);
    const unknown = await post('/models/closed/predict', [['red', 'pink']]);
    assert.equal(unknown.status, 400, JSON.stringify(unknown.body));
    assert.match(unknown.body.error.message, /doesn't know "pink"/);
    assert.equal((await post('/models/closed/predict', [['red', 'blue']])).status, 200);
  });

  it('an input of strings for each column, beside numbers', async () => {
    const { inputs, outputs, named } = tensors('columns');
    const rows = Array.from({ length: 3 }, (_, row) =>
      Object.fromEntries(
        inputs.map((input, index) => [
          named[index]!,
          input.type === 'string' ? textsOf(input)[row] : Number(input.data[row]),
        ]),
      ),
    );
    const { status, body } = await post('/models/columns/predict', { instances: rows });
    assert.equal(status, 200, JSON.stringify(body));
    assertClose(body.predictions.flat(), outputs[0]!);
  });
});

describe('strings as people have them', () => {
  const kindsIn = async (model: string) =>
    (await app.inject(`/models/${model}`)).json().inputs.map(({ name, kind, card }: Record<string, object>) => ({
      name,
      kind,
      columns: (card as { columns?: unknown }).columns,
    }));

  it('are a text where the model has its own vocabulary', async () => {
    assert.deepEqual(await kindsIn('text'), [{ name: tensors('text').named[0], kind: 'text', columns: undefined }]);
    const plain = await post('/models/text/predict', Buffer.from('The cat sat on the mat.'), {
      'content-type': 'text/plain',
    });
    assert.equal(plain.status, 200, JSON.stringify(plain.body));
    const json = await post('/models/text/predict', { text: 'The cat sat on the mat.' });
    assert.deepEqual(json.body, plain.body);
    const csv = await post('/models/text/predict', Buffer.from('text\n"The cat sat on the mat."\n'), {
      'content-type': 'text/csv',
    });
    assert.deepEqual(csv.body.predictions, [plain.body.predictions]);
  });

  it('are the columns of a FeatureSpace, with the categories that it has learned', async () => {
    const kinds = await kindsIn('columns');
    assert.deepEqual(
      kinds.map(({ name, kind }: { name: string; kind: string }) => [name, kind]),
      [
        ['age', 'table'],
        ['job', 'table'],
        ['rooms', 'table'],
        ['town', 'table'],
      ],
    );
    const [column] = kinds[1].columns;
    assert.deepEqual([column.name, column.others], ['job', true]);
    const { outputs } = tensors('columns');
    const { inputs } = tensors('columns');
    const [age, rooms] = [inputs[0]!, inputs[2]!].map(({ data }) => Number(data[0]));
    const [job, town] = [inputs[1]!, inputs[3]!].map((input) => textsOf(input)[0]);
    const expected = { ...outputs[0]!, data: outputs[0]!.data.slice(0, 2) };
    const person = { age, job, rooms, town };
    assertClose((await post('/models/columns/predict', person)).body.predictions, expected);
    const form = new URLSearchParams(Object.entries(person).map(([key, value]) => [key, String(value)]));
    const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' };
    const asked = await post('/models/columns/predict', Buffer.from(String(form)), urlencoded);
    assertClose(asked.body.predictions, expected);
    const strange = await post('/models/columns/predict', { ...person, job: 'never heard of' });
    assert.equal(strange.status, 200);
    const { status, body } = await post('/models/columns/predict', { age, rooms, town });
    assert.deepEqual([status, body.error.message], [400, 'job is missing.']);
    const wrong = await post('/models/columns/predict', { ...person, job: false });
    assert.match(wrong.body.error.message, /^job should be a text, but is false\.$/);
  });
});

describe('many strings', () => {
  const texts = Array.from({ length: 3000 }, (_, row) =>
    (row % 2 ? 'The cat sat on the mat. ' : 'on on it é ').repeat(10),
  );

  it('are read in a thread, and run in several batches', async () => {
    const { body: few } = await post('/v1/models/text:predict', { instances: texts.slice(0, 2) });
    const { status, body } = await post('/v1/models/text:predict', { instances: texts });
    assert.equal(status, 200, JSON.stringify(body).slice(0, 500));
    assert.equal(body.predictions.length, texts.length);
    const apart = (row: number[], index: number) => row.map((value, at) => value - few.predictions[index % 2][at]);
    assert.ok(body.predictions.flatMap(apart).every((difference: number) => Math.abs(difference) < 1e-6));
  });

  it('are given in a thread', async () => {
    const row = ['red', 'pink'];
    const [words, numbers] = tensors('words').named as [string, string];
    const many = Array.from({ length: 100_000 }, () => row);
    const { status, body } = await post('/v1/models/words:predict', {
      inputs: { [words]: many, [numbers]: many.map(() => [0, 0, 0]) },
    });
    assert.equal(status, 200, JSON.stringify(body).slice(0, 500));
    assert.equal(body.outputs.words.length, many.length);
    assert.ok(body.outputs.words.every((given: string[]) => given.join() === 'rot,[UNK]'));
  });
});

describe('strings over TensorFlow Serving’s protocol', () => {
  it('take any bytes as b64, and text as it is', async () => {
    const { inputs, outputs } = tensors('text');
    const { status, body } = await post('/v1/models/text:predict', { instances: encoded(inputs[0]!) });
    assert.equal(status, 200, JSON.stringify(body));
    assertClose(body.predictions.flat(), outputs[0]!);
    const column = await post('/v1/models/text:predict', { inputs: encoded(inputs[0]!).map((one) => [one]) });
    assertClose(column.body.outputs.flat(), outputs[0]!);
    const bare = await post('/v1/models/text:predict', { instances: ['The cat sat on the mat.'] });
    assertClose(bare.body.predictions[0], { ...outputs[0]!, data: outputs[0]!.data.slice(0, 2) });
  });

  it('give strings', async () => {
    const { inputs, outputs, named } = tensors('words');
    const numbers = [...inputs[1]!.data].map(Number);
    const { status, body } = await post('/v1/models/words:predict', {
      inputs: {
        [named[0]!]: [textsOf(inputs[0]!).slice(0, 2), textsOf(inputs[0]!).slice(2)],
        [named[1]!]: [numbers.slice(0, 3), numbers.slice(3)],
      },
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.outputs.words.flat(), textsOf(outputs[1]!));
    assertClose(body.outputs.numbers.flat(), outputs[0]!);
  });

  it('say that they are strings', async () => {
    const reply = await app.inject('/v1/models/text/metadata');
    const { inputs } = reply.json().metadata.signature_def.signature_def.serving_default;
    assert.equal(Object.values<{ dtype: string }>(inputs)[0]!.dtype, 'DT_STRING');
  });
});

describe('strings over the Open Inference Protocol', () => {
  const request = (model: keyof typeof names, tensor: object) => ({
    inputs: [{ name: tensors(model).named[0], shape: tensors(model).inputs[0]!.shape, datatype: 'BYTES', ...tensor }],
  });

  it('are BYTES in JSON', async () => {
    const { outputs } = tensors('text');
    const data = ['The cat sat on the mat.', ''];
    const { status, body } = await post('/v2/models/text/infer', request('text', { shape: [2, 1], data }));
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.outputs[0].datatype, 'FP32');
    assertClose(body.outputs[0].data.slice(0, 2), { ...outputs[0]!, data: outputs[0]!.data.slice(0, 2) });
  });

  it('are BYTES behind the JSON, each after its length, whatever they hold', async () => {
    const { inputs, outputs } = tensors('text');
    const elements = lengthPrefixed(inputs[0]!);
    const json = Buffer.from(JSON.stringify(request('text', { parameters: { binary_data_size: elements.length } })));
    const { status, reply } = await post('/v2/models/text/infer', Buffer.concat([json, elements]), {
      'inference-header-content-length': String(json.length),
    });
    assert.equal(status, 200, reply.body);
    assertClose(reply.json().outputs[0].data, outputs[0]!);
  });

  it('are given as BYTES, in JSON and behind it', async () => {
    const { inputs, outputs, named } = tensors('words');
    const asked = {
      inputs: [
        { name: named[0], shape: [2, 2], datatype: 'BYTES', data: textsOf(inputs[0]!) },
        { name: named[1], shape: [2, 3], datatype: 'FP32', data: [...inputs[1]!.data].map(Number) },
      ],
    };
    const { status, body } = await post('/v2/models/words/infer', asked);
    assert.equal(status, 200, JSON.stringify(body));
    const words = body.outputs.find(({ name }: { name: string }) => name === 'words');
    assert.deepEqual(words, { name: 'words', datatype: 'BYTES', shape: [2, 2], data: textsOf(outputs[1]!) });

    const binary = { ...asked, outputs: [{ name: 'words', parameters: { binary_data: true } }] };
    const reply = await app.inject({ method: 'POST', url: '/v2/models/words/infer', payload: binary });
    const elements = reply.rawPayload.subarray(Number(reply.headers['inference-header-content-length']));
    assert.deepEqual(elements, lengthPrefixed(outputs[1]!));
  });

  it('are refused where they end too soon, or are no strings', async () => {
    const json = Buffer.from(JSON.stringify(request('text', { shape: [1, 1], parameters: { binary_data_size: 6 } })));
    const cut = await post('/v2/models/text/infer', Buffer.concat([json, Buffer.from([9, 0, 0, 0, 65, 66])]), {
      'inference-header-content-length': String(json.length),
    });
    assert.equal(cut.status, 400);
    assert.match(cut.reply.body, /ends within its element 0/);
    const numbers = await post('/v2/models/text/infer', request('text', { shape: [1, 1], data: [1] }));
    assert.equal(numbers.status, 400);
    const typed = await post('/v2/models/text/infer', request('text', { shape: [1, 1], datatype: 'FP32', data: [1] }));
    assert.match(typed.body.error, /takes BYTES, not FP32/);
  });

  it('say that they are BYTES', async () => {
    const { inputs } = (await app.inject('/v2/models/text')).json();
    assert.deepEqual(inputs, [{ name: tensors('text').named[0], datatype: 'BYTES', shape: [-1, 1] }]);
  });
});
