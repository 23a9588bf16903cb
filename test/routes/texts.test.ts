/** A model that takes a text, over HTTP: in JSON, forms, CSV, and alone. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { cast } from '../../src/onnx/operators/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { formOf } from '../helpers/form.js';
import { kindModels } from '../helpers/kind-models.js';
import '../helpers/checked-replies.js';

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/texts/tokenizers.json', import.meta.url), 'utf8')) as {
  cases: { tokenizer: unknown }[];
};

const pickles = JSON.parse(
  readFileSync(new URL('../fixtures/texts/tokenizer-pickles.json', import.meta.url), 'utf8'),
) as { module: string; format: string; pickle: string }[];
const pickled = pickles.find(({ module, format }) => module.startsWith('tf_keras') && format === 'protocol 4');

const folder = temporaryFolder('texts');
const write = (
  name: string,
  build: (graph: GraphBuilder) => void,
  card: object,
  files: Record<string, string | Buffer> = {},
) => {
  mkdirSync(join(folder, name));
  const graph = new GraphBuilder();
  build(graph);
  writeFileSync(join(folder, name, 'model.onnx'), encodeOnnx(graph).toBuffer());
  for (const [file, text] of Object.entries({ ...files, 'serve.json': JSON.stringify(card) }))
    writeFileSync(join(folder, name, file), text);
};

/** Gives back the ids that it is given. */
const ids = (graph: GraphBuilder) => {
  graph.output('ids', cast(graph.input('sentence', 'int64', [null, 5]), 'float32'));
};
const outputs = { ids: { kind: 'tensor' } };

describe('a model that takes a text', () => {
  let app: FastifyInstance;
  before(async () => {
    write('reviews', kindModels.reviews.build, kindModels.reviews.card);
    const sentence = { tokenizer: 'tokenizer.json', encoding: 'sequence', truncating: 'post' };
    write('ids', ids, { inputs: { sentence }, outputs }, { 'tokenizer.json': JSON.stringify(cases[0]!.tokenizer) });
    write(
      'pickled',
      ids,
      { inputs: { sentence: { ...sentence, tokenizer: 'tokenizer.pickle' } }, outputs },
      { 'tokenizer.pickle': Buffer.from(pickled!.pickle, 'base64') },
    );
    app = await buildApp({ model: folder, processes: 1, noCache: true });
    await app.ready();
  });
  after(() => app?.close());

  const post = async (model: string, payload: string | Buffer, headers: Record<string, string>) => {
    const reply = await app.inject({ method: 'POST', url: `/models/${model}/predict`, payload, headers });
    return {
      status: reply.statusCode,
      body: String(reply.headers['content-type']).startsWith('text/csv') ? reply.body : reply.json(),
    };
  };
  const json = { 'content-type': 'application/json' };
  const moodIn = ({ status, body }: Awaited<ReturnType<typeof post>>) => {
    assert.equal(status, 200, JSON.stringify(body));
    return body.predictions[0].label;
  };

  it('is asked with it in JSON, a form, or with nothing else', async () => {
    const said = 'A GOOD film; good plot, bad music.';
    assert.equal(moodIn(await post('reviews', JSON.stringify({ text: said }), json)), 'positive');
    assert.equal(moodIn(await post('reviews', JSON.stringify({ words: 'bad!' }), json)), 'negative');
    const { payload, headers } = await formOf(['text', said]);
    assert.equal(moodIn(await post('reviews', payload, headers)), 'positive');
    const encoded = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal(moodIn(await post('reviews', 'text=bad+film', encoded)), 'negative');
    assert.equal(moodIn(await post('reviews', said, { 'content-type': 'text/plain; charset=utf-8' })), 'positive');
    assert.equal(moodIn(await post('reviews', '{"a": "bad"}', { 'content-type': 'text/plain' })), 'negative');
  });

  it('has the ids of a pickled tokenizer', async () => {
    // The words go by how often they were seen: "the" three times, then "cat", "sat", "on" and "mat".
    const { body } = await post('pickled', JSON.stringify({ sentence: 'The mat, the unknown mat' }), json);
    assert.deepEqual(body.predictions, [0, 1, 5, 1, 5]);
  });

  it('answers lists of texts, and tables of CSV', async () => {
    for (const asked of [{ instances: ['good', 'bad'] }, ['good', 'bad'], { inputs: { text: ['good', 'bad'] } }]) {
      const { body } = await post('reviews', JSON.stringify(asked), json);
      assert.deepEqual(
        body.predictions.map(([first]: [{ label: string }]) => first.label),
        ['positive', 'negative'],
      );
    }
    const csv = 'text\n"good, good"\n"a ""bad""\nfilm"\n';
    const { body } = await post('reviews', csv, { 'content-type': 'text/csv', accept: 'text/csv' });
    assert.match(body, /^label,probability\r\npositive,0\.98\d+\r\nnegative,0\.88\d+\r\n$/);
  });

  it('makes its numbers with the tokenizer in the file that its card names', async () => {
    const { body } = await post('ids', JSON.stringify(['the dog and the cat', 'WOOF!', [9, 8, 7, 6, 5]]), json);
    assert.equal(body.error.code, 'instances_invalid');
    const { body: given } = await post('ids', JSON.stringify(['the dog and the cat the end', 'WOOF!']), json);
    const { word_index: index } = (cases[0]!.tokenizer as { config: { word_index: string } }).config;
    const id: Record<string, number> = JSON.parse(index);
    assert.deepEqual(given.predictions, [
      [id.the, id.dog, id.and, id.the, id.cat],
      [0, 0, 0, 0, id.woof],
    ]);
    assert.deepEqual((await post('ids', JSON.stringify([[9, 8, 7, 6, 5]]), json)).body.predictions, [[9, 8, 7, 6, 5]]);
  });

  it('says what it takes where that is something else', async () => {
    const wrong: [body: string, type: string, status: number, message: RegExp][] = [
      ['{"text": 5}', 'application/json', 400, /^text should be a text, but is 5\.$/],
      ['{"instances": [null]}', 'application/json', 400, /^instances\[0\] should be a text, but is null\.$/],
      ['I loved it', 'application/x-www-form-urlencoded', 400, /A text alone needs -H "content-type: text\/plain"/],
      ['\xff', 'text/plain', 400, /isn’t UTF-8/],
      ['', 'text/plain', 400, /words should be a text, but is null|is missing|empty/],
    ];
    for (const [body, type, status, message] of wrong) {
      const reply = await post('reviews', Buffer.from(body, 'latin1'), { 'content-type': type });
      assert.equal(reply.status, status, body);
      assert.match(reply.body.error.message, message);
    }
  });

  it('refuses texts of other charsets than UTF-8, and helps with names', async () => {
    const reply = await post('reviews', Buffer.from('good', 'utf16le'), {
      'content-type': 'text/plain; charset=utf-16le',
    });
    assert.equal(reply.status, 415);
    assert.equal(reply.body.error.message, 'Texts are read as UTF-8, and this one says that it is utf-16le.');
    const named = await post('reviews', '{"word": "good"}', json);
    assert.equal(named.body.error.message, 'word is no input. Did you mean "words"?');
    for (const [body, message] of [
      ['{"inputs": {"review": ["good"]}}', /review is no input\. There are "words", "text"\.$/],
      ['{"review": "good"}', /^The body must have the property "instances"\. Send JSON: .*, where each instance is /],
      ['{"review": ["good", "bad"]}', /^The body must have the property "instances"\. Send JSON: /],
    ] as const) {
      const { status, body: refused } = await post('reviews', body, json);
      assert.equal(status, 400);
      assert.match(refused.error.message, message);
    }
  });

  it('is the only one that takes a text alone', async () => {
    const other = temporaryFolder('no-text');
    const graph = new GraphBuilder();
    ids(graph);
    writeFileSync(join(other, 'model.onnx'), encodeOnnx(graph).toBuffer());
    const plain = await buildApp({ model: other, processes: 1, noCache: true });
    try {
      const headers = { 'content-type': 'text/plain' };
      const reply = await plain.inject({ method: 'POST', url: '/predict', payload: '[1]', headers });
      assert.equal(reply.statusCode, 415);
      assert.equal(reply.json().error.code, 'content_type_unsupported');
    } finally {
      await plain.close();
    }
  });

  it('tells so, with what was guessed and an example that works', async () => {
    const { inputs, assumptions } = (await app.inject('/models/ids')).json();
    assert.equal(inputs[0].kind, 'text');
    assert.deepEqual(
      assumptions.filter(({ key }: { key: string }) => key.startsWith('inputs')),
      [{ key: 'inputs.sentence.padding', value: 'pre', basis: "that is Keras's own side", certainty: 'guess' }],
    );
    const { example } = (await app.inject('/models/reviews')).json();
    assert.deepEqual(example, { instances: ['good bad film plot'] });
    assert.equal((await post('reviews', JSON.stringify(example), json)).status, 200);
    const { post: operation } = (await app.inject('/openapi.json')).json().paths['/models/reviews/predict'];
    assert.deepEqual(Object.keys(operation.requestBody.content), [
      'application/json',
      'multipart/form-data',
      'text/plain',
      'text/csv',
    ]);
  });
});

