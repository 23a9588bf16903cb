import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildApp } from '../../src/app.js';
import { photo, useApp } from '../helpers/app.js';
import { form } from '../helpers/form.js';
import { colourModel } from '../helpers/onnx-models.js';

const app = useApp();
const cat = photo('cat.jpg');

describe('POST /predict', () => {
  it('replies to a form as the tutorial does', async () => {
    const reply = await app().inject({ method: 'POST', url: '/predict', ...form(cat) });
    assert.equal(reply.statusCode, 200);
    assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
    const body = reply.json();
    assert.deepEqual(Object.keys(body), ['predictions', 'success']);
    assert.equal(body.success, true);
    assert.equal(body.predictions.length, 5);
    for (const prediction of body.predictions) {
      assert.deepEqual(Object.keys(prediction), ['label', 'probability']);
      assert.equal(typeof prediction.label, 'string');
      assert.ok(prediction.probability > 0 && prediction.probability < 1);
    }
    assert.equal(body.predictions[0].label, 'Egyptian_cat');
    const probabilities = body.predictions.map(({ probability }: { probability: number }) => probability);
    assert.deepEqual(
      probabilities,
      probabilities.toSorted((a: number, b: number) => b - a),
    );
  });

  const base64 = cat.toString('base64');
  const json = (image: string) => ({ payload: { image } });
  const ways = {
    'the body itself': { headers: { 'content-type': 'image/jpeg' }, payload: cat },
    'the body itself, its type a wrong one': { headers: { 'content-type': 'image/png' }, payload: cat },
    'the body itself, type image/*': { headers: { 'content-type': 'image/*' }, payload: cat },
    'a form part without a file name': form(cat, { file: null }),
    'a form part of bytes': form(cat, { file: null, type: 'application/octet-stream' }),
    'base64 in JSON': json(base64),
    'base64 with line breaks': json(base64.replace(/.{76}/g, '$&\n')),
    'URL-safe base64': json(cat.toString('base64url')),
    'a data URL': json(`data:image/jpeg;base64,${base64}`),
    'a data URL in capitals': json(`DATA:IMAGE/JPEG;BASE64,${base64}`),
    'a data URL with parameters': json(` data:image/jpeg;name="cat.jpg";Base64,${base64}`),
    'a data URL without a type': json(`data:;base64,${base64}`),
  };
  for (const [way, request] of Object.entries(ways)) {
    it(`takes an image as ${way}`, async () => {
      const expected = await app().inject({ method: 'POST', url: '/predict', ...form(cat) });
      const reply = await app().inject({ method: 'POST', url: '/predict', ...request });
      assert.equal(reply.statusCode, 200);
      assert.deepEqual(reply.json(), expected.json());
    });
  }

  for (const topK of [1, 3, 1000]) {
    it(`replies with ${topK} labels for ?top_k=${topK}`, async () => {
      const reply = await app().inject({ method: 'POST', url: `/predict?top_k=${topK}`, ...form(cat) });
      assert.equal(reply.json().predictions.length, topK);
    });
  }

  it('gives all classes probabilities that add up to 1', async () => {
    const reply = await app().inject({ method: 'POST', url: '/predict?top_k=1000', ...form(cat) });
    const sum = reply
      .json()
      .predictions.reduce((sum: number, { probability }: { probability: number }) => sum + probability, 0);
    assert.ok(Math.abs(sum - 1) < 1e-4);
  });

  it('tells every request by an id', async () => {
    const replies = await Promise.all([1, 2].map(() => app().inject('/health/live')));
    const ids = replies.map(({ headers }) => headers['x-request-id']);
    assert.match(String(ids[0]), /^[0-9a-f-]{36}$/);
    assert.notEqual(ids[0], ids[1]);
  });
});

it('gives null for the probability of a label of which the model gives no number', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-no-number-'));
  t.after(() => rmSync(folder, { recursive: true }));
  copyFileSync(colourModel(), join(folder, 'colour.onnx'));
  // Infinite pixels of both signs, whose mean is no number.
  const card = {
    labels: ['red', 'green', 'blue'],
    image: { scaling: { mean: [128, 128, 128], std: [1e-40, 1e-40, 1e-40] } },
  };
  writeFileSync(join(folder, 'serve.json'), JSON.stringify(card));
  const other = await buildApp({ model: folder, processes: 1, noCache: true });
  t.after(() => other.close());
  const reply = await other.inject({ method: 'POST', url: '/predict?top_k=1', ...form(cat) });
  assert.deepEqual(reply.json(), { predictions: [{ label: 'red', probability: null }], success: true });
});