describe('a card that names a tokenizer’s file', () => {
  const refused: Record<string, [tokenizer: string, message: RegExp, text?: string]> = {
    'that isn’t there': ['none.json', /inputs\.sentence\.tokenizer names none\.json, which isn't there\./],
    'that isn’t below the model’s folder': ['../t.json', /which isn't below the model's folder/],
    'that is no JSON': ['t.json', /which isn't JSON/, '{"a": }'],
    'with something else': ['t.json', /which\.word_index|must be/, '{"word_index": {"a": "b"}}'],
    'with an unknown key': ['t.json', /isn't|must|additional/, '{"wordindex": {}, "a": "b"}'],
    'that Git keeps elsewhere': ['t.pkl', /is a pointer of Git LFS/, 'version https://git-lfs.github.com/spec/v1\n'],
    'that names something to run': ['t.pkl', /which names os\.system \(byte 13\)/, '\x80\x02cos\nsystem\nU\x01xR.'],
    'that is no text': ['t.bin', /is no text in UTF-8/, '\xff\xfe\xfd'],
  };
  for (const [name, [tokenizer, message, text]] of Object.entries(refused))
    it(`is refused: ${name}`, async () => {
      const folder = temporaryFolder('tokenizer');
      const graph = new GraphBuilder();
      ids(graph);
      writeFileSync(join(folder, 'model.onnx'), encodeOnnx(graph).toBuffer());
      writeFileSync(join(folder, 'serve.json'), JSON.stringify({ inputs: { sentence: { tokenizer } } }));
      if (text !== undefined) writeFileSync(join(folder, tokenizer), Buffer.from(text, 'latin1'));
      const app = await buildApp({ model: folder, processes: 1, noCache: true });
      await assert.rejects(async () => app.ready(), message);
      await app.close();
    });
});
